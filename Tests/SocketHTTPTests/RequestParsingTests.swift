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

    @Test("RFC 9110 §5.5: a byte of a value is judged alike at each place of the eight that are looked at together")
    func everyByteAtEveryPlace() {
        for byte in UInt8.min...UInt8.max {
            for before in 0..<17 {
                var value = [UInt8](repeating: 0x61, count: before) + [byte]
                value += [UInt8](repeating: before.isMultiple(of: 2) ? 0xFF : 0x09, count: 9) + [0x62]
                let text = Array("GET / HTTP/1.1\r\nHost: a\r\nX: z".utf8) + value + Array("\r\n\r\n".utf8)
                let expected: RequestFault? =
                    switch byte {
                    case 0x09: nil
                    case 0x0A: .bareLineFeed
                    case 0x0D: .bareCarriageReturn
                    case ..<0x20, 0x7F: .controlByte
                    default: nil
                    }
                switch parse([text[...]]) {
                case .success: #expect(expected == nil, "\(byte) after \(before)")
                case .failure(let fault): #expect(fault == expected, "\(byte) after \(before)")
                case nil: Issue.record("the request is not complete")
                }
            }
        }
    }

    @Test("The lines of a response are sent as they are, wherever they come from and whatever was removed")
    func responseLines() throws {
        let text = "GET / HTTP/1.1\r\nHost:a\r\nX-One: 1\r\nX-Two:  2 \r\nConnection: x\r\nX-Three: 3\r\n\r\n"
        var parser = RequestHeadParser(limits: ServerLimits())
        let bytes = Array(text.utf8)
        let end = try #require(try parser.parse(bytes.span))
        var fields = try RequestHead(parser, buffer: Array(bytes[..<end]), limits: ServerLimits()).fields
        fields.append(.vary, "Origin")
        fields.append(.cacheControl, "no-store")
        fields.append(.date, "never")
        fields.append(.eTag, "")
        fields.append(.accept, "b")
        fields.remove(.cacheControl)
        fields[.vary] = "*"
        var sent: [UInt8] = []
        ResponseHead.append(.ok, fields, .none, .implied, date: Array("Date: now\r\n".utf8), to: &sent)
        let lines = [
            "HTTP/1.1 200 OK", "Date: now", "Host: a", "X-One: 1", "X-Two: 2", "X-Three: 3", "ETag: ", "Accept: b",
            "Vary: *", "", "",
        ]
        #expect(String(decoding: sent, as: UTF8.self) == lines.joined(separator: "\r\n"))
    }
}
