import HTTPMessages
import Testing
import WireFormat

@testable import SafeFetch

/// POLICY §5: gzip is asked for and undone, within the size limit of the decoded content. Other codings are refused.
@Suite("Content codings", .serialized, .timeLimit(.minutes(5)))
struct ContentCodingTests {
    private static let document = Array(#"{"keys":[]}"#.utf8)

    private func fetch(
        _ content: [UInt8], _ fields: String, limit: Int = 1 << 20, status: String = "200 OK"
    ) async throws -> FetchedDocument {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 \(status)\r\nContent-Length: \(content.count)\r\n\(fields)\r\n\r\n")
            connection.send(content)
        }
        let request = DocumentRequest(url: try AbsoluteURL(parsing: server.url()), maximumBodyBytes: limit)
        return try await CurlFetcher(policy: CurlFetcherTests.loopback).fetch(request)
    }

    @Test(
        "gzip is undone, and the fields are those of the decoded content",
        arguments: ["Content-Encoding: gzip", "content-encoding: GZIP", "Content-Encoding: x-gzip"])
    func gzip(field: String) async throws {
        let document = try await fetch(Gzip.stored(Self.document), "Content-Type: application/json\r\n" + field)
        #expect(document.body == Self.document)
        #expect(document.fields.pairs.map(\.name) == ["Content-Type"])
    }

    @Test("a content of the limit is read, one byte more is too large, however small its coded form is")
    func limit() async throws {
        let coded = Gzip.zeros(count: 100_000)
        #expect(coded.count < 1_000)
        let document = try await fetch(coded, "Content-Encoding: gzip", limit: 100_000)
        #expect(document.body == [UInt8](repeating: 0, count: 100_000))
        await #expect(throws: FetchError.tooLarge(limit: 99_999)) {
            try await fetch(coded, "Content-Encoding: gzip", limit: 99_999)
        }
    }

    @Test("a gzip bomb of 200 MiB is refused as too large")
    func bomb() async throws {
        let bomb = Gzip.zeros(count: 200 << 20)
        #expect(bomb.count < 2 << 20)
        await #expect(throws: FetchError.tooLarge(limit: 1 << 20)) {
            try await fetch(bomb, "Content-Encoding: gzip")
        }
    }

    @Test(
        "any other coding is refused with its reason, and so is a second one",
        arguments: [
            "Content-Encoding: br", "Content-Encoding: deflate", "Content-Encoding: zstd", "Content-Encoding: compress",
            "Content-Encoding: gzip, gzip", "Content-Encoding: identity, br",
            "Content-Encoding: gzip\r\nContent-Encoding: gzip", "Content-Encoding: gzip;q=1", "Content-Encoding: utf-8",
        ], [200, 404])
    func unsupported(fields: String, status: Int) async throws {
        await #expect(throws: FetchError.unsupportedEncoding) {
            try await fetch(Gzip.stored(Self.document), fields, status: "\(status) X")
        }
    }

    @Test("what is not gzip, or has been changed, is malformed")
    func malformed() async throws {
        let good = Gzip.stored(Self.document)
        var changed = good
        changed[good.count - 9] ^= 1
        for content in [Self.document, changed, [0x1F, 0x8B] + [UInt8](repeating: 0xFF, count: 20)] {
            await #expect(throws: FetchError.malformedResponse) { try await fetch(content, "Content-Encoding: gzip") }
        }
    }

    @Test("identity, and an empty 304 of a coded document, are fine")
    func identity() async throws {
        #expect(try await fetch(Self.document, "Content-Encoding: identity").body == Self.document)
        let unchanged = try await fetch([], "Content-Encoding: gzip\r\nETag: \"1\"", status: "304 Not Modified")
        #expect(unchanged.status == .notModified && unchanged.body.isEmpty)
        #expect(unchanged.fields[.eTag] == "\"1\"")
    }
}

/// Writes gzip (RFC 1952, RFC 1951) without compressing much.
enum Gzip {
    private static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    /// The content in one stored block (RFC 1951 §3.2.4); at most 65,535 bytes.
    static func stored(_ content: [UInt8]) -> [UInt8] {
        let count = UInt16(content.count)
        return head + [1, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)] + content
            + trailer(checksum(content), content.count)
    }

    /// Zero bytes in one block of fixed codes (RFC 1951 §3.2.6): a literal, then repetitions of 258 bytes.
    static func zeros(count: Int) -> [UInt8] {
        var bits = Bits()
        bits.append(1, count: 1)
        bits.append(1, count: 2)
        let repetitions = max(0, count - 1) / 258
        for _ in 0..<(count - repetitions * 258) { bits.appendCode(0b0011_0000, count: 8) }
        for _ in 0..<repetitions {
            bits.appendCode(0b1100_0101, count: 8)  // length 258
            bits.appendCode(0, count: 5)  // distance 1
        }
        bits.appendCode(0, count: 7)  // end of block
        return head + bits.bytes + trailer(checksum(zeros: count), count)
    }

    private struct Bits {
        var bytes: [UInt8] = []
        private var used = 8

        /// Appends a number, its least significant bit first.
        mutating func append(_ value: Int, count: Int) {
            for index in 0..<count {
                if used == 8 {
                    bytes.append(0)
                    used = 0
                }
                bytes[bytes.count - 1] |= UInt8(value >> index & 1) << UInt8(used)
                used += 1
            }
        }

        /// Appends a code, its most significant bit first.
        mutating func appendCode(_ code: Int, count: Int) {
            for index in (0..<count).reversed() { append(code >> index & 1, count: 1) }
        }
    }

    private static func trailer(_ checksum: UInt32, _ count: Int) -> [UInt8] {
        [checksum, UInt32(truncatingIfNeeded: count)].flatMap { number in
            [0, 8, 16, 24].map { UInt8(number >> $0 & 0xFF) }
        }
    }

    /// CRC-32 (RFC 1952 §8).
    private static func checksum(_ content: [UInt8]) -> UInt32 {
        ~content.reduce(UInt32.max) { step($0, $1) }
    }

    private static func checksum(zeros count: Int) -> UInt32 {
        // The checksum of a bomb is never read.
        guard count <= 1 << 20 else { return 0 }
        return ~(0..<count).reduce(UInt32.max) { checksum, _ in step(checksum, 0) }
    }

    private static func step(_ checksum: UInt32, _ byte: UInt8) -> UInt32 {
        var value = (checksum ^ UInt32(byte)) & 0xFF
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        return checksum >> 8 ^ value
    }
}
