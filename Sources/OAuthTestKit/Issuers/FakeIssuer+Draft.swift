public import JOSE
public import WireFormat

extension FakeIssuer {
    /// A good token before it is signed, which a test can give defects.
    ///
    /// Any header parameter and any claim can be set, changed or removed (`draft.claims["exp"] = nil`). Content that
    /// JSON values cannot express (duplicate members, garbage) is set as bytes. Changes that an attacker makes to a
    /// finished token are set as ``presentedHeader``, ``presentedPayload`` and ``signature``.
    public struct Draft: Sendable {
        /// The content of the third part of the token.
        public enum Signature: Sendable, Hashable {
            /// The issuer's signature over what was signed.
            case good
            /// A signature of the same algorithm and under the same `kid`, by a key that the issuer does not own.
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
        /// If set, signed instead of ``header``. Any bytes are possible.
        public var headerBytes: [UInt8]?
        /// If set, signed instead of ``claims``. Any bytes are possible.
        public var payloadBytes: [UInt8]?
        /// If set, the token contains these bytes instead of the signed header.
        public var presentedHeader: [UInt8]?
        /// If set, the token contains these bytes instead of the signed payload.
        public var presentedPayload: [UInt8]?
        /// The content of the third part.
        public var signature: Signature = .good

        /// `exp` in seconds since 1970; nil if it is absent or not a number.
        public var expiresAt: Double? {
            get { claims["exp"]?.number?.double }
            set { claims["exp"] = newValue.flatMap(Self.numericDate) }
        }

        /// `iat` in seconds since 1970; nil if it is absent or not a number.
        public var issuedAt: Double? {
            get { claims["iat"]?.number?.double }
            set { claims["iat"] = newValue.flatMap(Self.numericDate) }
        }

        /// `nbf` in seconds since 1970; nil if it is absent or not a number.
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

        /// The `aud` claim. RFC 7519 §4.1.3: one audience is a string, several are an array.
        static func audience(_ resources: [String]) -> JSONValue {
            if resources.count == 1, let only = resources.first { return .string(only) }
            return .array(resources.map { .string($0) })
        }

        /// A NumericDate (RFC 7519 §2). A whole number of seconds is written without a fraction.
        static func numericDate(_ seconds: Double) -> JSONValue? {
            if let whole = Int64(exactly: seconds) { return .number(JSONDocument.Number(whole)) }
            return JSONDocument.Number(seconds).map { .number($0) }
        }
    }
}
