import HTTPMessages
import Testing

@testable import SocketHTTP

/// The result of the parsers. It is comparable, because each way of splitting the bytes must give the same result.
struct ParsedRequest: Equatable {
    var method: String
    var target: String
    var fields: [String]
    var content: [UInt8]
    /// Bytes after the request.
    var rest: [UInt8]
}

/// Feeds the parsers piece by piece, like a connection does. Nil if the request is not complete.
private func parse(_ pieces: [ArraySlice<UInt8>]) -> Result<ParsedRequest, RequestFault>? {
    var input: [UInt8] = []
    var parser = RequestHeadParser(limits: ServerLimits())
    var head: RequestHead?
    var decoder = ChunkedDecoder(bodyBytes: ServerLimits().bodyBytes)
    var content: [UInt8] = []
    var isComplete = false
    do throws(RequestFault) {
        for piece in pieces {
            input += piece
            if head == nil, let end = try parser.parse(input.span) {
                head = try RequestHead(parser, buffer: Array(input[..<end]), limits: ServerLimits())
                input.removeFirst(end)
            }
            guard let head else { continue }
            switch head.framing {
            case .none: isComplete = true
            case .length(let length):
                let count = min(length - content.count, input.count)
                content += input[..<count]
                input.removeFirst(count)
                isComplete = content.count == length
            case .chunked:
                content += try decoder.decode(&input)
                isComplete = decoder.isDone
            }
        }
    } catch {
        return .failure(error)
    }
    guard isComplete, let head else { return nil }
    return .success(
        ParsedRequest(
            method: head.method.name, target: head.target.text,
            fields: head.fields.pairs.map { "\($0.name): \($0.value)" },
            content: content, rest: input))
}

struct RequestParsingTests {
    @Test("RFC 9112: each malformed request is refused for its own reason", arguments: RawRequest.all)
    func reason(_ raw: RawRequest) {
        switch parse([raw.bytes[...]]) {
        case .success: #expect(raw.fault == nil)
        case .failure(let fault): #expect(raw.fault == fault)
        case nil: Issue.record("the request is not complete")
        }
    }

    @Test("RFC 9112 §2.2: the result does not depend on where the input is split", arguments: RawRequest.all)
    func splits(_ raw: RawRequest) {
        let whole = parse([raw.bytes[...]])
        #expect(parse(raw.bytes.indices.map { raw.bytes[$0...$0] }) == whole, "byte by byte")
        // Every position of a request of usual size, or a selection of the positions of a long one.
        let step = max(1, raw.bytes.count / 500)
        for position in stride(from: 1, to: raw.bytes.count, by: step) {
            #expect(parse([raw.bytes[..<position], raw.bytes[position...]]) == whole, "split at \(position)")
        }
    }

    @Test("RFC 9112 §9.3.2: bytes after a request stay for the next one")
    func leftOver() throws {
        let text = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /b"
        let parsed = try #require(try parse([Array(text.utf8)[...]])?.get())
        #expect(parsed.content == Array("abc".utf8))
        #expect(parsed.rest == Array("GET /b".utf8))
    }

    @Test("RFC 9112 §5: names and values are kept as sent, outer white space aside")
    func fields() throws {
        let text = "GET /%2F HTTP/1.1\r\nhOST:\t a.example \t\r\nX-Empty:\r\nX: a  b\r\nX: c\r\n\r\n"
        let parsed = try #require(try parse([Array(text.utf8)[...]])?.get())
        #expect(parsed.target == "/%2F")
        #expect(parsed.fields == ["hOST: a.example", "X-Empty: ", "X: a  b", "X: c"])
    }
}
