#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages
import Testing
import WireFormat

@testable import SocketHTTP

/// One request as bytes, and its expected treatment: a row of `Conformance.json`, which explains its members.
struct RawRequest: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let status: Int
    /// Whether the connection stays open.
    let isKept: Bool
    /// Why the request is refused; nil if it is served.
    let fault: RequestFault?
    /// The content of the echo if the request is served.
    let answer: [UInt8]

    var testDescription: String { name }

    /// The table; empty if it cannot be read, which a test detects.
    static let all: [RawRequest] = {
        guard let text = file(), let table = try? JSONValue(parsing: text),
            let rows = table["requests"]?.array
        else { return [] }
        return rows.compactMap { RawRequest($0) }
    }()

    /// The number of rows in the file, including unreadable ones.
    static let rowCount = file().map { text in text.count { $0 == 0x0A } - 3 }

    private init?(_ row: JSONValue) {
        guard let section = row["section"]?.string, let name = row["name"]?.string, row["cites"]?.string != nil,
            let bytes = Self.joined(row["send"]), let status = row["status"]?.number?.int64,
            let connection = row["connection"]?.string, ["kept", "closed"].contains(connection)
        else { return nil }
        self.name = "\(section): \(name)"
        self.bytes = bytes
        self.status = Int(status)
        isKept = connection == "kept"
        let reason = row["reason"]?.string
        fault = reason.flatMap { RequestFault(rawValue: $0) }
        guard (reason == nil) == (fault == nil), let answer = reason == nil ? Self.joined(row["answer"]) : [] else {
            return nil
        }
        self.answer = answer
    }

    private static func joined(_ pieces: JSONValue?) -> [UInt8]? {
        guard let pieces = pieces?.array else { return nil }
        var bytes: [UInt8] = []
        for piece in pieces {
            let pair = piece.array
            guard let text = (pair?.first ?? piece).string, text.unicodeScalars.allSatisfy({ $0.value < 256 }),
                let times = pair == nil ? 1 : pair?.last?.number?.int64
            else { return nil }
            for _ in 0..<times { bytes += text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        }
        return bytes
    }

    private static func file() -> [UInt8]? {
        let folders = #filePath.split(separator: "/").dropLast()
        guard let stream = unsafe fopen("/" + folders.joined(separator: "/") + "/Conformance.json", "r") else {
            return nil
        }
        defer { unsafe fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, stream)
        return Array(bytes[..<count])
    }
}
