import HTTPMessages
import Synchronization
import Testing

@Suite("Request bodies", .serialized)
struct HTTPRequestBodyTests {
    /// Returns its chunks one by one and counts the calls.
    private final class Source: Sendable {
        private let rest: Mutex<[[UInt8]]>
        private let failure: HTTPRequest.Body.ReadError?
        let reads = Mutex(0)

        init(_ chunks: [[UInt8]], failure: HTTPRequest.Body.ReadError? = nil) {
            rest = Mutex(chunks)
            self.failure = failure
        }

        var body: HTTPRequest.Body {
            HTTPRequest.Body { () async throws(HTTPRequest.Body.ReadError) -> [UInt8]? in try self.next() }
        }

        func next() throws(HTTPRequest.Body.ReadError) -> [UInt8]? {
            reads.withLock { $0 += 1 }
            let chunk = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if chunk == nil, let failure { throw failure }
            return chunk
        }
    }

    @Test("A body at hand: limit is accepted, limit + 1 refused", arguments: [0, 1, 100])
    func bytes(size: Int) async throws {
        let bytes = [UInt8](repeating: 7, count: size)
        #expect(try await HTTPRequest.Body(bytes).collect(upTo: size) == bytes)
        #expect(try await HTTPRequest.Body(bytes).collect(upTo: .max) == bytes)
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: size)) {
            try await HTTPRequest.Body(bytes + [7]).collect(upTo: size)
        }
    }

    @Test("No body is an empty one")
    func none() async throws {
        #expect(try await HTTPRequest.Body().collect(upTo: 0) == [])
        try await HTTPRequest.Body().forEachChunk { _ in Issue.record("a chunk of nothing") }
    }

    @Test("A stream: limit is accepted, limit + 1 refused, wherever the chunks end")
    func stream() async throws {
        for sizes in [[10], [4, 6], [1, 1, 8], [9, 1], [3, 3, 3, 1]] {
            let chunks = sizes.map { [UInt8](repeating: UInt8($0), count: $0) }
            #expect(try await Source(chunks).body.collect(upTo: 10) == chunks.flatMap { $0 })
            await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: 9)) {
                try await Source(chunks).body.collect(upTo: 9)
            }
        }
    }

    @Test(
        "What the client announces makes room, and decides nothing else",
        arguments: [-1, 0, 1, 5, 6, 7, 1 << 40, .max])
    func announced(_ count: Int) async throws {
        func body() -> HTTPRequest.Body {
            let source = Source([[1, 2], [3, 4], [5, 6]])
            return HTTPRequest.Body(
                source: { _ async throws(HTTPRequest.Body.ReadError) in try source.next() }, announced: count)
        }
        #expect(try await body().collect(upTo: .max) == [1, 2, 3, 4, 5, 6])
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: 5)) { try await body().collect(upTo: 5) }
        #expect(try await body().beginning(3).bytes == [1, 2, 3, 4])
    }

    @Test("Nothing is read after the limit is passed")
    func stopsReading() async {
        let source = Source([[1, 2], [3, 4], [5, 6], [7, 8]])
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: 3)) { try await source.body.collect(upTo: 3) }
        #expect(source.reads.withLock { $0 } == 2)
    }

    @Test("A limit of 0 and one below 0 admit nothing but nothing", arguments: [0, -1, Int.min])
    func noRoom(limit: Int) async throws {
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: limit)) {
            try await Source([[1]]).body.collect(upTo: limit)
        }
        #expect(try await Source([]).body.collect(upTo: limit) == [])
    }

    @Test("Nothing is read before somebody asks")
    func lazy() async throws {
        let source = Source([[1]])
        let body = source.body
        #expect(source.reads.withLock { $0 } == 0)
        _ = try await body.collect(upTo: 1)
        #expect(source.reads.withLock { $0 } == 2)
    }

    @Test(
        "What the stream throws comes through, after what it gave",
        arguments: [HTTPRequest.Body.ReadError.malformed, .timedOut, .disconnected, .tooLarge(limit: 4_194_304)])
    func failure(error: HTTPRequest.Body.ReadError) async {
        await #expect(throws: error) { try await Source([[1]], failure: error).body.collect(upTo: 100) }
        var seen: [[UInt8]] = []
        await #expect(throws: error) { try await Source([[1]], failure: error).body.forEachChunk { seen.append($0) } }
        #expect(seen == [[1]])
    }

    @Test("A stream is read once: a second reader would take a part of the body, or none, for the whole")
    func twice() async throws {
        let body = Source([[1], [2]]).body
        #expect(try await body.collect(upTo: 10) == [1, 2])
        await #expect(throws: HTTPRequest.Body.ReadError.alreadyConsumed) { try await body.collect(upTo: 10) }
        await #expect(throws: HTTPRequest.Body.ReadError.alreadyConsumed) { try await body.forEachChunk { _ in } }
    }

    @Test("A copy of a request is no second stream, and a failed read is a read")
    func copies() async throws {
        let body = Source([[1], [2]]).body
        let copy = body
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: 1)) { try await body.collect(upTo: 1) }
        await #expect(throws: HTTPRequest.Body.ReadError.alreadyConsumed) { try await copy.collect(upTo: 10) }
    }

    @Test("Of many tasks that read at once, one gets the whole body and the others an error")
    func race() async {
        let body = Source((0..<100).map { [UInt8($0)] }).body
        let results = await withTaskGroup(of: Result<[UInt8], any Error>.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do { return .success(try await body.collect(upTo: 100)) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.compactMap { try? $0.get() } == [Array(0..<100)])
        for case .failure(let error) in results { #expect(error as? HTTPRequest.Body.ReadError == .alreadyConsumed) }
    }

    @Test("A body at hand can be read again and again")
    func bytesTwice() async throws {
        let body = HTTPRequest.Body([1, 2])
        for _ in 0..<2 { #expect(try await body.collect(upTo: 2) == [1, 2]) }
    }

    @Test("The beginning that was read is let go once the reader has it")
    func beginningIsReleased() async throws {
        let (_, whole) = try await Source([[1, 2], [3]]).body.beginning(1)
        var seen: [[UInt8]] = []
        try await whole.forEachChunk { seen.append($0) }
        #expect(seen == [[1, 2], [3]])
        // A change in place shows that nothing else holds the bytes.
        let before = unsafe seen[0].withUnsafeBufferPointer { $0.baseAddress }
        seen[0][0] = 9
        let after = unsafe seen[0].withUnsafeBufferPointer { $0.baseAddress }
        #expect(unsafe before == after)
        withExtendedLifetime(whole) {}
    }

    @Test("Chunks arrive one by one; an error of the reader stops the reading")
    func chunks() async throws {
        struct Enough: Error {}
        let source = Source([[1], [2], [3]])
        var seen: [[UInt8]] = []
        await #expect(throws: Enough.self) {
            try await source.body.forEachChunk { chunk in
                seen.append(chunk)
                if chunk == [2] { throw Enough() }
            }
        }
        #expect(seen == [[1], [2]])
        #expect(source.reads.withLock { $0 } == 2)
    }
}
