import HTTPMessages
import SocketHTTP
import Synchronization

/// A whole connection on a socketpair, seen by the client. The responses must be those that ``ReferenceRequest``
/// predicts from the bytes.
///
/// The first byte of an input selects the client's behaviour (see ``FuzzedClient``). The client sends the other bytes.
/// The path of a request selects the handler's behaviour.
enum HTTPConnectionProperties {
    /// The required answer to one request.
    private struct Answer {
        let status: Int
        var content: [UInt8]
        let isHEAD: Bool
        var mayContinue = false
        var mustClose = false
        var mayClose = false
    }

    /// The required behaviour after the last answer.
    private enum End {
        /// The server waits for the rest of a request. It may also refuse what it already has.
        case waits
        case refusal
        /// There is no further answer.
        case silence
    }

    private static let handler = ClosureHandler { request in
        if request.path.hasPrefix("/skip") { return HTTPResponse(status: .ok) }
        if request.path.hasPrefix("/fail") { throw Violation(property: "a handler may throw") }
        let content = try await request.body.collect(upTo: .max)
        var echo = Array("\(request.method.name) \(request.target.text)\n".utf8)
        for line in request.fields.lines {
            echo += request.fields.buffer[line.name] + [0x3A, 0x20] + request.fields.buffer[line.value] + [0x0A]
        }
        echo += [0x0A] + content
        guard request.path.hasPrefix("/stream") else { return HTTPResponse(status: .ok, body: .bytes(echo)) }
        return HTTPResponse(
            status: .ok,
            body: .stream { [echo] writer in
                for start in stride(from: 0, to: echo.count, by: 29) {
                    try await writer.write(Array(echo[start..<min(start + 29, echo.count)]))
                }
            })
    }

    private static let service = HTTPService(handler: handler, limits: HTTPHeadProperties.narrow)

    /// The event loop. It runs until the process ends.
    private static let loop: EventLoop? = {
        guard let loop = try? EventLoop(), let thread = try? loop.start() else { return nil }
        thread.abandon()
        return loop
    }()

    static func check(_ input: [UInt8]) throws(Violation) {
        guard let loop, let manner = input.first else { return }
        let sent = Array(input.dropFirst())
        let descriptors = FuzzedClient.descriptorCount
        guard let client = FuzzedClient() else { throw Violation(property: "there is a socketpair") }
        let connection = HTTPConnection(descriptor: client.served, peer: nil, loop: loop, service: service)
        Task(executorPreference: loop) { await connection.run() }
        client.send(sent, inPiecesOf: Int(manner & 0x3F))
        switch manner >> 6 {
        case 1:
            client.finish()
            try check(client, answersTo: sent, hasLeft: true)
        case 2: break
        default: try check(client, answersTo: sent, hasLeft: false)
        }
        client.close()
        try require(
            client.waits { connection.hasEnded.load(ordering: .acquiring) }, "the connection ends with its client")
        try require(!client.isServedOpen, "the descriptor is closed")
        try require(FuzzedClient.descriptorCount == descriptors, "the descriptor count is what it was")
    }

    private static func check(
        _ client: FuzzedClient, answersTo sent: [UInt8], hasLeft: Bool
    ) throws(Violation) {
        let (answers, expectedEnd) = expected(sent)
        var end = expectedEnd
        for answer in answers {
            guard let response = try RawResponse.read(client, toHEAD: answer.isHEAD, mayContinue: answer.mayContinue)
            else {
                return try require(hasLeft, "every whole request is answered while the client stays")
            }
            try require(response.status == answer.status, "the status is the handler's, for every accepted request")
            try require(
                response.content == (answer.isHEAD ? [] : answer.content), "the handler saw what the client sent")
            try require(response.closes || !answer.mustClose, "a connection closes when the client says so")
            try require(!response.closes || answer.mustClose || answer.mayClose || hasLeft, "a connection is kept")
            if response.closes {
                end = .silence
                break
            }
        }
        if case .refusal = end {
            guard let response = try RawResponse.read(client, toHEAD: false, mayContinue: true) else {
                return try require(hasLeft, "a fault is answered")
            }
            try require(isRefusal(response), "a refusal is an error, and closes")
        }
        if !hasLeft { client.finish() }
        if case .waits = end, let response = try RawResponse.read(client, toHEAD: false, mayContinue: true) {
            try require(isRefusal(response), "half a request is refused, or not answered")
        }
        try require(client.receive().isEmpty, "nothing comes after the last answer")
    }

    private static func isRefusal(_ response: RawResponse) -> Bool {
        response.closes && response.content == Array(#"{"error":"invalid_request"}"#.utf8)
            && [400, 413, 414, 417, 431].contains(response.status)
            || response.closes && response.content == Array(#"{"error":"server_error"}"#.utf8)
                && [501, 505].contains(response.status)
    }

    private static func expected(_ sent: [UInt8]) -> (answers: [Answer], end: End) {
        var answers: [Answer] = []
        var rest = sent
        while true {
            let request: ReferenceRequest
            switch ReferenceRequest.read(rest, HTTPHeadProperties.narrow) {
            case .incomplete: return (answers, .waits)
            case .refused: return (answers, .refusal)
            case .head(let head): request = head
            }
            // The library accepts fewer absolute-form targets than the reference.
            guard !request.isAbsolute || HTTPRequest.Target(bytes: request.target[...]) != nil else {
                return (answers, .refusal)
            }
            let path = path(of: request)
            var answer = Answer(
                status: path.starts(with: "/fail".utf8) ? 500 : 200, content: [],
                isHEAD: request.method == Array("HEAD".utf8))
            answer.mustClose = !request.persists
            if path.starts(with: "/skip".utf8) || path.starts(with: "/fail".utf8) {
                // RFC 9110 §10.1.1: the client may leave out content that the server did not ask for with 100
                // (Continue).
                answer.mayClose = request.expectsContinue
                if answer.status == 500 { answer.content = Array(#"{"error":"server_error"}"#.utf8) }
                answers.append(answer)
                guard request.persists, case .whole(_, let next) = request.content else { return (answers, .silence) }
                rest = next
            } else {
                switch request.content {
                case .incomplete: return (answers, .waits)
                case .refused: return (answers, .refusal)
                case .whole(let content, let next):
                    answer.content = request.echo(content)
                    answer.mayContinue = request.expectsContinue
                    // RFC 9112 §6.3: closing the connection ends the content.
                    if request.isHTTP10, path.starts(with: "/stream".utf8), !answer.isHEAD { answer.mustClose = true }
                    answers.append(answer)
                    guard request.persists else { return (answers, .silence) }
                    rest = next
                }
            }
        }
    }

    private static func path(of request: ReferenceRequest) -> ArraySlice<UInt8> {
        guard request.isAbsolute else { return request.target[...] }
        return request.target.drop { $0 != 0x2F }.dropFirst(2).drop { $0 != 0x2F }
    }

}

/// One response, parsed like a strict client does (RFC 9112 §4 to §7).
struct RawResponse {
    var status = 0
    var closes = false
    var content: [UInt8] = []

    /// Reads a response; nil if the connection has ended. Interim responses are skipped where they are allowed.
    static func read(
        _ client: FuzzedClient, toHEAD: Bool, mayContinue: Bool
    ) throws(Violation) -> RawResponse? {
        var mayContinue = mayContinue
        while true {
            guard let response = try readOne(client, toHEAD: toHEAD) else { return nil }
            guard response.status == 100 else { return response }
            try require(mayContinue, "100 comes once, when it is asked for")
            mayContinue = false
        }
    }

    private static func readOne(_ client: FuzzedClient, toHEAD: Bool) throws(Violation) -> RawResponse? {
        var response = RawResponse()
        guard let statusLine = try line(client, mayEnd: true) else { return nil }
        let words = statusLine.split(separator: 0x20, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        try require(words.count == 3 && words[0] == "HTTP/1.1" && words[1].utf8.count == 3, "there is a status line")
        response.status = Int(words[1]) ?? 0
        var fields: [String: String] = [:]
        while let line = try line(client, mayEnd: false), !line.isEmpty {
            let parts = line.split(separator: 0x3A, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
            try require(parts.count == 2 && parts[1].hasPrefix(" "), "there is a field line")
            let name = String(decoding: ReferenceRequest.folded(Array(parts[0].utf8)), as: UTF8.self)
            try require(fields.updateValue(String(parts[1].dropFirst()), forKey: name) == nil, "no field is repeated")
        }
        if response.status == 100 {
            try require(fields.isEmpty, "an interim response has no fields")
            return response
        }
        try require(fields["date"]?.utf8.count == 29, "a response has a date")
        response.closes = fields["connection"] == "close"
        try require(["close", "keep-alive", nil].contains(fields["connection"]), "Connection says one thing")
        try require(fields["content-length"] == nil || fields["transfer-encoding"] == nil, "there is one framing")
        if toHEAD { return response }
        if let length = fields["content-length"] {
            guard let count = Int(length) else { throw Violation(property: "a length is a number") }
            response.content = client.receive(count)
            try require(response.content.count == count, "the content is whole")
        } else if fields["transfer-encoding"] == "chunked" {
            response.content = try chunks(client)
        } else {
            try require(response.closes, "content without framing ends with the connection")
            response.content = client.receive()
        }
        return response
    }

    private static func chunks(_ client: FuzzedClient) throws(Violation) -> [UInt8] {
        var content: [UInt8] = []
        while true {
            guard let digits = try line(client, mayEnd: false),
                let count = Int(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw Violation(property: "a chunk has a size") }
            let chunk = client.receive(count)
            let end = client.receive(2)
            try require(chunk.count == count && end == [0x0D, 0x0A], "a chunk is whole")
            if count == 0 { return content }
            content += chunk
        }
    }

    /// A line without its CRLF; nil at the end of the connection.
    private static func line(_ client: FuzzedClient, mayEnd: Bool) throws(Violation) -> [UInt8]? {
        var line: [UInt8] = []
        while let byte = client.receive(1).first {
            line.append(byte)
            if byte == 0x0A {
                try require(line.suffix(2) == [0x0D, 0x0A] && line.count { $0 < 0x20 } == 2, "a line ends with CRLF")
                return line.dropLast(2)
            }
        }
        try require(mayEnd && line.isEmpty, "a response is whole")
        return nil
    }
}
