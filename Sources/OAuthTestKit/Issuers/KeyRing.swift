internal import JOSE
internal import WireFormat

/// The keys of a fake issuer, present and past.
struct KeyRing: Sendable {
    let issuer: String
    private(set) var current: [SigningKey]
    private(set) var retired: [SigningKey]
    var foreign: [SigningKey] = []
    /// The public keys as the guard imports them. They are imported once, not for each token.
    private(set) var imported: JSONWebKeySet

    init(issuer: String, current: [SigningKey], retired: [SigningKey] = []) throws(TestKitError) {
        self.issuer = issuer
        self.current = current
        self.retired = retired
        let document = JSONValue.object(Self.jwks(current + retired)).encoded()
        guard let set = try? JSONWebKeySet(parsing: document, issuer: issuer) else { throw .keyGenerationFailed }
        imported = set
    }

    var jwks: JSONDocument.Object { Self.jwks(current + retired) }

    private static func jwks(_ keys: [SigningKey]) -> JSONDocument.Object {
        ["keys": .array(keys.map { .object($0.publicJWK) })]
    }

    /// Makes `keys` the current ones.
    mutating func replace(by keys: [SigningKey], _ oldKeys: FakeIssuer.OldKeys) throws(TestKitError) {
        let retired =
            switch oldKeys {
            case .keep: current + self.retired
            case .drop: [SigningKey]()
            }
        var rotated = try KeyRing(issuer: issuer, current: keys, retired: retired)
        rotated.foreign = foreign
        self = rotated
    }

    /// No new key has the `kid` of an earlier one, so that a server with the earlier keys looks for the new ones.
    static func makeKeys(_ algorithms: [SignatureAlgorithm]) throws(TestKitError) -> [SigningKey] {
        var keys: [SigningKey] = []
        for algorithm in algorithms {
            guard let key = try? SigningKey.generate(algorithm, .thumbprint) else { throw .keyGenerationFailed }
            keys.append(key)
        }
        return keys
    }
}
