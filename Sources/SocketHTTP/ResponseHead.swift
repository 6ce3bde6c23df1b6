import HTTPMessages
import WireFormat

/// Writes the head of a response. Only the server sets the framing fields; those of a handler are dropped.
enum ResponseHead {
    /// How the content of the response is framed (RFC 9112 §6.3).
    enum Framing {
        /// No content and no framing field: 204, 304, and a response to HEAD whose length is unknown.
        case none
        case length(Int)
        case chunked
        /// The content ends with the connection: a stream to an HTTP/1.0 client.
        case untilClose
    }

    /// What the head says about the connection.
    enum Persistence {
        /// No field: an HTTP/1.1 connection is kept by default.
        case implied
        case keepAlive
        case close
    }

    /// Appends the head, with the empty line at its end.
    ///
    /// - Parameter date: The whole `Date` line, with its CRLF.
    static func append(
        _ status: HTTPStatus, _ fields: HTTPFields, _ framing: Framing, _ persistence: Persistence, date: [UInt8],
        to bytes: inout [UInt8]
    ) {
        if status.code == 200 {
            bytes.append(contentsOf: okLine)
        } else {
            bytes.append(contentsOf: "HTTP/1.1 ".utf8)
            append(status.code, to: &bytes)
            bytes.append(0x20)
            bytes.append(contentsOf: status.reasonPhrase.utf8)
            bytes.append(contentsOf: lineEnd)
        }
        bytes.append(contentsOf: date)
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            bytes.append(contentsOf: contentLength)
            append(count, to: &bytes)
            bytes.append(contentsOf: lineEnd)
        case .chunked: bytes.append(contentsOf: transferEncoding)
        }
        switch persistence {
        case .implied: break
        case .keepAlive: bytes.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        case .close: bytes.append(contentsOf: "Connection: close\r\n".utf8)
        }
        append(fields, to: &bytes)
        bytes.append(contentsOf: lineEnd)
    }

    /// Appends the lines of a handler. Neighbours in the buffer are copied at once.
    private static func append(_ fields: HTTPFields, to bytes: inout [UInt8]) {
        var run = 0..<0
        for line in fields.lines where !isOurs(fields.buffer[line.name]) {
            if let whole = fields.wholeLine(line) {
                if whole.lowerBound != run.upperBound {
                    bytes.append(contentsOf: fields.buffer[run])
                    run = whole
                } else {
                    run = run.lowerBound..<whole.upperBound
                }
            } else {
                bytes.append(contentsOf: fields.buffer[run])
                run = 0..<0
                bytes.append(contentsOf: fields.buffer[line.name])
                bytes.append(contentsOf: nameEnd)
                bytes.append(contentsOf: fields.buffer[line.value])
                bytes.append(contentsOf: lineEnd)
            }
        }
        bytes.append(contentsOf: fields.buffer[run])
    }

    /// Appends the size line of a chunk (RFC 9112 §7.1).
    static func appendChunkSize(_ count: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: String(count, radix: 16).utf8)
        bytes.append(contentsOf: lineEnd)
    }

    private static let okLine = Array("HTTP/1.1 200 OK\r\n".utf8)
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
    private static let nameEnd: [UInt8] = [0x3A, 0x20]
    private static let contentLength = Array("Content-Length: ".utf8)
    private static let transferEncoding = Array("Transfer-Encoding: chunked\r\n".utf8)

    /// Whether only the server sets the field.
    private static func isOurs(_ name: ArraySlice<UInt8>) -> Bool {
        func isNamed(_ wanted: StaticString) -> Bool { ASCII.equalsIgnoringCase(name, lowercased: wanted) }
        return switch name.count {
        case 4: isNamed("date")
        case 7: isNamed("trailer") || isNamed("upgrade")
        case 10: isNamed("connection") || isNamed("keep-alive")
        case 14: isNamed("content-length")
        case 17: isNamed("transfer-encoding")
        default: false
        }
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        if number < 10 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: max(0, number)))
            return
        }
        append(number / 10, to: &bytes)
        bytes.append(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }
}
