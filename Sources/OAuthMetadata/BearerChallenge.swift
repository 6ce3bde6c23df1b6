internal import WireFormat

/// A Bearer challenge to send in `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1, RFC 9470 §3). All challenges of this
/// library are built here, those of the scheme DPoP through a ``DPoPChallenge``.
///
/// The parameters have a fixed order: `realm`, `error`, `error_description`, `scope`, `resource_metadata`,
/// `acr_values`, `max_age`.
public struct BearerChallenge: Sendable, Hashable {
    /// The error codes of RFC 6750 §3.1, RFC 9470 §3 and RFC 9449 §7.1.
    public enum ErrorCode: String, Sendable, Hashable {
        /// The request is malformed; status 400.
        case invalidRequest = "invalid_request"
        /// The access token is not acceptable; status 401.
        case invalidToken = "invalid_token"
        /// The access token does not have the required scopes; status 403.
        case insufficientScope = "insufficient_scope"
        /// The user must log in again, or in another way; status 401.
        case insufficientUserAuthentication = "insufficient_user_authentication"
        /// The DPoP proof is not acceptable; status 401. Only in a ``DPoPChallenge``.
        case invalidDPoPProof = "invalid_dpop_proof"
        /// The DPoP proof must contain the nonce of the field `DPoP-Nonce`; status 401. Only in a ``DPoPChallenge``.
        case useDPoPNonce = "use_dpop_nonce"
    }

    /// All explanations that a client can receive. They are fixed sentences, so that a response never contains data of
    /// a token, a key or a library error.
    public enum ErrorDescription: String, Sendable, Hashable, CaseIterable {
        /// For every refused token. One sentence for all reasons does not reveal which check failed.
        case invalidToken = "The access token is malformed, expired or not valid for this resource."
        /// For a request whose method, target or fields are not allowed in HTTP.
        case malformedHead = "The method, the target or a field of the request is malformed."
        /// For a request with more than one `Authorization` field or credential.
        case repeatedCredentials = "The request carries more than one Authorization value."
        /// For a request with a token in the query and one in the header.
        case tokenInTwoPlaces = "The access token must be sent in the Authorization header only."
        /// For an `Authorization` field that is longer than the limit.
        case authorizationTooLong = "The Authorization value is too long."
        /// For a body from which the operation cannot be read.
        case unreadableOperation = "The body is not one plain JSON-RPC message or batch."
        /// For `Mcp-Method` and `Mcp-Name` fields that differ from the body.
        case headerMismatch = "The Mcp-Method or Mcp-Name field does not agree with the body."
        /// For a token without the scopes that the operation requires.
        case insufficientScope = "The operation needs scopes that the access token does not carry."
        /// For a request whose client certificate, in the field of a proxy, is there twice or malformed.
        case unreadableCertificate = "The client certificate of the request cannot be read."
        /// For a token whose user was authenticated too long ago, or in another way than the operation requires.
        case insufficientAuthentication = "The operation needs a more recent or another authentication of the user."
        /// For every refused DPoP proof.
        case invalidProof = "The DPoP proof is missing, malformed, not recent, used before or for another request."
        /// For a DPoP proof without a recent nonce of this server.
        case nonceNeeded = "The DPoP proof must contain the nonce of the DPoP-Nonce field."
    }

    /// A text for a quoted-string: printable ASCII.
    public struct QuotableText: Sendable, Hashable, ExpressibleByStringLiteral {
        /// The text.
        public let text: String

        /// Makes a text. Returns nil when it contains a control or non-ASCII character.
        public init?(_ text: String) {
            guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
            self.text = text
        }

        /// Makes a text from a literal. A literal with a control or non-ASCII character is a programming error and
        /// stops the program.
        public init(stringLiteral text: StaticString) {
            guard let value = QuotableText(text.description) else {
                preconditionFailure("A challenge text literal must be printable ASCII.")
            }
            self = value
        }
    }

    /// The protection space; nil leaves it out.
    public var realm: QuotableText?
    /// The error code; nil when the request has no credentials (RFC 6750 §3.1).
    public var error: ErrorCode?
    /// The explanation of the error; nil leaves it out.
    public var errorDescription: ErrorDescription?
    /// The scopes that the operation requires, spelled as clients request them; empty leaves them out.
    public var scope: ScopeSet
    /// The URL of the protected resource metadata; nil leaves it out.
    public var resourceMetadata: QuotableText?
    /// The values of `acr` of which the token needs one, in order of preference (RFC 9470 §3); empty leaves them out. A
    /// value that is empty, or has other bytes than printable ASCII without space, quote and backslash, is not sent.
    public var acrValues: [String]
    /// How many seconds ago the user may have been authenticated (RFC 9470 §3), 0 or more; nil leaves it out.
    public var maximumAge: Int?

    /// Makes a Bearer challenge.
    public init(
        realm: QuotableText? = nil, error: ErrorCode? = nil, errorDescription: ErrorDescription? = nil,
        scope: ScopeSet = ScopeSet(), resourceMetadata: QuotableText? = nil, acrValues: [String] = [],
        maximumAge: Int? = nil
    ) {
        self.realm = realm
        self.error = error
        self.errorDescription = errorDescription
        self.scope = scope
        self.resourceMetadata = resourceMetadata
        self.acrValues = acrValues
        self.maximumAge = maximumAge
    }

    /// The value of the `WWW-Authenticate` field.
    public var fieldValue: String { fieldValue(scheme: "Bearer", further: []) }

    /// The value of the field with another scheme, and parameters that only this scheme has.
    func fieldValue(scheme: String, further: [(name: String, value: String)]) -> String {
        var parameters: [(name: String, value: String)] = []
        if let realm { parameters.append(("realm", realm.text)) }
        if let error { parameters.append(("error", error.rawValue)) }
        if let errorDescription { parameters.append(("error_description", errorDescription.rawValue)) }
        if !scope.isEmpty { parameters.append(("scope", scope.description)) }
        if let resourceMetadata { parameters.append(("resource_metadata", resourceMetadata.text)) }
        // The characters of an acr value are those of a scope.
        let values = acrValues.filter { ScopeSet([$0]) != nil }
        if !values.isEmpty { parameters.append(("acr_values", values.joined(separator: " "))) }
        if let maximumAge { parameters.append(("max_age", String(max(maximumAge, 0)))) }
        parameters += further
        guard !parameters.isEmpty else { return scheme }
        return scheme + " " + parameters.map { "\($0.name)=\(Self.quoted($0.value))" }.joined(separator: ", ")
    }

    /// RFC 9110 §5.6.4: a quoted-string, in which `"` and `\` are escaped.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [0x22]
        for byte in text.utf8 {
            if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
            bytes.append(byte)
        }
        bytes.append(0x22)
        return String(decoding: bytes, as: UTF8.self)
    }
}
