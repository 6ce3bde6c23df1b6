internal import HTTPMessages
internal import WireFormat

/// Assembles a response from the lines and pieces that libcurl delivers, and enforces the limits at each of them.
///
/// Pure: no libcurl, no clock. Each step returns whether to go on. After a refusal ``failure`` holds the reason.
struct ResponseAssembly {
    private let maximumHeadBytes: Int
    private let maximumBodyBytes: Int
    private let decodesGzip: Bool
    private var headBytes = 0
    private var isHeadComplete = false
    private var fields = HTTPFields()
    private var isCoded = false
    private var body: [UInt8] = []
    /// Why the response was refused; nil while it is not refused.
    private(set) var failure: FetchError?

    /// - Parameters:
    ///   - maximumBodyBytes: The largest content in bytes, after gzip is undone.
    ///   - decodesGzip: Whether libcurl asks for gzip and undoes it.
    init(maximumHeadBytes: Int, maximumBodyBytes: Int, decodesGzip: Bool) {
        self.maximumHeadBytes = maximumHeadBytes
        self.maximumBodyBytes = maximumBodyBytes
        self.decodesGzip = decodesGzip
    }

    /// Takes one line of a head or a trailer.
    ///
    /// - Parameter status: The status of the newest head.
    mutating func take(line: [UInt8], status: Int) -> Bool {
        // Interim responses and trailers count too, because each of them could be endless.
        headBytes = headBytes.addingReportingOverflow(line.count).partialValue
        guard headBytes <= maximumHeadBytes else { return refuse(.malformedResponse) }
        let content = Self.withoutLineEnding(line)

        if content.starts(with: "HTTP/".utf8) {
            fields = HTTPFields()
            isCoded = false
            isHeadComplete = false
            return true
        }
        // RFC 9110 §6.5.1: trailers are not merged into the head. They are dropped.
        if isHeadComplete { return true }
        if content.isEmpty {
            // RFC 9110 §15.2: an interim response is followed by another head.
            isHeadComplete = status >= 200
            return true
        }
        return take(field: content)
    }

    /// Takes a piece of the decoded content.
    mutating func take(content: [UInt8]) -> Bool {
        guard content.count <= maximumBodyBytes - body.count else { return refuse(.tooLarge(limit: maximumBodyBytes)) }
        if body.isEmpty { body = content } else { body += content }
        return true
    }

    /// The document, when libcurl has finished a response that was not refused.
    func document(status: Int) throws(FetchError) -> FetchedDocument {
        if let failure { throw failure }
        guard isHeadComplete, status >= 200, let status = HTTPStatus(status) else { throw .malformedResponse }
        var fields = fields
        // RFC 9110 §8.6: the length is that of the coded content.
        if isCoded { fields.remove(.contentLength) }
        return FetchedDocument(status: status, fields: fields, body: body)
    }

    private mutating func refuse(_ why: FetchError) -> Bool {
        failure = why
        return false
    }

    private mutating func take(field line: ArraySlice<UInt8>) -> Bool {
        // RFC 9112 §5.1: no white space before the colon. §5.2: a folded line, which has no name, is refused.
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: line[..<colon], as: UTF8.self).flatMap({ HTTPFields.Name($0) }),
            // RFC 9112 §5.1: optional white space around the value is not part of it.
            let value = HTTPFields.Value(bytes: Array(OptionalWhiteSpace.trimmed(line[(colon + 1)...])))
        else { return refuse(.malformedResponse) }

        let nameBytes = line[..<colon]
        if ASCII.equalsIgnoringCase(nameBytes, "content-encoding".utf8),
            !ASCII.equalsIgnoringCase(value.bytes, "identity".utf8)
        {
            // RFC 9110 §8.4.1.3: x-gzip is gzip. Only one coding is undone, and then the content has none.
            guard decodesGzip, !isCoded,
                ["gzip", "x-gzip"].contains(where: { ASCII.equalsIgnoringCase(value.bytes, $0.utf8) })
            else { return refuse(.unsupportedEncoding) }
            isCoded = true
            return true
        }
        if ASCII.equalsIgnoringCase(nameBytes, "transfer-encoding".utf8),
            !ASCII.equalsIgnoringCase(value.bytes, "chunked".utf8)
        {
            return refuse(.malformedResponse)
        }
        fields.append(name, value)
        return true
    }

    private static func withoutLineEnding(_ line: [UInt8]) -> ArraySlice<UInt8> {
        var content = line[...]
        if content.last == UInt8(ascii: "\n") { content.removeLast() }
        if content.last == UInt8(ascii: "\r") { content.removeLast() }
        return content
    }
}
