extension DevelopmentAuthorizationServer {
    /// How a client authenticates at the token endpoint (RFC 7591 §2).
    public enum ClientAuthentication: String, Sendable, Hashable, CaseIterable {
        /// A public client: it has no secret and uses PKCE.
        case none
        /// The client sends its secret in an `Authorization: Basic` field (RFC 6749 §2.3.1).
        case clientSecretBasic = "client_secret_basic"
        /// The client sends its secret as a form parameter (RFC 6749 §2.3.1).
        case clientSecretPost = "client_secret_post"
        /// The client signs an assertion with a key of its own (RFC 7523). Only for clients that register themselves,
        /// or that have a client ID metadata document.
        case privateKeyJWT = "private_key_jwt"
    }
}

extension DevelopmentAuthorizationServer {
    /// A grant type of the development authorization server (RFC 7591 §2).
    public enum GrantType: String, Sendable, Hashable, CaseIterable {
        /// The authorization code grant with PKCE (RFC 6749 §4.1).
        case authorizationCode = "authorization_code"
        /// The refresh token grant with rotation (RFC 6749 §6).
        case refreshToken = "refresh_token"
        /// The client credentials grant (RFC 6749 §4.4).
        case clientCredentials = "client_credentials"
    }
}

extension DevelopmentAuthorizationServer {
    /// The credentials of a client that the program registered.
    public struct Client: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// The `client_id`.
        public let clientID: String
        /// The secret; nil for a public client.
        public let clientSecret: String?
        /// How the client authenticates.
        public let authentication: DevelopmentAuthorizationServer.ClientAuthentication

        /// The `client_id`, without the secret.
        public var description: String { "DevelopmentAuthorizationServer.Client(\(clientID))" }
        /// The `client_id`, without the secret.
        public var debugDescription: String { description }
        /// Shows the `client_id`, without the secret.
        public var customMirror: Mirror { Mirror(self, children: ["clientID": clientID]) }
    }
}
