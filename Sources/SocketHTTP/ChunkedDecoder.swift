import HTTPMessages
import WireFormat

/// Decodes the chunked coding of a request body (RFC 9112 §7.1). The input may be split at any byte.
///
/// It is stricter than the grammar: there is no white space after the size, and extensions and trailers are bounded.
/// Extensions are ignored. Trailers are checked and dropped, so that no `Authorization` field can arrive after the
/// guard's decision.
package struct ChunkedDecoder {
    private enum State {
        case size
        case extensions
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailer
        case trailerLineFeed
        case done
    }

    private let bodyBytes: Int
    private var state = State.size
    private var digits = 0
    private var remaining = 0
    private var total = 0
    private var extensionBytes = 0
    private var trailer: [UInt8] = []
    private var trailerBytes = 0
    private var trailerLines = 0

    /// - Parameter bodyBytes: The largest size of the decoded body.
    package init(bodyBytes: Int) {
        self.bodyBytes = bodyBytes
    }

    /// Whether the last chunk and the trailer section have been read.
    package var isDone: Bool { state == .done }

    /// Removes the bytes of the body from the front of `input`, and returns the content that they hold.
    package mutating func decode(_ input: inout [UInt8]) throws(RequestFault) -> [UInt8] {
        var content: [UInt8] = []
        var index = 0
        while index < input.count, state != .done {
            if state == .data {
                let count = min(remaining, input.count - index)
                content.append(contentsOf: input[index..<(index + count)])
                index += count
                remaining -= count
                if remaining == 0 { state = .dataCarriageReturn }
                continue
            }
            try take(input[index])
            index += 1
        }
        if index == input.count { input = [] } else { input.removeFirst(index) }
        return content
    }

    private mutating func take(_ byte: UInt8) throws(RequestFault) {
        switch state {
        case .size:
            if let value = ASCII.hexValue(byte) {
                // RFC 9112 §7.1: anticipate large sizes. A size has at most sixteen digits and is within the limit of
                // the body.
                digits += 1
                guard digits <= 16 else { throw .malformedChunk }
                guard remaining <= (Int.max - 15) / 16 else { throw .bodyTooLarge }
                remaining = remaining * 16 + Int(value)
                return
            }
            guard digits > 0 else { throw .malformedChunk }
            try endSize(byte)
        case .extensions:
            if byte == 0x0D {
                state = .sizeLineFeed
                return
            }
            // RFC 9112 §7.1.1: the total of the extensions is limited.
            extensionBytes += 1
            guard HTTPFields.Value.isAllowed(byte), extensionBytes <= ServerLimits.chunkExtensionBytes else {
                throw .malformedChunk
            }
        case .sizeLineFeed:
            guard byte == 0x0A else { throw .malformedChunk }
            digits = 0
            state = remaining == 0 ? .trailer : .data
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw .malformedChunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .malformedChunk }
            state = .size
        case .trailer:
            if byte == 0x0D {
                state = .trailerLineFeed
                return
            }
            trailerBytes += 1
            guard trailerBytes <= ServerLimits.trailerBytes else { throw .tooManyTrailers }
            guard HTTPFields.Value.isAllowed(byte) else { throw .malformedChunk }
            trailer.append(byte)
        case .trailerLineFeed:
            guard byte == 0x0A else { throw .malformedChunk }
            try endTrailerLine()
        case .data, .done:
            break  // `decode` handles these states.
        }
    }

    private mutating func endSize(_ byte: UInt8) throws(RequestFault) {
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x3B: state = .extensions
        default: throw .malformedChunk
        }
        guard remaining <= bodyBytes - total else { throw .bodyTooLarge }
        total += remaining
    }

    private mutating func endTrailerLine() throws(RequestFault) {
        guard !trailer.isEmpty else {
            state = .done
            return
        }
        trailerLines += 1
        guard trailerLines <= ServerLimits.trailerLines else { throw .tooManyTrailers }
        _ = try RequestHeadParser.parseField(trailer.span, 0..<trailer.count)
        trailer.removeAll(keepingCapacity: true)
        state = .trailer
    }
}
