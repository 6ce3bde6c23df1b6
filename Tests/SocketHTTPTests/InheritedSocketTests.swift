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

/// The result of `take` for an environment and a descriptor.
private func attempt(process: String?, count: String?, at descriptor: Int32) -> Result<Int32, HTTPServer.StartError> {
    if let process { _ = unsafe setenv("LISTEN_PID", process, 1) }
    if let count { _ = unsafe setenv("LISTEN_FDS", count, 1) }
    _ = unsafe setenv("LISTEN_FDNAMES", "web", 1)
    return Result { () throws(HTTPServer.StartError) in try InheritedSocket.take(descriptor) }
}

private struct LoopbackOnlyHandler: HTTPHandler {
    var exposure: HTTPExposure { .loopbackOnly(reason: "tokens are not checked") }
    func respond(to request: HTTPRequest) async throws -> HTTPResponse { .text("here") }
}

private func server(on socket: ListeningSocket) -> ListeningServer {
    ListeningServer(socket, limits: ServerLimits(), accessLog: nil, onError: nil)
}

private func isListening(_ descriptor: Int32) -> Bool {
    var answer: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 && answer != 0
}

/// Each test runs in a separate process, because all threads share the environment.
@Suite(.timeLimit(.minutes(5)))
struct InheritedSocketTests {
    @Test("sd_listen_fds(3): one listening stream socket is taken over, once, and no child is told of it")
    func taken() async {
        await #expect(processExitsWith: .success) {
            let bound = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
            // The socket as a parent passes it: blocking, and kept on exec.
            _ = fcntl(bound.descriptor, F_SETFD, 0)
            _ = fcntl(bound.descriptor, F_SETFL, 0)
            let result = attempt(process: "\(getpid())", count: "1", at: bound.descriptor)
            precondition(result == .success(bound.descriptor))
            precondition(fcntl(bound.descriptor, F_GETFD) & FD_CLOEXEC != 0)
            precondition(fcntl(bound.descriptor, F_GETFL) & O_NONBLOCK != 0)
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
                let value = unsafe getenv(name)
                precondition(unsafe value == nil)
            }
            do throws(HTTPServer.StartError) {
                _ = try ListeningSocket.open(.inherited)
                preconditionFailure("taken twice")
            } catch {
                precondition(error == .notInherited("LISTEN_PID and LISTEN_FDS are not set to numbers"))
            }
        }
    }

    @Test("sd_listen_fds(3): a socket that is not for this process, or no listening stream socket, is refused")
    func refused() async {
        await #expect(processExitsWith: .success) {
            let bound = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
            let connected = try ListeningSocket.stream(AF_INET)
            let me = "\(getpid())"
            let cases: [(process: String?, count: String?, descriptor: Int32, why: String)] = [
                (nil, "1", bound.descriptor, "LISTEN_PID and LISTEN_FDS are not set to numbers"),
                ("+\(me)", "1", bound.descriptor, "LISTEN_PID and LISTEN_FDS are not set to numbers"),
                (me, "", bound.descriptor, "LISTEN_PID and LISTEN_FDS are not set to numbers"),
                ("1", "1", bound.descriptor, "LISTEN_PID names another process"),
                (me, "0", bound.descriptor, "0 sockets were handed over; exactly one is needed"),
                (me, "2", bound.descriptor, "2 sockets were handed over; exactly one is needed"),
                (me, "1", connected, "descriptor \(connected) is not a listening stream socket"),
                (me, "1", 1000, "descriptor 1000 is not a listening stream socket"),
            ]
            for (process, count, descriptor, why) in cases {
                _ = unsafe unsetenv("LISTEN_PID")
                _ = unsafe unsetenv("LISTEN_FDS")
                let result = attempt(process: process, count: count, at: descriptor)
                precondition(result == .failure(.notInherited(why)), "\(result)")
            }
        }
    }

    @Test("A handler for loopback only does not run on another inherited socket, which is closed")
    func exposure() async {
        await #expect(processExitsWith: .success) {
            let loopback = try ListeningSocket.open(.tcp(host: "::1", port: 0))
            let everywhere = try ListeningSocket.open(.tcp(host: "0.0.0.0", port: 0))
            for (socket, isAllowed) in [(loopback, true), (everywhere, false)] {
                _ = unsafe setenv("LISTEN_PID", "\(getpid())", 1)
                _ = unsafe setenv("LISTEN_FDS", "1", 1)
                let taken = try ListeningSocket.inherited(at: socket.descriptor)
                precondition(taken.kind == (isAllowed ? .loopback : .network) && taken.port == socket.port)
                let listening = server(on: taken)
                let running = Task { try await listening.run(LoopbackOnlyHandler()) }
                if isAllowed { running.cancel() }
                do {
                    try await running.value
                    precondition(isAllowed)
                } catch {
                    let wanted = HTTPServer.StartError.loopbackOnly(socket.place, reason: "tokens are not checked")
                    precondition(!isAllowed && error as? HTTPServer.StartError == wanted)
                }
                // Its number may belong to a file that the runtime has opened since then.
                precondition(!isListening(socket.descriptor))
            }
        }
    }

    @Test("A socket that somebody shuts down ends the run with an error, not with a spinning thread")
    func shutDown() async throws {
        let socket = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
        let listening = server(on: socket)
        let running = Task { try await listening.run(echo) }
        let connection = try await TestConnection.open(listening.port)
        try await connection.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try await connection.readResponse().status == 200)
        _ = shutdown(socket.descriptor, Int32(SHUT_RD))
        await #expect(throws: HTTPServer.StartError.system("accept", EINVAL)) { try await running.value }
    }
}
