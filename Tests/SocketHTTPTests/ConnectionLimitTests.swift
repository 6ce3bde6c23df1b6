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
        // On Darwin, 127.0.0.1 is the only loopback address that is configured by default.
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

                // The server's close frees the place before the client can observe it.
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
        func network(_ host: String) throws -> SocketAddress.Network {
            SocketAddress.Network(of: try #require(HTTPRequest.PeerAddress(host)))
        }
        #expect(try network("2001:db8:0:1::1") == network("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        #expect(try network("2001:db8:0:1::1") != network("2001:db8:0:2::1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("0.0.0.1") != network("::"))
        #expect(try network("::ffff:10.0.0.1") == network("10.0.0.1"))
    }

    @Test("The census forgets a peer whose connections are gone")
    func census() throws {
        let census = ConnectionCensus()
        let one = SocketAddress.Network(of: try #require(HTTPRequest.PeerAddress("192.0.2.1")))
        let other = SocketAddress.Network(of: try #require(HTTPRequest.PeerAddress("192.0.2.2")))
        #expect(census.enter(one, limit: 2, perPeer: 1) == nil)
        #expect(census.enter(one, limit: 2, perPeer: 1) == .tooManyFromPeer)
        #expect(census.enter(other, limit: 2, perPeer: 1) == nil)
        #expect(census.enter(nil, limit: 2, perPeer: 1) == .tooManyConnections)
        // In the place of a connection that was closed for it.
        #expect(census.enter(nil, limit: nil, perPeer: 1) == nil)
        census.leave(one)
        census.leave(nil)
        #expect(census.enter(one, limit: 2, perPeer: 1) == nil)
    }

    @Test("POLICY §16: the connections leave 64 descriptors to the program, and memory to a limited control group")
    func capacity() {
        func capacity(_ connections: Int, openFiles: Int?, memory: Int?) -> ServerCapacity {
            var limits = ServerLimits()
            limits.connections = connections
            return ServerCapacity(limits, openFiles: openFiles, memory: memory)
        }
        let mebibyte = 1024 * 1024
        #expect(ServerLimits().connections == 10_000)
        #expect(ServerLimits().memoryBytes == 64 * mebibyte)
        #expect(capacity(10_000, openFiles: nil, memory: nil).connections == 10_000)
        #expect(capacity(10_000, openFiles: 10_064, memory: nil).connections == 10_000)
        #expect(capacity(10_000, openFiles: 10_063, memory: nil).connections == 9_999)
        #expect(capacity(10_000, openFiles: 256, memory: nil).connections == 192)
        #expect(capacity(10_000, openFiles: 64, memory: nil).connections == 1)
        #expect(capacity(-5, openFiles: nil, memory: nil).connections == 1)
        #expect(capacity(10_000, openFiles: nil, memory: 64 * mebibyte).connections == 4_096)
        #expect(capacity(1, openFiles: nil, memory: nil).memoryBytes == 64 * mebibyte)
        #expect(capacity(1, openFiles: nil, memory: 256 * mebibyte).memoryBytes == 64 * mebibyte)
        #expect(capacity(1, openFiles: nil, memory: 64 * mebibyte).memoryBytes == 16 * mebibyte)
        #expect(capacity(1, openFiles: nil, memory: 0).memoryBytes == mebibyte)
        var limits = ServerLimits()
        limits.memoryBytes = .min
        #expect(ServerCapacity(limits, openFiles: nil, memory: nil).memoryBytes == mebibyte)
    }

    @Test("cgroups(7): the smallest limit of the groups around the process counts, in both versions")
    func controlGroups() {
        func limit(_ files: [String: String]) -> Int? { MemoryLimit.ofControlGroup { files[$0] } }
        #expect(limit([:]) == nil)
        #expect(limit(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"]) == nil)
        #expect(limit(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "67108864\n"]) == 67_108_864)
        #expect(
            limit([
                "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n",
                "/sys/fs/cgroup/a/memory.max": "1000\n", "/sys/fs/cgroup/memory.max": "2000\n",
            ]) == 1000)
        #expect(
            limit([
                "/proc/self/cgroup": "5:cpu,memory:/a\n1:name=x:/\n0::/\n",
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "3000\n",
            ]) == 3000)
        let high = ["/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/memory.high": "500\n"]
        #expect(limit(high) == 500)
        #expect(limit(high.merging(["/sys/fs/cgroup/a/memory.max": "400\n"]) { $1 }) == 400)
        #expect(limit(high.merging(["/sys/fs/cgroup/a/memory.high": "max\n"]) { $1 }) == nil)
        #expect(limit(["/proc/self/cgroup": "nonsense\n::\n7:memory\n", "/sys/fs/cgroup/memory.max": "1\n"]) == nil)
    }

    #if os(Linux)
        @Test("The file that names the control groups is read to its end, up to 64 KiB")
        func longFile() throws {
            var name = Array("/tmp/memory-limit-XXXXXX".utf8CString)
            let descriptor = unsafe mkstemp(&name)
            defer {
                close(descriptor)
                _ = unsafe unlink(&name)
            }
            let text = String(repeating: "7:cpu:/a\n", count: 10_000)
            #expect(unsafe write(descriptor, text, text.utf8.count) == text.utf8.count)
            let path = try #require(String(validating: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
            #expect(MemoryLimit.read(path) == String(text.prefix(64 * 1024)))
        }

        @Test("A limit of open files that leaves no place for connections is an error that says what to do")
        func tooFewFiles() async {
            await #expect(processExitsWith: .success) {
                let listening = try HTTPServer(host: "127.0.0.1", port: 0).listen()
                let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
                var limit = rlimit(rlim_cur: 14, rlim_max: 14)
                precondition(unsafe setrlimit(files, &limit) == 0)
                do {
                    try await listening.run(echo)
                    preconditionFailure("the server has started")
                } catch HTTPServer.StartError.tooFewFiles(let limit, let needed) {
                    precondition(limit == 14)
                    precondition(needed > 14)
                }
            }
            #expect(
                HTTPServer.StartError.tooFewFiles(14, needed: 24).description
                    == "cannot serve with at most 14 open files: raise the limit to 24 or more (ulimit -n)")
        }

        @Test("Open files: the least that is needed is enough, and one less is not")
        func leastFiles() throws {
            #expect(throws: Never.self) { try OpenFileLimit.check(nil, loops: 1) }
            #expect(throws: Never.self) { try OpenFileLimit.check(10_000, loops: 2) }
            #expect(throws: HTTPServer.StartError.self) { try OpenFileLimit.check(20, loops: 2) }
            #expect(throws: HTTPServer.StartError.self) { try OpenFileLimit.check(10_000, loops: 5_000) }
        }

        @Test("THREATS H11: when descriptors run out the server waits for some, and then serves")
        func descriptorsRunOut() async {
            await #expect(processExitsWith: .success) {
                // Once a second, when work waits for the threads of its pool, the runtime looks at them: it opens
                // files, and ends a process that can open none (libdispatch, workqueue.c). So nothing here is work of
                // the pool.
                let loop = try EventLoop()
                let thread = try loop.start()
                try await Task(executorPreference: loop) { try await serveWithoutDescriptors() }.value
                loop.stop()
                thread.join()
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
                let raised = OpenFileLimit.raise(toHold: 200)
                precondition(unsafe getrlimit(files, &limit) == 0)
                precondition(limit.rlim_cur == min(456, limit.rlim_max))
                precondition(raised == Int(limit.rlim_cur))
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
    private func serveWithoutDescriptors() async throws {
        let listener = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
        let direct = try await TestConnection.open(listener.port)
        try await withServer(echo) { port in
            // Descriptors that are opened on first use only are open after one request.
            let first = try await TestConnection.open(port)
            try await first.send(get)
            _ = try await first.readResponse()
            var taken = takeAllDescriptors()
            guard case .exhausted = ListeningSocket.accept(on: listener.descriptor) else {
                preconditionFailure("a descriptor from nowhere")
            }
            // One descriptor is for the client. Other threads may take some too, so that several may be needed.
            var starved: TestConnection?
            while starved == nil {
                _ = taken.popLast().map { close($0) }
                starved = try? await TestConnection.open(port)
            }
            try await starved?.send(get)
            // A request on another connection shows that the server goes on.
            try await first.send(get)
            _ = try await first.readResponse()
            for descriptor in taken { close(descriptor) }
            let status = try await starved?.readResponse().status
            precondition(status == 200)
        }
        guard case .connection = ListeningSocket.accept(on: listener.descriptor) else {
            preconditionFailure("the connection in the queue is lost")
        }
        direct.close()
    }

    /// Opens descriptors until the process has no free one.
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
