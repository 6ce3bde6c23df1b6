import HTTPMessages
import Testing

@testable import SocketHTTP

/// One request as bytes, with what must become of it.
struct RawRequest: Sendable, CustomTestStringConvertible {
    enum Fate: Sendable {
        case kept
        case closed
    }

    let name: String
    let bytes: [UInt8]
    let status: Int
    let fate: Fate
    /// Why it is refused; nil when it is served.
    let fault: RequestFault?

    var testDescription: String { name }

    /// Served.
    static func good(_ name: String, _ text: String, _ fate: Fate = .kept) -> RawRequest {
        RawRequest(name: name, bytes: Array(text.utf8), status: 200, fate: fate, fault: nil)
    }

    /// Refused, the connection closed.
    static func bad(_ name: String, _ text: String, _ fault: RequestFault) -> RawRequest {
        bad(name, Array(text.utf8), fault)
    }

    static func bad(_ name: String, _ bytes: [UInt8], _ fault: RequestFault) -> RawRequest {
        RawRequest(name: name, bytes: bytes, status: fault.status.code, fate: .closed, fault: fault)
    }

    /// A field line in an otherwise good request.
    private static func field(_ line: String, version: String = "1.1", method: String = "GET") -> String {
        "\(method) / HTTP/\(version)\r\nHost: a.example\r\n\(line)\r\n\r\n"
    }

    private static func host(_ line: String, target: String = "/") -> String {
        "GET \(target) HTTP/1.1\r\n\(line)\r\n\r\n"
    }

    private static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
    }

    private static let long = String(repeating: "a", count: 40_000)

    static let requestLines: [RawRequest] = [
        .good("plain GET", host("Host: a.example")),
        .good("one empty line before the request", "\r\n" + host("Host: a.example")),
        .bad("two empty lines before the request", "\r\n\r\n" + host("Host: a.example"), .malformedRequestLine),
        .good("a method nobody knows", "FROB / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .good("a method in lower case is another method", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .bad("method with a non-token byte", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedMethod),
        .bad(
            "method of 33 bytes", String(repeating: "M", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedMethod
        ),
        .bad("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("a space at the end of the line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("a tab as separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("HTTP/0.9", "GET /\r\n", .malformedRequestLine),
        .bad("an empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .bad("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .bad("HTTP/2.0 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
        .bad("HTTP/11.1", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .bad("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .bad("HTTP/1", "GET / HTTP/1\r\nHost: a\r\n\r\n", .malformedVersion),
        .bad("http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", .malformedVersion),
        .bad("HTTP/1.+1", "GET / HTTP/1.+1\r\nHost: a\r\n\r\n", .malformedVersion),
        .bad("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
        .bad("bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .bareCarriageReturn),
        .bad("NUL in the request line", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .controlByte),
        .bad("DEL in the request line", "GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .controlByte),
        .bad("a TLS ClientHello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], .controlByte),
        .bad(
            "request line of 8193 bytes",
            "GET /" + String(repeating: "a", count: 8193 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineTooLong),
        .good(
            "request line of 8192 bytes",
            "GET /" + String(repeating: "a", count: 8192 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        .bad("an endless request line", "GET /" + long, .requestLineTooLong),
        .bad("CONNECT", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", .methodNotServed),
        .bad("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n", .methodNotServed),
    ]

    static let targets: [RawRequest] = [
        .good("a query, escapes and dots as sent", host("Host: a", target: "/a//b/../%2f?x=1%20&y")),
        .bad("a fragment", host("Host: a", target: "/a#b"), .malformedTarget),
        .bad("a backslash", host("Host: a", target: "/a\\b"), .malformedTarget),
        .bad("half an escape", host("Host: a", target: "/%2"), .malformedTarget),
        .bad("an escape that is no hexadecimal", host("Host: a", target: "/%zz"), .malformedTarget),
        .bad("a byte above 0x7F", host("Host: a", target: "/é"), .malformedTarget),
        .bad("no slash", host("Host: a", target: "a"), .malformedTarget),
        .bad("authority form without CONNECT", host("Host: a", target: "a:80"), .malformedTarget),
        .good("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        .bad("asterisk form without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
        .good("absolute form", host("Host: a.example", target: "http://a.example/x?y")),
        .good("absolute form, host in another case", host("Host: A.example", target: "HTTP://a.EXAMPLE/x")),
        .bad("absolute form of another host", host("Host: b.example", target: "http://a.example/x"), .hostMismatch),
        .bad("absolute form with user information", host("Host: a", target: "http://u@a/x"), .malformedTarget),
        .bad("absolute form of another scheme", host("Host: a", target: "ftp://a/x"), .malformedTarget),
    ]

    static let hosts: [RawRequest] = [
        .bad("no Host", host("Accept: */*"), .missingHost),
        .bad("two Hosts", host("Host: a\r\nHost: a"), .repeatedHost),
        .bad("an empty Host", host("Host:"), .malformedHost),
        .bad("Host with a path", host("Host: a/b"), .malformedHost),
        .bad("Host with user information", host("Host: u@a"), .malformedHost),
        .bad("Host with a space", host("Host: a b"), .malformedHost),
        .bad("Host with a port beyond 65535", host("Host: a:65536"), .malformedHost),
        .bad("Host with a signed port", host("Host: a:+80"), .malformedHost),
        .bad("Host with an empty port", host("Host: a:"), .malformedHost),
        .bad("Host with two ports", host("Host: a:1:2"), .malformedHost),
        .bad("Host with an open bracket", host("Host: [::1"), .malformedHost),
        .bad("Host with half an escape", host("Host: a%4"), .malformedHost),
        .good("Host with a port", host("Host: a:8080")),
        .good("Host with an IPv6 literal and a port", host("Host: [::1]:8080")),
        .good("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", .closed),
        .bad("HTTP/1.0 with two Hosts", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost),
    ]

    static let fields: [RawRequest] = [
        .good("no white space after the colon", field("X:y")),
        .good("an empty value", field("X:")),
        .good("obs-text in a value", field("X: é")),
        .bad("space before the colon", field("X : y"), .malformedFieldName),
        .bad("tab before the colon", field("X\t: y"), .malformedFieldName),
        .bad("no colon", field("X"), .malformedFieldName),
        .bad("no name", field(": y"), .malformedFieldName),
        .bad("a non-token byte in the name", field("X@Y: z"), .malformedFieldName),
        .bad("a byte above 0x7F in the name", field("É: z"), .malformedFieldName),
        .bad("a folded line", field("X: y\r\n z"), .foldedField),
        .bad("white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedField),
        .bad("NUL in a value", field("X: a\0b"), .controlByte),
        .bad("a control byte in a value", field("X: a\u{1}b"), .controlByte),
        .bad("bare CR in a value", field("X: a\rb"), .bareCarriageReturn),
        .bad("bare LF after a field", field("X: y\nZ: w"), .bareLineFeed),
        .bad("bare LF as the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
        .good("100 fields", field((1...99).map { "X: \($0)" }.joined(separator: "\r\n"))),
        .bad("101 fields", field((1...100).map { "X: \($0)" }.joined(separator: "\r\n")), .tooManyFields),
        .bad("an endless field", field("X: \(long)"), .fieldSectionTooLong),
        .good("Connection: close", field("Connection: close"), .closed),
        .good("Connection: Close in a list", field("Connection: x , CLOSE"), .closed),
        .good("HTTP/1.0 closes", field("X: y", version: "1.0"), .closed),
        .good("HTTP/1.0 with keep-alive stays", field("Connection: Keep-Alive", version: "1.0")),
        .good(
            "HTTP/1.0 with keep-alive and close closes", field("Connection: close, keep-alive", version: "1.0"), .closed
        ),
        .good("Upgrade is not followed", field("Connection: upgrade\r\nUpgrade: websocket")),
        .bad("an unknown expectation", field("Expect: 200-ok"), .unsupportedExpectation),
    ]

    static let framing: [RawRequest] = [
        .good("Content-Length", field("Content-Length: 5", method: "POST") + "hello"),
        .good("Content-Length with leading zeros", field("Content-Length: 005", method: "POST") + "hello"),
        .good("Content-Length: 0", field("Content-Length: 0", method: "POST")),
        .bad("content on GET", field("Content-Length: 5") + "hello", .contentNotServed),
        .bad("signed Content-Length", field("Content-Length: +5") + "hello", .malformedContentLength),
        .bad("negative Content-Length", field("Content-Length: -5") + "hello", .malformedContentLength),
        .bad("hexadecimal Content-Length", field("Content-Length: 0x5") + "hello", .malformedContentLength),
        .bad("empty Content-Length", field("Content-Length:"), .malformedContentLength),
        .bad("list in Content-Length", field("Content-Length: 5, 5") + "hello", .malformedContentLength),
        .bad("Content-Length with other digits", field("Content-Length: ５"), .malformedContentLength),
        .bad("Content-Length beyond 64 bits", field("Content-Length: 18446744073709551621"), .malformedContentLength),
        .bad("Content-Length of 2^63 - 1", field("Content-Length: 9223372036854775807"), .bodyTooLarge),
        .bad(
            "two equal Content-Lengths", field("Content-Length: 5\r\nContent-Length: 5") + "hello",
            .repeatedContentLength),
        .bad("two Content-Lengths", field("Content-Length: 5\r\nContent-Length: 6") + "hello", .repeatedContentLength),
        .bad("both framings", field("Content-Length: 5\r\nTransfer-Encoding: chunked") + "0\r\n\r\n", .lengthAndCoding),
        .bad(
            "both framings, the other order", field("Transfer-Encoding: chunked\r\nContent-Length: 5") + "0\r\n\r\n",
            .lengthAndCoding),
        .bad(
            "two Transfer-Encodings", field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            .malformedTransferCoding),
        .bad("chunked twice", field("Transfer-Encoding: chunked, chunked"), .malformedTransferCoding),
        .bad("chunked not last", field("Transfer-Encoding: chunked, gzip"), .malformedTransferCoding),
        .bad("identity", field("Transfer-Encoding: identity"), .malformedTransferCoding),
        .bad("an unknown coding alone", field("Transfer-Encoding: xchunked"), .malformedTransferCoding),
        .bad("an empty Transfer-Encoding", field("Transfer-Encoding:"), .malformedTransferCoding),
        .bad("chunked with a parameter", field("Transfer-Encoding: chunked;q=1"), .malformedTransferCoding),
        .bad("vertical tab in the coding", field("Transfer-Encoding: \u{B}chunked"), .controlByte),
        .bad("gzip before chunked", field("Transfer-Encoding: gzip, chunked"), .unsupportedTransferCoding),
        .bad("chunked in HTTP/1.0", field("Transfer-Encoding: chunked", version: "1.0"), .malformedTransferCoding),
        .good("chunked in another case", field("Transfer-Encoding: Chunked", method: "POST") + "0\r\n\r\n"),
    ]

    static let chunks: [RawRequest] = [
        .good("two chunks", chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")),
        .good("sizes in either case, leading zeros", chunked("0000000A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n")),
        .good("an extension", chunked("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n")),
        .good("trailers are dropped", chunked("5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\nX: y\r\n\r\n")),
        .bad("no size", chunked("\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("size 0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("negative size", chunked("-5\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("signed size", chunked("+5\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("space before the size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("space after the size", chunked("5 \r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("bare LF after the size", chunked("5\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("bare CR after the size", chunked("5\rhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("bare LF in an extension", chunked("5;a\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("data longer than its size", chunked("4\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("bare LF after the data", chunked("5\r\nhello\n0\r\n\r\n"), .malformedChunk),
        .bad("17 digits", chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"), .malformedChunk),
        .bad("size of 2^64 - 1", chunked("ffffffffffffffff\r\nhello"), .bodyTooLarge),
        .bad("size of 2^63 - 1", chunked("7fffffffffffffff\r\nhello"), .bodyTooLarge),
        .bad(
            "extensions beyond bounds", chunked("5;\(String(repeating: "x", count: 5000))\r\nhello\r\n0\r\n\r\n"),
            .malformedChunk),
        .bad("17 trailers", chunked("0\r\n" + String(repeating: "X: y\r\n", count: 17) + "\r\n"), .tooManyTrailers),
        .bad("a long trailer", chunked("0\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n"), .tooManyTrailers),
        .bad("a trailer without colon", chunked("0\r\nX\r\n\r\n"), .malformedFieldName),
        .bad("a folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), .foldedField),
        .bad("bare LF in the trailers", chunked("0\r\nX: y\n\r\n"), .malformedChunk),
    ]

    static let all = requestLines + targets + hosts + fields + framing + chunks
}
