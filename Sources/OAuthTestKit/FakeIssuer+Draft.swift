public import JOSE
public import WireFormat

extension FakeIssuer {
    /// A token before it is signed: a good one, for a test to spoil.
    ///
    /// Any header parameter and any claim can be set, changed or removed (`draft.claims["exp"] = nil`); what JSON values
    /// cannot express (duplicate members, garbage) goes in as bytes, and what a thief does to a finished token as
    /// ``presentedHeader``, ``presentedPayload`` and ``signature``.
    public struct Draft: Sendable {
        /// What stands in the third part of the token.
        public enum Signature: Sendable, Hashable {
            /// The issuer's signature over what was signed.
            case good
            /// A signature by a key that is not the issuer's, of the same algorithm and under the same `kid`.
            case foreignKey
            /// The issuer's signature with one bit changed.
            case altered
            /// No signature at all.
            case empty
            /// These bytes.
            case bytes([UInt8])
        }

        /// The algorithm of the signature; the header's `alg` is independent of it.
        public let algorithm: SignatureAlgorithm
        /// The JOSE header.
        public var header: JSONDocument.Object
        /// The claims.
        public var claims: JSONDocument.Object
        /// Signed in the place of ``header`` when set: bytes of any kind.
        public var headerBytes: [UInt8]?
        /// Signed in the place of ``claims`` when set: bytes of any kind.
        public var payloadBytes: [UInt8]?
        /// Stands in the token in the place of the signed header when set.
        public var presentedHeader: [UInt8]?
        /// Stands in the token in the place of the signed payload when set.
        public var presentedPayload: [UInt8]?
        /// What stands in the third part.
        public var signature: Signature = .good

        /// `exp` in seconds since 1970; nil when it is absent or no number.
        public var expiresAt: Double? {
            get { claims["exp"]?.number?.double }
            set { claims["exp"] = newValue.flatMap(Self.numericDate) }
        }

        /// `iat` in seconds since 1970; nil when it is absent or no number.
        public var issuedAt: Double? {
            get { claims["iat"]?.number?.double }
            set { claims["iat"] = newValue.flatMap(Self.numericDate) }
        }

        /// `nbf` in seconds since 1970; nil when it is absent or no number.
        public var notBefore: Double? {
            get { claims["nbf"]?.number?.double }
            set { claims["nbf"] = newValue.flatMap(Self.numericDate) }
        }

        /// Changes the claims after they were signed.
        public mutating func tamper(_ edit: (inout JSONDocument.Object) -> Void) {
            var tampered = claims
            edit(&tampered)
            presentedPayload = JSONValue.object(tampered).encoded()
        }

        /// Makes the token unsecured: `alg: none` and an empty signature (RFC 7519 §6).
        public mutating func makeUnsecured() {
            header["alg"] = "none"
            signature = .empty
        }

        var signedHeader: [UInt8] { headerBytes ?? JSONValue.object(header).encoded() }
        var signedPayload: [UInt8] { payloadBytes ?? JSONValue.object(claims).encoded() }

        /// RFC 7519 §4.1.3: one audience is a string, several are an array.
        static func audience(_ resources: [String]) -> JSONValue {
            if resources.count == 1, let only = resources.first { return .string(only) }
            return .array(resources.map { .string($0) })
        }

        /// RFC 7519 §2: NumericDate, without a fraction where there is none.
        private static func numericDate(_ seconds: Double) -> JSONValue? {
            if let whole = Int64(exactly: seconds) { return .number(JSONDocument.Number(whole)) }
            return JSONDocument.Number(seconds).map { .number($0) }
        }
    }
}
