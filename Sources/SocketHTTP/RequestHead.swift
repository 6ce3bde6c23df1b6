package import HTTPMessages
import WireFormat

/// A request head that has exactly one meaning: its target, the framing of its content, and whether the connection is
/// kept.
package struct RequestHead {
    /// How the content is framed (RFC 9112 §6.3).
    package enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    package let method: HTTPMethod
    package let target: HTTPRequest.Target
    package let fields: HTTPFields
    let isHTTP10: Bool
    package private(set) var framing = Framing.none
    /// Whether the client lets the connection stay open after the response.
    package private(set) var persists: Bool
    /// Whether the client waits for `100 Continue` before it sends the content.
    package private(set) var expectsContinue = false

    /// Checks a head.
    ///
    /// - Parameters:
    ///   - parser: The parser that has found the end of the head.
    ///   - buffer: The bytes of the head.
    package init(_ parser: borrowing RequestHeadParser, buffer: [UInt8], limits: ServerLimits) throws(RequestFault) {
        guard let line = parser.requestLine else { throw .malformedRequestLine }
        method = try Self.parseMethod(buffer[line.method])
        isHTTP10 = try Self.isHTTP10(buffer[line.version])
        // RFC 9110 §9.3.6, §9.3.8: CONNECT would open a tunnel, TRACE would echo credentials.
        let name = buffer[line.method]
        if ASCII.equals(name, "CONNECT") || ASCII.equals(name, "TRACE") { throw .methodNotServed }
        guard let target = HTTPRequest.Target(bytes: buffer[line.target]) else {
            throw .malformedTarget
        }
        // RFC 9112 §3.2.4: the asterisk form is for OPTIONS.
        if target.path.hasSameBytes(as: "*"), method != .options { throw .malformedTarget }
        self.target = target
        fields = HTTPFields(head: buffer, lines: parser.lines)
        persists = !isHTTP10
        try checkFields(buffer, parser.lines, limits)
    }

    /// Checks the fields that frame the message, in one pass over the lines.
    private mutating func checkFields(
        _ buffer: [UInt8], _ lines: [HTTPFields.Line], _ limits: ServerLimits
    ) throws(RequestFault) {
        var host: Range<Int>?
        var length: Range<Int>?
        var coding: Range<Int>?
        for line in lines {
            switch line.name.count {
            case 4 where Self.isName(buffer, line, "host"):
                // RFC 9112 §3.2: more than one Host field is 400.
                guard host == nil else { throw .repeatedHost }
                host = line.value
            case 6 where Self.isName(buffer, line, "expect"):
                // RFC 9110 §10.1.1: an unknown expectation may be answered 417.
                guard ASCII.equalsIgnoringCase(buffer[line.value], "100-continue".utf8) else {
                    throw .unsupportedExpectation
                }
                expectsContinue = !isHTTP10
            case 10 where Self.isName(buffer, line, "connection"):
                applyConnection(buffer[line.value])
            case 14 where Self.isName(buffer, line, "content-length"):
                // Stricter than RFC 9110 §8.6, which tolerates equal repetitions.
                guard length == nil else { throw .repeatedContentLength }
                length = line.value
            case 17 where Self.isName(buffer, line, "transfer-encoding"):
                guard coding == nil else { throw .malformedTransferCoding }
                coding = line.value
            default: break
            }
        }
        try checkHost(host.map { buffer[$0] })
        framing = try Self.framing(
            length: length.map { buffer[$0] }, coding: coding.map { buffer[$0] }, isHTTP10: isHTTP10,
            bodyBytes: limits.bodyBytes)
        // RFC 9110 §9.3.1: content of GET and HEAD has no meaning. Some servers skip it, others read it as the next
        // request.
        guard framing == .none || method != .get && method != .head else { throw .contentNotServed }
    }

    private static func isName(_ buffer: [UInt8], _ line: HTTPFields.Line, _ lowercased: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(buffer[line.name], lowercased: lowercased)
    }

    /// RFC 9110 §9.1: a method is a token, and case counts.
    private static func parseMethod(_ bytes: ArraySlice<UInt8>) throws(RequestFault) -> HTTPMethod {
        if ASCII.equals(bytes, "GET") { return .get }
        if ASCII.equals(bytes, "POST") { return .post }
        guard let method = HTTPMethod(String(decoding: bytes, as: UTF8.self)) else { throw .malformedMethod }
        return method
    }

    /// RFC 9112 §2.3. Versions other than 1.0 and 1.1 are not served, HTTP/1.2 included.
    private static func isHTTP10(_ bytes: ArraySlice<UInt8>) throws(RequestFault) -> Bool {
        if ASCII.equals(bytes, "HTTP/1.1") { return false }
        if ASCII.equals(bytes, "HTTP/1.0") { return true }
        guard bytes.starts(with: "HTTP/".utf8) else { throw .malformedVersion }
        let numbers = bytes.dropFirst(5).split(separator: 0x2E, omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }) else {
            throw .malformedVersion
        }
        throw .unsupportedVersion
    }

    /// RFC 9112 §9.3: `close` wins. An HTTP/1.0 connection stays open only when the client asks for it.
    private mutating func applyConnection(_ value: ArraySlice<UInt8>) {
        for option in value.split(separator: 0x2C) {
            let option = OptionalWhiteSpace.trimmed(option)
            if ASCII.equalsIgnoringCase(option, "close".utf8) {
                persists = false
                wasToldToClose = true
            } else if isHTTP10, !wasToldToClose, ASCII.equalsIgnoringCase(option, "keep-alive".utf8) {
                persists = true
            }
        }
    }

    private var wasToldToClose = false

    /// RFC 9112 §3.2: HTTP/1.1 needs exactly one valid Host. A target in absolute form must have the same authority.
    private func checkHost(_ host: ArraySlice<UInt8>?) throws(RequestFault) {
        guard let host else {
            guard isHTTP10 else { throw .missingHost }
            return
        }
        guard let host = HTTPAuthority(bytes: host) else { throw .malformedHost }
        // RFC 9112 §3.2.2 lets the target win over Host. Where they differ, a proxy may have decided by the other one.
        if let authority = target.authority, !authority.isSpelled(like: host) { throw .hostMismatch }
    }

    /// RFC 9112 §6.1 to §6.3, and §11.2 on request smuggling.
    private static func framing(
        length: ArraySlice<UInt8>?, coding: ArraySlice<UInt8>?, isHTTP10: Bool, bodyBytes: Int
    ) throws(RequestFault) -> Framing {
        if let coding {
            guard length == nil else { throw .lengthAndCoding }
            // RFC 9112 §6.1: a transfer coding in HTTP/1.0 is always a framing fault.
            guard !isHTTP10 else { throw .malformedTransferCoding }
            if ASCII.equalsIgnoringCase(coding, "chunked".utf8) { return .chunked }
            let names = coding.split(separator: 0x2C, omittingEmptySubsequences: false).map {
                OptionalWhiteSpace.trimmed($0)
            }
            guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isTokenByte) }), let last = names.last,
                ASCII.equalsIgnoringCase(last, "chunked".utf8),
                !names.dropLast().contains(where: { ASCII.equalsIgnoringCase($0, "chunked".utf8) })
            else { throw .malformedTransferCoding }
            throw .unsupportedTransferCoding
        }
        guard let length else { return .none }
        guard let count = ASCII.parseDecimal(length) else { throw .malformedContentLength }
        guard count <= bodyBytes else { throw .bodyTooLarge }
        return count == 0 ? .none : .length(count)
    }
}
