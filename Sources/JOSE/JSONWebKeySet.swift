public import WireFormat

/// The keys of one issuer (RFC 7517 §5). They are imported once, when the set is parsed, and bound to that issuer.
///
/// An unusable entry is skipped with a reason. The other entries work.
public struct JSONWebKeySet: Sendable {
    /// The reason why a document is not a key set.
    public enum ParseError: Error, Sendable, Hashable {
        /// The document is not strict JSON.
        case json(JSONDocument.ParseError.Reason)
        /// The document is not an object with an array `keys`.
        case notAKeySet
        /// The text has no PEM block.
        case noPEMBlock
    }

    /// An entry of the document that is not used.
    public struct Skipped: Sendable, Hashable {
        /// The position in `keys`, from 0.
        public let index: Int
        /// The reason.
        public let reason: JSONWebKey.Defect

        package init(index: Int, reason: JSONWebKey.Defect) {
            self.index = index
            self.reason = reason
        }
    }

    /// The identity of a set: copies of a set share it, and no other set of the process ever has it.
    ///
    /// A cache compares identities to find out whether the set that decided a verdict is still the present set of its
    /// source. A remote source that fetches an unchanged set keeps the identity. A set that gained or lost a key has
    /// another one.
    public struct Identity: Sendable, Hashable {
        private let number = UniqueNumber()

        fileprivate init() {}
    }

    /// The largest number of entries that are read. The others are reported as ``JSONWebKey/Defect/beyondLimit``.
    public static let maximumKeys = 1_000

    /// The content of a set: one object, because a set is passed on for every token.
    private final class Content: Sendable {
        let issuer: String
        let issuerBytes: [UInt8]
        let identity = Identity()
        let keys: [JSONWebKey]
        let ownKeys: Int
        let skipped: [Skipped]
        let positions: [Int]
        let positionsByKeyID: [[UInt8]: [Int]]

        init(_ keys: [JSONWebKey], ownKeys: Int, skipped: [Skipped], issuer: String) {
            self.keys = keys
            self.ownKeys = ownKeys
            self.skipped = skipped
            self.issuer = issuer
            issuerBytes = Array(issuer.utf8)
            positions = Array(keys.indices)
            positionsByKeyID =
                keys.count <= JSONWebKeySet.smallSet
                ? [:]
                : Dictionary(
                    grouping: keys.indices.filter { keys[$0].keyIDBytes != nil }, by: { keys[$0].keyIDBytes ?? [] })
        }
    }

    private let content: Content

    /// The issuer that owns the keys. A ``JWTValidation`` of another issuer refuses the set (RFC 8725 §3.8).
    public var issuer: String { content.issuer }
    var issuerBytes: [UInt8] { content.issuerBytes }
    /// The identity of the set.
    public var identity: Identity { content.identity }
    /// The usable keys in the order of the document.
    public var keys: [JSONWebKey] { content.keys }
    /// The number of keys, from the first on, that a token without `kid` may select; see ``backed(by:)``.
    private var ownKeys: Int { content.ownKeys }
    /// The entries that are not used. One entry at most represents all entries beyond ``maximumKeys``.
    public var skipped: [Skipped] { content.skipped }
    /// The positions of the keys by `kid`, for a set that is too large for a linear search. Empty for a small set.
    private var positionsByKeyID: [[UInt8]: [Int]] { content.positionsByKeyID }

    private static let smallSet = 8
    /// The largest number of keys that are tried for one token. It bounds the cost of a repeated `kid`.
    private static let maximumTries = 4

    /// Parses and imports a key set.
    ///
    /// - Parameters:
    ///   - bytes: The document, at most 1 MiB.
    ///   - issuer: The issuer identifier of the authorization server that published it.
    public init(parsing bytes: [UInt8], issuer: String) throws(ParseError) {
        let document: JSONDocument
        do throws(JSONDocument.ParseError) {
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
            do throws(JSONWebKey.Defect) {
                keys.append(try JSONWebKey(entry))
            } catch {
                skipped.append(Skipped(index: index, reason: error))
            }
            index += 1
            return true
        }
        self.init(keys, skipped: skipped, issuer: issuer)
    }

    /// Makes a set of imported keys, such as keys from PEM.
    public init(_ keys: [JSONWebKey], issuer: String) {
        self.init(keys, skipped: [], issuer: issuer)
    }

    /// Returns this set with further keys appended. Only a token whose `kid` names a further key uses it.
    ///
    /// A further key without `kid`, or with a `kid` that this set has, is left out: this set has precedence. A token
    /// without `kid` selects among the keys of this set only, so that further keys never make it ambiguous.
    ///
    /// - Returns: This set with the same identity when no key is added.
    package func backed(by further: [JSONWebKey]) -> JSONWebKeySet {
        let known = Set(keys.compactMap(\.keyIDBytes))
        let added = further.filter { key in key.keyIDBytes.map { !known.contains($0) } ?? false }
        guard !added.isEmpty else { return self }
        return JSONWebKeySet(keys + added, ownKeys: ownKeys, skipped: skipped, issuer: issuer)
    }

    init(_ keys: [JSONWebKey], ownKeys: Int? = nil, skipped: [Skipped], issuer: String) {
        content = Content(keys, ownKeys: ownKeys ?? keys.count, skipped: skipped, issuer: issuer)
    }

    /// Tries the keys that the header of a JWS selects until one verifies its signature.
    ///
    /// - Returns: Whether one of them verified.
    /// - Throws: ``JOSEError/key(_:)`` if the header selects no key of this set, and
    ///   ``JOSEError/cryptographyUnavailable``.
    func verifies(
        _ signature: [UInt8], of jws: CompactJWS, _ algorithm: SignatureAlgorithm
    ) throws(JOSEError) -> Bool {
        guard let keyID = jws.header.keyID else {
            // Without `kid`, exactly one key must fit. Several keys are never tried.
            let fitting = keys[..<ownKeys].indices.filter { keys[$0].verification.verifies(algorithm) }
            guard fitting.count <= 1 else { throw .key(.ambiguous) }
            guard let only = fitting.first else { throw .key(.unknown) }
            return try verifies(keys[only].verification, signature, of: jws, algorithm)
        }
        // RFC 7517 §4.5: one `kid` may name keys of different types.
        var isKnown = false
        var tries = 0
        let header = jws.header.document
        for index in candidates(for: keyID, in: header) where isNamed(index, keyID, in: header) {
            isKnown = true
            let key = keys[index].verification
            guard tries < Self.maximumTries, key.verifies(algorithm) else { continue }
            tries += 1
            if try verifies(key, signature, of: jws, algorithm) { return true }
        }
        guard tries > 0 else { throw .key(isKnown ? .algorithmMismatch : .unknown) }
        return false
    }

    private func verifies(
        _ key: VerificationKey, _ signature: [UInt8], of jws: CompactJWS, _ algorithm: SignatureAlgorithm
    ) throws(JOSEError) -> Bool {
        try key.verifies(signature, over: jws.token, count: jws.signingInputCount, algorithm: algorithm)
    }

    /// The positions of the keys that may have this `kid`: all of a small set, which has no table.
    private func candidates(for keyID: Int, in header: JSONDocument) -> [Int] {
        guard keys.count > Self.smallSet else { return content.positions }
        return positionsByKeyID[header.root.node(at: keyID).stringBytes ?? []] ?? []
    }

    private func isNamed(_ index: Int, _ keyID: Int, in header: JSONDocument) -> Bool {
        guard let bytes = keys[index].keyIDBytes else { return false }
        return header.isString(at: keyID, bytes.span)
    }
}
