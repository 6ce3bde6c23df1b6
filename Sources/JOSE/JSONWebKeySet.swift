internal import Synchronization
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

    /// Which set it is: copies of one set share it, and no other set of the process has or will ever have it.
    ///
    /// What is remembered about a token, such as a verdict, holds while the set that decided it is still the present one
    /// of its source: compare this, which costs nothing. A renewed but unchanged set of a remote source keeps it; a set
    /// that gained or lost a key is another one.
    public struct Identity: Sendable, Hashable {
        private let number: UInt64
        private static let last = Atomic<UInt64>(0)

        fileprivate init() {
            number = Self.last.wrappingAdd(1, ordering: .relaxed).newValue
        }
    }

    /// The most entries that are looked at; the rest is reported as ``KeyDefect/beyondLimit``.
    public static let maximumKeys = 1_000

    /// What a set is made of. One object, because a set is handed out for every token.
    private final class Content: Sendable {
        let issuer: String
        let issuerBytes: [UInt8]
        let identity = Identity()
        let keys: [JSONWebKey]
        let ownKeys: Int
        let skipped: [Skipped]
        let positionsByKeyID: [[UInt8]: [Int]]

        init(_ keys: [JSONWebKey], ownKeys: Int, skipped: [Skipped], issuer: String) {
            self.keys = keys
            self.ownKeys = ownKeys
            self.skipped = skipped
            self.issuer = issuer
            issuerBytes = Array(issuer.utf8)
            positionsByKeyID =
                keys.count <= JSONWebKeySet.smallSet
                ? [:]
                : Dictionary(
                    grouping: keys.indices.filter { keys[$0].keyIDBytes != nil }, by: { keys[$0].keyIDBytes ?? [] })
        }
    }

    private let content: Content

    /// The issuer whose keys they are; no other issuer's token is verified with them (RFC 8725 §3.8).
    public var issuer: String { content.issuer }
    var issuerBytes: [UInt8] { content.issuerBytes }
    /// Which set it is.
    public var identity: Identity { content.identity }
    /// The usable keys, in order.
    public var keys: [JSONWebKey] { content.keys }
    /// How many of them, from the first on, a token without `kid` may select; see ``backed(by:)``.
    private var ownKeys: Int { content.ownKeys }
    /// The entries that are not used. At most one entry stands for all those beyond ``maximumKeys``.
    public var skipped: [Skipped] { content.skipped }
    /// For sets too large to look through; empty for the others.
    private var positionsByKeyID: [[UInt8]: [Int]] { content.positionsByKeyID }

    private static let smallSet = 8
    /// The most keys that one token is tried with: bounds the cost of a repeated `kid`.
    private static let maximumTries = 4

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

    /// This set with further keys behind it, for a token that names one of them.
    ///
    /// A key without `kid`, and one whose `kid` this set has too, is left out: this set decides what it can decide. A
    /// token without `kid` is decided by this set alone, so that further keys never make it ambiguous.
    ///
    /// - Returns: This very set when no key is added.
    package func backed(by further: [JSONWebKey]) -> JSONWebKeySet {
        let known = Set(keys.compactMap(\.keyIDBytes))
        let added = further.filter { key in key.keyIDBytes.map { !known.contains($0) } ?? false }
        guard !added.isEmpty else { return self }
        return JSONWebKeySet(keys + added, ownKeys: ownKeys, skipped: skipped, issuer: issuer)
    }

    private init(_ keys: [JSONWebKey], ownKeys: Int? = nil, skipped: [Skipped], issuer: String) {
        content = Content(keys, ownKeys: ownKeys ?? keys.count, skipped: skipped, issuer: issuer)
    }

    /// Tries the keys that the header of a token selects until one verifies.
    ///
    /// - Returns: Whether one of them did.
    /// - Throws: ``JOSEError/key(_:)`` when there is none to try, or what `verifies` throws.
    func anyKey(
        for jwt: UnverifiedJWT, _ algorithm: SignatureAlgorithm,
        verifies: (VerificationKey) throws(JOSEError) -> Bool
    ) throws(JOSEError) -> Bool {
        guard let keyID = jwt.keyID else {
            // Without `kid` the token is accepted iff exactly one key fits: no key trial on a caller's behalf.
            let fitting = keys[..<ownKeys].indices.filter { keys[$0].verification.verifies(algorithm) }
            guard fitting.count <= 1 else { throw .key(.ambiguous) }
            guard let only = fitting.first else { throw .key(.unknown) }
            return try verifies(keys[only].verification)
        }
        // RFC 7517 §4.5: one `kid` may name keys of different types.
        var isKnown = false
        var tries = 0
        for index in positions(of: keyID, in: jwt.header) where isNamed(index, keyID, in: jwt.header) {
            isKnown = true
            guard tries < Self.maximumTries, keys[index].verification.verifies(algorithm) else { continue }
            tries += 1
            if try verifies(keys[index].verification) { return true }
        }
        guard tries > 0 else { throw .key(isKnown ? .algorithmMismatch : .unknown) }
        return false
    }

    /// Where a key of this `kid` can stand.
    private func positions(of keyID: Int, in header: JSONDocument) -> [Int] {
        if keys.count <= Self.smallSet { return Self.smallPositions[keys.count] }
        return positionsByKeyID[header.root.node(at: keyID).stringBytes ?? []] ?? []
    }

    private func isNamed(_ index: Int, _ keyID: Int, in header: JSONDocument) -> Bool {
        guard let bytes = keys[index].keyIDBytes else { return false }
        return header.isString(at: keyID, bytes.span)
    }

    private static let smallPositions = (0...smallSet).map { Array(0..<$0) }
}
