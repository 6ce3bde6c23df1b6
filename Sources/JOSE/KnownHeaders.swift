internal import Synchronization
internal import WireFormat

/// The headers of tokens that a verifier accepted lately. The tokens of one issuer usually have the same header, byte
/// for byte, so a verifier parses it once.
///
/// Only the header of an accepted token is kept, so that tokens of strangers do not replace it. A kept header was
/// checked as every header is, and nothing about a signature is kept. Any number of tasks may use it at once.
package final class KnownHeaders: Sendable {
    /// The largest number of headers that are kept. The oldest one is dropped for a new one.
    static let capacity = 8
    /// The longest header that is kept, in bytes of base64url.
    static let maximumBytes = 512

    private struct Known {
        let text: [UInt8]
        let header: JOSEHeader
    }

    private let headers = Mutex<[Known]>([])

    /// Makes an empty collection.
    package init() {}

    /// The kept header with this text, or nil.
    func header(_ text: Span<UInt8>) -> JOSEHeader? {
        let headers = headers.withLock { $0 }
        for known in headers where known.text.span.hasSameBytes(as: text) { return known.header }
        return nil
    }

    /// Keeps the header of a token that was accepted.
    package func keep(headerOf jwt: UnverifiedJWT) {
        let text = jwt.jws.headerText
        guard !jwt.jws.isHeaderKnown, text.count <= Self.maximumBytes else { return }
        let known = Known(text: Array(text), header: jwt.jws.header)
        headers.withLock { headers in
            // Another task may have kept the same header meanwhile.
            guard !headers.contains(where: { $0.text == known.text }) else { return }
            if headers.count == Self.capacity { headers.removeFirst() }
            headers.append(known)
        }
    }
}
