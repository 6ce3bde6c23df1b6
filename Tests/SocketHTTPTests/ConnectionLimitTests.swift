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

@Suite(.timeLimit(.minutes(5)))
struct ConnectionLimitTests {
    #if os(Linux)
        // Darwin has 127.0.0.1 alone unless told otherwise.
        @Test("One connection more than a peer may have is answered 503; other peers are served")
        func perPeer() async throws {
            try await withListener(echo, limits: { $0.connectionsPerPeer = 2 }) { listening in
                var open: [TestConnection] = []
                for source in ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2"] {
                    let connection = try await TestConnection.open(listening.port, from: source)
                    try await connection.send(get)
                    #expect(try await connection.readResponse().status == 200)
                    open.append(connection)
                }
                let refused = try await TestConnection.open(listening.port, from: "127.0.0.2")
                try? await refused.send(get)
                let response = try await refused.readResponse()
                #expect(response.status == 503)
                #expect(response["connection"] == "close")
                #expect(try await refused.isClosed())
                #expect(listening.counters.rejections == ["too_many_from_peer": 1])
                #expect(listening.counters.refusedConnections == 1)
                #expect(listening.counters.openConnections == 4)

                // The server's own closing frees the place before its client can see it.
                try await open[3].send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = try await open[3].readResponse()
                #expect(try await open[3].isClosed())
                var status = 503
                while status == 503 {
                    let next = try await TestConnection.open(listening.port, from: "127.0.0.2")
                    try? await next.send(get)
                    status = try await next.readResponse().status
                }
                #expect(status == 200)
            }
        }
    #endif

    @Test("A peer is an IPv4 address or an IPv6 /64")
    func networks() throws {
        func network(_ host: String) throws -> SocketAddress.Network? {
            try #require(SocketAddress(host: host, port: 1)).network
        }
        #expect(try network("2001:db8:0:1::1") == network("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        #expect(try network("2001:db8:0:1::1") != network("2001:db8:0:2::1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("0.0.0.1") != network("::"))
        #expect(SocketAddress(path: "/tmp/s")?.network == nil)
    }

    @Test("The census forgets a peer whose connections are gone")
    func census() {
        let census = ConnectionCensus()
        var limits = ServerLimits()
        limits.connections = 2
        limits.connectionsPerPeer = 1
        let one = SocketAddress(host: "192.0.2.1", port: 0)?.network
        let other = SocketAddress(host: "192.0.2.2", port: 0)?.network
        #expect(census.enter(one, limits) == nil)
        #expect(census.enter(one, limits) == .tooManyFromPeer)
        #expect(census.enter(other, limits) == nil)
        #expect(census.enter(nil, limits) == .tooManyConnections)
        census.leave(one)
        #expect(census.enter(one, limits) == nil)
    }

    #if os(Linux)
        @Test("THREATS H11: when descriptors run out the server waits for some, and then serves")
        func descriptorsRunOut() async {
            await #expect(processExitsWith: .success) {
                let listener = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
                let direct = try await TestConnection.open(listener.port)
                try await withServer(echo) { port in
                    // One request first, and one timer: they have what they need a descriptor for once.
                    let first = try await TestConnection.open(port)
                    try await first.send(get)
                    _ = try await first.readResponse()
                    try await Task.sleep(for: .milliseconds(1))
                    var taken = takeAllDescriptors()
                    guard case .exhausted = ListeningSocket.accept(on: listener.descriptor) else {
                        preconditionFailure("a descriptor from nowhere")
                    }
                    // One descriptor for the client, or as many as it takes while others want some too.
                    var starved: TestConnection?
                    while starved == nil {
                        _ = taken.popLast().map { close($0) }
                        starved = try? await TestConnection.open(port)
                    }
                    try await starved?.send(get)
                    // More than one attempt of the server's.
                    try await Task.sleep(for: .milliseconds(250))
                    for descriptor in taken { close(descriptor) }
                    let status = try await starved?.readResponse().status
                    precondition(status == 200)
                }
                guard case .connection = ListeningSocket.accept(on: listener.descriptor) else {
                    preconditionFailure("the connection in the queue is lost")
                }
                direct.close()
            }
        }

        @Test("A run raises the soft limit of open files as far as its connections need")
        func fileLimit() async {
            await #expect(processExitsWith: .success) {
                let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
                var limit = rlimit()
                precondition(unsafe getrlimit(files, &limit) == 0)
                limit.rlim_cur = 100
                precondition(unsafe setrlimit(files, &limit) == 0)
                OpenFileLimit.raise(toHold: 200)
                precondition(unsafe getrlimit(files, &limit) == 0)
                precondition(limit.rlim_cur == min(456, limit.rlim_max))
                OpenFileLimit.raise(toHold: 10)
                precondition(unsafe getrlimit(files, &limit) == 0)
                precondition(limit.rlim_cur == min(456, limit.rlim_max), "never lowered")
                OpenFileLimit.raise(toHold: .max)
                precondition(unsafe getrlimit(files, &limit) == 0)
                precondition(limit.rlim_cur <= limit.rlim_max)
            }
        }
    #endif
}

#if os(Linux)
    /// Leaves the process without a free descriptor.
    private func takeAllDescriptors() -> [Int32] {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        precondition(unsafe getrlimit(files, &limit) == 0)
        limit.rlim_cur = 256
        precondition(unsafe setrlimit(files, &limit) == 0)
        var taken: [Int32] = []
        while true {
            let descriptor = dup(0)
            guard descriptor >= 0 else { return taken }
            taken.append(descriptor)
        }
    }
#endif
