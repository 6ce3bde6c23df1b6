import HTTPMessages
import SocketHTTP

/// RFC 9112: a request has the meaning that ``ReferenceRequest`` reads, in whichever pieces it arrives. Memory stays
/// bounded while it is read.
enum HTTPHeadProperties {
    static func check(_ input: [UInt8]) throws(Violation) {
        try check(input, ServerLimits())
        try check(input, narrow)
    }

    /// Whether the input begins with a complete request that is accepted.
    static func isAccepted(_ input: [UInt8]) -> Bool {
        if case .whole = parse([input[...]], ServerLimits()).outcome { true } else { false }
    }

    /// Limits that inputs of a few hundred bytes can reach.
    static let narrow: ServerLimits = {
        var limits = ServerLimits()
        limits.requestLineBytes = 48
        limits.fieldCount = 5
        limits.fieldSectionBytes = 120
        limits.bodyBytes = 32
        return limits
    }()

    /// The result of the parsers.
    private enum Outcome: Equatable {
        case headIncomplete
        case contentIncomplete
        case headRefused(RequestFault)
        case contentRefused(RequestFault)
        case whole(content: [UInt8], rest: [UInt8])
    }

    private static func check(_ input: [UInt8], _ limits: ServerLimits) throws(Violation) {
        let (head, outcome) = parse([input[...]], limits)
        try checkSplits(input, limits, outcome)
        let reading = ReferenceRequest.read(input, limits)
        if outcome == .headIncomplete {
            guard case .incomplete = reading else { throw Violation(property: "a head that has ended is read") }
            try require(
                input.count <= limits.requestLineBytes + limits.fieldSectionBytes + 7, "no more is held than the limits"
            )
            try require(
                !input.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D || $0 == 0x7F },
                "a control byte is refused at once")
            return
        }
        guard case .head(let request) = reading else {
            guard case .headRefused = outcome else { throw Violation(property: "what RFC 9112 forbids is refused") }
            return
        }
        guard let head else {
            return try require(request.isAbsolute, "a head that RFC 9112 admits is accepted")
        }
        try require(head.method.name.utf8.elementsEqual(request.method), "the method is as sent")
        try require(head.target.text.utf8.elementsEqual(request.target), "the target is as sent")
        try require(head.persists == request.persists, "the client decides whether the connection stays")
        try require(head.expectsContinue == request.expectsContinue, "the client says whether it waits")
        try require(head.fields.count == request.fields.count, "every field line is there")
        for (line, field) in zip(head.fields.lines, request.fields) {
            try require(head.fields.buffer[line.name].elementsEqual(field.name), "a name is as sent")
            try require(head.fields.buffer[line.value].elementsEqual(field.value), "a value is as sent, trimmed")
        }
        switch (outcome, request.content) {
        case (.whole(let content, let rest), let expected):
            try require(expected == .whole(content, rest: rest), "the content and what follows it")
        case (.contentRefused, .refused), (.contentRefused, .incomplete), (.contentIncomplete, .incomplete): break
        default: throw Violation(property: "the content is whole, incomplete or refused")
        }
    }

    /// Splits a short input at every position, and a long one at some positions (THREATS §11 H22).
    private static func checkSplits(_ input: [UInt8], _ limits: ServerLimits, _ whole: Outcome) throws(Violation) {
        try require(parse(input.indices.map { input[$0...$0] }, limits).outcome == whole, "the same byte by byte")
        for position in stride(from: 1, to: input.count, by: max(1, input.count / 128)) {
            let pieces = [input[..<position], input[position...]]
            try require(parse(pieces, limits).outcome == whole, "the same at every split")
        }
    }

    /// Feeds the parsers piece by piece, like a connection does.
    private static func parse(
        _ pieces: [ArraySlice<UInt8>], _ limits: ServerLimits
    ) -> (head: RequestHead?, outcome: Outcome) {
        var input: [UInt8] = []
        var parser = RequestHeadParser(limits: limits)
        var head: RequestHead?
        var decoder = ChunkedDecoder(bodyBytes: limits.bodyBytes)
        var content: [UInt8] = []
        var isWhole = false
        do throws(RequestFault) {
            for piece in pieces {
                input += piece
                if head == nil, let end = try parser.parse(input.span) {
                    head = try RequestHead(parser, buffer: Array(input[..<end]), limits: limits)
                    input.removeFirst(end)
                }
                guard let head, !isWhole else { continue }
                switch head.framing {
                case .none: isWhole = true
                case .length(let length):
                    let count = min(length - content.count, input.count)
                    content += input[..<count]
                    input.removeFirst(count)
                    isWhole = content.count == length
                case .chunked:
                    content += try decoder.decode(&input)
                    isWhole = decoder.isDone
                }
            }
        } catch {
            return (head, head == nil ? .headRefused(error) : .contentRefused(error))
        }
        guard head != nil else { return (nil, .headIncomplete) }
        return (head, isWhole ? .whole(content: content, rest: input) : .contentIncomplete)
    }
}
