internal import Synchronization

/// The pieces of a stream, up to a limit.
final class CollectedBytes: Sendable {
    private let bytes = Mutex<[UInt8]?>([])

    /// Appends a piece. Returns false, now and later, when the limit is exceeded.
    func append(_ piece: [UInt8], upTo limit: Int) -> Bool {
        bytes.withLock { bytes in
            guard let count = bytes?.count, piece.count <= limit - count else {
                bytes = nil
                return false
            }
            bytes?.append(contentsOf: piece)
            return true
        }
    }

    /// Everything; nil when the limit was exceeded.
    var all: [UInt8]? { bytes.withLock { $0 } }
}
