#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// A temporary folder, deleted with its content.
private final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var name = Array("/tmp/socket-http-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&name) else { throw HTTPServer.StartError.system("mkdtemp", errno) }
        path = unsafe String(cString: made)
    }

    deinit {
        for name in ["s", "other"] { remove(name) }
        _ = unsafe rmdir(path)
    }

    func makeFile(_ name: String) {
        if let stream = unsafe fopen("\(path)/\(name)", "w") { unsafe fclose(stream) }
    }

    func link(_ name: String, to target: String) {
        _ = unsafe symlink("\(path)/\(target)", "\(path)/\(name)")
    }

    func remove(_ name: String) {
        _ = unsafe unlink("\(path)/\(name)")
    }

    func status(of name: String) -> stat? {
        var status = stat()
        return unsafe lstat("\(path)/\(name)", &status) == 0 ? status : nil
    }
}

/// Answers with the kind of listener.
private let kindHandler = ClosureHandler { .text("\($0.listener)") }

private struct LoopbackHandler: HTTPHandler {
    var exposure: HTTPExposure { .loopbackOnly(reason: "tokens are not checked") }
    func respond(to request: HTTPRequest) async throws -> HTTPResponse { .text("here") }
}

@Suite(.timeLimit(.minutes(5)))
struct HTTPServerAddressTests {
    @Test("A server listens on IPv4 or IPv6, and says where", arguments: ["127.0.0.1", "::1"])
    func families(host: String) async throws {
        try await withListener(kindHandler, at: .tcp(host: host, port: 0)) { listening in
            #expect(listening.port != 0)
            #expect(listening.place == (host == "::1" ? "[::1]:\(listening.port)" : "127.0.0.1:\(listening.port)"))
            let connection = try await TestConnection.open(
                to: try #require(SocketAddress(host: host, port: listening.port)))
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "loopback")
        }
    }

    @Test("What a request says of its listener is where the server listens, not where the client is")
    func everyAddress() async throws {
        try await withListener(kindHandler, at: .tcp(host: "::", port: 0)) { listening in
            let connection = try await TestConnection.open(
                to: try #require(SocketAddress(host: "::1", port: listening.port)))
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "network")
        }
    }

    @Test(
        "What a request says of its peer is where the client is, without a port",
        arguments: [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"), ("127.0.0.1", "127.0.0.9", "127.0.0.9"), ("::1", "::1", "::1"),
        ])
    func peers(host: String, source: String, seen: String) async throws {
        let handler = ClosureHandler { .text($0.peer?.description ?? "none") }
        try await withListener(handler, at: .tcp(host: host, port: 0)) { listening in
            let connection = try await TestConnection.open(
                to: try #require(SocketAddress(host: host, port: listening.port)), from: source)
            // Every request of a connection has the same peer.
            for _ in 1...2 {
                try await connection.send(get)
                #expect(try await connection.readResponse().text == seen)
            }
        }
    }

    @Test("A request at a Unix-domain socket has no peer address")
    func noPeer() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        let handler = ClosureHandler { .text($0.peer?.description ?? "none") }
        try await withListener(handler, at: .unixSocket(path: path)) { _ in
            let connection = try await TestConnection.open(to: try #require(SocketAddress(path: path)))
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "none")
        }
    }

    @Test("THREATS H24: IPV6_V6ONLY: a server on IPv6 takes no IPv4 connection, whatever the system's default")
    func v6Only() throws {
        let socket = try ListeningSocket.open(.tcp(host: "::", port: 0))
        defer { socket.close() }
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        #expect(unsafe getsockopt(socket.descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &value, &length) == 0)
        #expect(value == 1)
    }

    @Test(
        "A Unix-domain socket serves, for its own user unless told otherwise, and is removed",
        arguments: [0o600, 0o666])
    func unixSocket(mode: UInt16) async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        let address: HTTPServer.Address = mode == 0o600 ? .unixSocket(path: path) : .unixSocket(path: path, mode: mode)
        try await withListener(kindHandler, at: address) { listening in
            #expect(listening.port == 0)
            #expect(listening.place == path)
            #expect(folder.status(of: "s").map { $0.st_mode & 0o777 } == mode_t(mode))
            let connection = try await TestConnection.open(to: try #require(SocketAddress(path: path)))
            for _ in 1...2 {
                try await connection.send(get)
                #expect(try await connection.readResponse().text == "unixSocket")
            }
        }
        #expect(folder.status(of: "s") == nil)
    }

    @Test("A client of a Unix-domain socket that goes away cancels its handler")
    func unixDeparture() async throws {
        let folder = try TemporaryFolder()
        let (begun, cancelled) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            begun.reach()
            defer { cancelled.reach() }
            try await sleepUntilCancelled()
            return .text("never")
        }
        try await withListener(handler, at: .unixSocket(path: "\(folder.path)/s")) { listening in
            let connection = try await TestConnection.open(to: try #require(SocketAddress(path: listening.place)))
            try await connection.send(get)
            await begun.wait()
            connection.close()
            await cancelled.wait()
        }
    }

    @Test("The socket file that a server left behind is replaced")
    func staleFile() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        let dead = try ListeningSocket.stream(AF_UNIX)
        try ListeningSocket.bind(dead, to: try #require(SocketAddress(path: path)))
        _ = systemClose(dead)
        let old = try #require(folder.status(of: "s"))
        try await withListener(kindHandler, at: .unixSocket(path: path)) { listening in
            _ = try await TestConnection.open(to: try #require(SocketAddress(path: path)))
            #expect(folder.status(of: "s").map { $0.st_mode & 0o777 } == 0o600)
        }
        #expect(old.st_mode & S_IFMT == S_IFSOCK)
        #expect(folder.status(of: "s") == nil)
    }

    @Test("A socket that somebody listens on is never deleted")
    func liveFile() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        try await withListener(kindHandler, at: .unixSocket(path: path)) { _ in
            #expect(throws: HTTPServer.StartError.portInUse(path)) {
                try HTTPServer(address: .unixSocket(path: path)).listen()
            }
            let connection = try await TestConnection.open(to: try #require(SocketAddress(path: path)))
            try await connection.send(get)
            #expect(try await connection.readResponse().status == 200)
        }
    }

    @Test("A file that is no socket is never deleted, nor is what a symbolic link names")
    func otherFile() async throws {
        let folder = try TemporaryFolder()
        folder.makeFile("other")
        folder.link("s", to: "other")
        for name in ["other", "s"] {
            let path = "\(folder.path)/\(name)"
            #expect(throws: HTTPServer.StartError.notASocket(path)) {
                try HTTPServer(address: .unixSocket(path: path)).listen()
            }
            #expect(folder.status(of: name) != nil)
        }
    }

    @Test("At the end a file that somebody else has put there stays")
    func replacedFile() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        try await withListener(kindHandler, at: .unixSocket(path: path)) { _ in
            folder.remove("s")
            folder.makeFile("s")
        }
        #expect(folder.status(of: "s") != nil)
    }

    @Test("A server that is released without having run gives its file back")
    func releasedFile() throws {
        let folder = try TemporaryFolder()
        do {
            let listening = try HTTPServer(address: .unixSocket(path: "\(folder.path)/s")).listen()
            #expect(folder.status(of: "s") != nil)
            _ = listening
        }
        #expect(folder.status(of: "s") == nil)
    }

    @Test("Servers that start at the same path at once: one of them listens, whatever was there before")
    func race() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        for round in 0..<10 {
            if round % 2 == 0 {
                let dead = try ListeningSocket.stream(AF_UNIX)
                try ListeningSocket.bind(dead, to: try #require(SocketAddress(path: path)))
                _ = systemClose(dead)
            }
            let winners = try await withThrowingTaskGroup(of: ListeningServer?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await onThread {
                            try? HTTPServer(address: .unixSocket(path: path)).listen()
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(winners.count == 1)
            #expect(folder.status(of: "s") != nil)
            // A thread may hold the last reference for a moment longer.
            _ = consume winners
            while folder.status(of: "s") != nil { await Task.yield() }
        }
    }

    @Test(
        "A path that the system cannot take is refused",
        arguments: ["", String(repeating: "a", count: 108), "/tmp/a\0b"])
    func invalidPath(_ path: String) {
        #expect(throws: HTTPServer.StartError.invalidPath(path)) {
            try HTTPServer(address: .unixSocket(path: path)).listen()
        }
    }

    @Test(
        "A handler for loopback only does not run elsewhere: no connection is accepted, the port is released",
        arguments: ["0.0.0.0", "::"])
    func exposure(_ host: String) async throws {
        let listening = try HTTPServer(host: host, port: 0).listen()
        // A client that is still in the system's queue, and has already sent its request.
        let early = try await TestConnection.open(
            to: try #require(SocketAddress(host: host == "::" ? "::1" : "127.0.0.1", port: listening.port)))
        try await early.send(get)
        let error = await #expect(throws: HTTPServer.StartError.self) { try await listening.run(LoopbackHandler()) }
        #expect(error == .loopbackOnly(listening.place, reason: "tokens are not checked"))
        let place = host == "::" ? "[::]:\(listening.port)" : "0.0.0.0:\(listening.port)"
        #expect(
            error?.description
                == "cannot listen on \(place): tokens are not checked; listen on 127.0.0.1, ::1 or a Unix-domain socket"
        )
        #expect(listening.counters == ListeningServer.Counters())
        #expect((try? await early.readToEnd()) ?? [] == [])
        await #expect(throws: HTTPServer.StartError.alreadyRun) { try await listening.run(kindHandler) }
        _ = try HTTPServer(host: host, port: listening.port).listen()
    }

    @Test("A handler for loopback only is served there", arguments: ["127.0.0.1", "localhost", "::1", "socket"])
    func allowedExposure(_ host: String) async throws {
        let folder = try TemporaryFolder()
        let address: HTTPServer.Address =
            host == "socket" ? .unixSocket(path: "\(folder.path)/s") : .tcp(host: host, port: 0)
        try await withListener(LoopbackHandler(), at: address) { listening in
            let name = host == "localhost" ? "127.0.0.1" : host
            let peer =
                host == "socket"
                ? SocketAddress(path: listening.place) : SocketAddress(host: name, port: listening.port)
            let connection = try await TestConnection.open(to: try #require(peer))
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "here")
        }
    }

    @Test("The port is known before there is a handler, and clients that come early are served")
    func portBeforeHandler() async throws {
        let listening = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        let early = try await TestConnection.open(listening.port)
        try await early.send(get)
        let handler = ClosureHandler { [port = listening.port] _ in .text("made for \(port)") }
        let running = Task { try await listening.run(handler) }
        #expect(try await early.readResponse().text == "made for \(listening.port)")
        running.cancel()
        try await running.value
    }

    @Test("RFC 4291 §2.5.5.2: an IPv4 address within IPv6 is judged as what it is")
    func embedded() throws {
        for host in ["::ffff:127.0.0.1", "127.255.255.255", "::1"] {
            #expect(SocketAddress(host: host, port: 1)?.kind == .loopback, "\(host)")
        }
        for host in [
            "::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1", "2001:db8::1", "128.0.0.1", "::2", "::", "0.0.0.0",
        ] {
            #expect(SocketAddress(host: host, port: 1)?.kind == .network, "\(host)")
        }
    }
}
