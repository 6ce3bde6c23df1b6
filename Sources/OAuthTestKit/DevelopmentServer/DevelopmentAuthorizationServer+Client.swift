internal import JOSE
internal import WireFormat

extension DevelopmentAuthorizationServer {
    /// How a client authenticates at the token endpoint (RFC 7591 §2).
    public enum ClientAuthentication: String, Sendable, Hashable, CaseIterable {
        /// A public client: no secret, PKCE instead.
        case none
        /// The secret in an `Authorization: Basic` field (RFC 6749 §2.3.1).
        case clientSecretBasic = "client_secret_basic"
        /// The secret as a form parameter (RFC 6749 §2.3.1).
        case clientSecretPost = "client_secret_post"
    }
}

extension DevelopmentAuthorizationServer {
    /// A grant type of the development authorization server (RFC 7591 §2).
    public enum GrantType: String, Sendable, Hashable, CaseIterable {
        /// RFC 6749 §4.1, with PKCE.
        case authorizationCode = "authorization_code"
        /// RFC 6749 §6, with rotation.
        case refreshToken = "refresh_token"
        /// RFC 6749 §4.4.
        case clientCredentials = "client_credentials"
    }
}

extension DevelopmentAuthorizationServer {
    /// What a client that was registered in the program authenticates with.
    public struct Client: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// The `client_id`.
        public let clientID: String
        /// The secret; nil for a public client.
        public let clientSecret: String?
        /// How it authenticates.
        public let authentication: DevelopmentAuthorizationServer.ClientAuthentication

        /// The client's name, without the secret.
        public var description: String { "DevelopmentAuthorizationServer.Client(\(clientID))" }
        /// The client's name, without the secret.
        public var debugDescription: String { description }
        /// Shows the client's name, without the secret.
        public var customMirror: Mirror { Mirror(self, children: ["clientID": clientID]) }
    }
}

/// A client that the development authorization server knows. Of its secret only the digest is kept.
struct RegisteredClient: Sendable {
    let id: String
    let authentication: DevelopmentAuthorizationServer.ClientAuthentication
    let grantTypes: Set<DevelopmentAuthorizationServer.GrantType>
    let redirectURIs: [RedirectURI]
    let secretDigest: [UInt8]?

    init(
        id: String, authentication: DevelopmentAuthorizationServer.ClientAuthentication,
        grantTypes: Set<DevelopmentAuthorizationServer.GrantType>, redirectURIs: [RedirectURI],
        secret: String?
    ) {
        self.id = id
        self.authentication = authentication
        self.grantTypes = grantTypes
        self.redirectURIs = redirectURIs
        secretDigest = secret.map { Digest.sha256(Array($0.utf8)) }
    }

    /// Compares digests in constant time, so that an answer's timing tells nothing about the secret.
    func hasSecret(_ presented: String) -> Bool {
        guard let secretDigest else { return false }
        return ConstantTime.equals(Digest.sha256(Array(presented.utf8)), secretDigest)
    }
}
