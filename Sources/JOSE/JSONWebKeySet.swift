public import WireFormat

/// The keys of one issuer (RFC 7517 §5), imported once when the set is parsed, and bound to that issuer.
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

    /// The issuer whose keys they are; no other issuer's token is verified with them (RFC 8725 §3.8).
    public let issuer: String
    /// The usable keys, in order.
    public let keys: [JSONWebKey]
    /// The entries that are not used. At most one entry stands for all those beyond ``maximumKeys``.
    public let skipped: [Skipped]
    private let positionsByKeyID: [[UInt8]: [Int]]

    /// Parses a document of at most 1 MiB.
    ///
    /// - Parameters:
    ///   - bytes: The document.
    ///   - issuer: The issuer identifier of the authorization server that published it.
    public init(parsing bytes: [UInt8], issuer: String) throws(ParseError) {
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
        self.init(keys, skipped: skipped, issuer: issuer)
    }

    /// A set of keys at hand, such as some imported from PEM.
    public init(_ keys: [JSONWebKey], issuer: String) {
        self.init(keys, skipped: [], issuer: issuer)
    }

    private init(_ keys: [JSONWebKey], skipped: [Skipped], issuer: String) {
        self.keys = keys
        self.skipped = skipped
        self.issuer = issuer
        positionsByKeyID = Dictionary(
            grouping: keys.indices.filter { keys[$0].keyID != nil }, by: { Array((keys[$0].keyID ?? "").utf8) })
    }

    /// The keys to try a token with, decided from its header alone.
    func candidates(keyID: [UInt8]?, algorithm: SignatureAlgorithm) throws(JOSEError) -> [JSONWebKey] {
        guard let keyID else {
            // Without `kid` the token is accepted iff exactly one key fits: no key trial on a caller's behalf.
            let fitting = keys.filter { $0.verification.verifies(algorithm) }
            guard fitting.count <= 1 else { throw .key(.ambiguous) }
            guard !fitting.isEmpty else { throw .key(.unknown) }
            return fitting
        }
        guard let positions = positionsByKeyID[keyID] else { throw .key(.unknown) }
        // RFC 7517 §4.5: one `kid` may name keys of different types. Four tries bound the cost of a repeated one.
        let fitting = positions.lazy.map { keys[$0] }.filter { $0.verification.verifies(algorithm) }.prefix(4)
        guard !fitting.isEmpty else { throw .key(.algorithmMismatch) }
        return Array(fitting)
    }
}
