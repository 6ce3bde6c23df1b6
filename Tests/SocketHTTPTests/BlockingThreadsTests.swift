#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages
import SocketHTTP
import Synchronization
import Testing

private struct Broken: Error {}

/// How many were inside at once.
private final class Crowd: Sendable {
    private let present = Atomic(0)
    private let greatest = Atomic(0)

    var most: Int { greatest.load(ordering: .relaxed) }

    func enter() {
        greatest.max(present.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    func leave() {
        present.subtract(1, ordering: .relaxed)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    /// Two ends of a pipe: reading blocks until somebody writes.
    private func pipeEnds() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test("A handler that blocks does not hold up the loop that serves it")
    func loopGoesOn() async throws {
        let threads = BlockingThreads(limit: 2)
        let ends = try pipeEnds()
        let begun = Milestone()
        let handler = ClosureHandler { request in
            guard request.path == "/block" else { return .text("here") }
            return .text(
                try await threads.run {
                    begun.reach()
                    var byte: UInt8 = 0
                    _ = unsafe read(ends.reading, &byte, 1)
                    return "\(byte)"
                })
        }
        try await withServer(handler, limits: { $0.eventLoops = 1 }) { port in
            let blocked = try await TestConnection.open(port)
            try await blocked.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            let other = try await TestConnection.open(port)
            try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.readResponse().text == "here")
            var byte: UInt8 = 7
            _ = unsafe write(ends.writing, &byte, 1)
            #expect(try await blocked.readResponse().text == "7")
        }
        _ = (close(ends.reading), close(ends.writing))
    }

    @Test("No more threads than allowed work at once, and all work is done")
    func bounded() async throws {
        let threads = BlockingThreads(limit: 3)
        let crowd = Crowd()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await threads.run {
                        crowd.enter()
                        usleep(100)
                        crowd.leave()
                        return number
                    }
                }
            }
            let sum = try await group.reduce(0, +)
            #expect(sum == 199 * 100)
        }
        #expect((1...3).contains(crowd.most))
    }

    @Test("An error comes back, and the thread works on")
    func throwing() async throws {
        let threads = BlockingThreads(limit: 1)
        await #expect(throws: Broken.self) { try await threads.run { throw Broken() } }
        #expect(try await threads.run { 5 } == 5)
    }
}
