public import WireFormat

/// The keys of one issuer (RFC 7517 §5), imported once when the set is parsed.
///
/// An unusable entry is skipped with a reason; the rest of the set works.
public struct JSONWebKeySet: Sendable {
    /// Why a text is not a key set at all.
    public enum ParseError: Error, Sendable, Hashable {
        /// Not strict JSON.
        case json(JSONError.Reason)
        /// No object with an array `keys`.
        case notAKeySet
    }

    /// An entry that is not used.
    public struct Skipped: Sendable, Hashable {
        /// The position in `keys`, from 0.
        public let index: Int
        /// The reason.
        public let reason: KeyDefect

        package init(index: Int, reason: KeyDefect) {
            self.index = index
            self.reason = reason
        }
    }

    /// The most entries that are looked at; the rest is reported as ``KeyDefect/beyondLimit``.
    public static let maximumKeys = 1_000

    /// The usable keys, in order.
    public let keys: [JSONWebKey]
    /// The entries that are not used. At most one entry stands for all those beyond ``maximumKeys``.
    public let skipped: [Skipped]
    private let positionsByKeyID: [[UInt8]: [Int]]

    /// Parses a document of at most 1 MiB.
    public init(parsing bytes: [UInt8]) throws(ParseError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes)
        } catch {
            throw .json(error.reason)
        }
        guard let entries = document.root["keys"], entries.kind == .array else { throw .notAKeySet }
        var keys: [JSONWebKey] = []
        var skipped: [Skipped] = []
        var index = 0
        entries.forEachElement { entry in
            guard index < Self.maximumKeys else {
                skipped.append(Skipped(index: index, reason: .beyondLimit))
                return false
            }
            do throws(KeyDefect) {
                keys.append(try JSONWebKey(entry))
            } catch {
                skipped.append(Skipped(index: index, reason: error))
            }
            index += 1
            return true
        }
        self.keys = keys
        self.skipped = skipped
        positionsByKeyID = Dictionary(
            grouping: keys.indices.filter { keys[$0].keyID != nil }, by: { Array((keys[$0].keyID ?? "").utf8) })
    }

    /// Which keys a token may be tried with.
    enum Selection {
        case candidates([JSONWebKey])
        case mismatch(JOSEError.KeyMismatch)
    }

    /// Decides which keys to try, from the header alone.
    func selection(keyID: [UInt8]?, algorithm: SignatureAlgorithm) -> Selection {
        guard let keyID else {
            // Without `kid` the token is accepted iff exactly one key fits: no key trial on a caller's behalf.
            let fitting = keys.filter { $0.algorithms.contains(algorithm) }
            switch fitting.count {
            case 0: return .mismatch(.unknown)
            case 1: return .candidates(fitting)
            default: return .mismatch(.ambiguous)
            }
        }
        guard let positions = positionsByKeyID[keyID] else { return .mismatch(.unknown) }
        // RFC 7517 §4.5: one `kid` may name keys of different types. Four tries bound the cost of a repeated one.
        let fitting = positions.lazy.map { keys[$0] }.filter { $0.algorithms.contains(algorithm) }.prefix(4)
        return fitting.isEmpty ? .mismatch(.algorithmMismatch) : .candidates(Array(fitting))
    }
}
