internal import WireFormat

/// One `WWW-Authenticate` challenge (RFC 6750 §3, RFC 9728 §5.1). The one builder of all of them.
///
/// Parameters stand in a fixed order: `realm`, `error`, `error_description`, `scope`, `resource_metadata`.
public struct BearerChallenge: Sendable, Hashable {
    /// RFC 6750 §3.1.
    public enum ErrorCode: String, Sendable, Hashable {
        /// The request is malformed: 400.
        case invalidRequest = "invalid_request"
        /// The access token is not acceptable: 401.
        case invalidToken = "invalid_token"
        /// The access token lacks scope: 403.
        case insufficientScope = "insufficient_scope"
    }

    /// Everything that a caller is ever told: fixed sentences. Nothing of a token, a key or a library is on the wire.
    public enum ErrorDescription: String, Sendable, Hashable, CaseIterable {
        /// For every refused token alike, so that nobody can tell the checks apart from outside.
        case invalidToken = "The access token is malformed, expired or not valid for this resource."
        /// For more than one `Authorization` field or credential.
        case repeatedCredentials = "The request carries more than one Authorization value."
        /// For a token in the query beside one in the header.
        case tokenInTwoPlaces = "The access token must be sent in the Authorization header only."
        /// For an `Authorization` field beyond the limit.
        case authorizationTooLong = "The Authorization value is too long."
        /// For a body from which the operation cannot be read.
        case unreadableOperation = "The body is not one plain JSON-RPC message or batch."
        /// For `Mcp-Method` and `Mcp-Name` fields beside another body.
        case headerMismatch = "The Mcp-Method or Mcp-Name field does not agree with the body."
        /// For a token without the scopes of the operation.
        case insufficientScope = "The operation needs scopes that the access token does not carry."
    }

    /// Text that can stand in a quoted-string: printable ASCII.
    public struct QuotableText: Sendable, Hashable, ExpressibleByStringLiteral {
        /// The text.
        public let text: String

        /// The text, or nil when it holds a control byte or non-ASCII.
        public init?(_ text: String) {
            guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
            self.text = text
        }

        /// A text written in the program; one that cannot be quoted is a programmer's mistake and stops the program.
        public init(stringLiteral text: StaticString) {
            guard let value = QuotableText(text.description) else {
                preconditionFailure("A challenge text literal must be printable ASCII.")
            }
            self = value
        }
    }

    /// The protection space; nil leaves it out.
    public var realm: QuotableText?
    /// The error; nil when the request carried no credentials (RFC 6750 §3.1).
    public var error: ErrorCode?
    /// The fixed sentence that goes with the error.
    public var errorDescription: ErrorDescription?
    /// What the operation needs, in the spelling to request; empty leaves it out.
    public var scope: ScopeSet
    /// The URL of the protected resource metadata; nil leaves it out.
    public var resourceMetadata: QuotableText?

    /// A Bearer challenge.
    public init(
        realm: QuotableText? = nil, error: ErrorCode? = nil, errorDescription: ErrorDescription? = nil,
        scope: ScopeSet = ScopeSet(), resourceMetadata: QuotableText? = nil
    ) {
        self.realm = realm
        self.error = error
        self.errorDescription = errorDescription
        self.scope = scope
        self.resourceMetadata = resourceMetadata
    }

    /// The value of the field.
    public var fieldValue: String {
        var parameters: [(name: String, value: String)] = []
        if let realm { parameters.append(("realm", realm.text)) }
        if let error { parameters.append(("error", error.rawValue)) }
        if let errorDescription { parameters.append(("error_description", errorDescription.rawValue)) }
        if !scope.isEmpty { parameters.append(("scope", scope.description)) }
        if let resourceMetadata { parameters.append(("resource_metadata", resourceMetadata.text)) }
        guard !parameters.isEmpty else { return "Bearer" }
        return "Bearer " + parameters.map { "\($0.name)=\(Self.quoted($0.value))" }.joined(separator: ", ")
    }

    /// RFC 9110 §5.6.4: a quoted-string, `"` and `\` escaped.
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
