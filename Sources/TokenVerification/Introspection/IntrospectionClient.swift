internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// This server as a client of the introspection endpoint: its credentials in a request.
struct IntrospectionClient: Sendable {
    /// The value of `client_assertion_type` (RFC 7523 §2.2).
    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    private let credentials: IntrospectionConfiguration.Credentials
    private let issuer: String
    private let clock: WallClock

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - credentials: The credentials.
    ///   - issuer: The authorization server.
    ///   - clock: The time of day, for client assertions.
    init(_ credentials: IntrospectionConfiguration.Credentials, of issuer: String, clock: WallClock) {
        self.credentials = credentials
        self.issuer = issuer
        self.clock = clock
    }

    /// The client with the method that the metadata wants; nil when it lists no method for the credentials.
    func chosen(by metadata: AuthorizationServerMetadata) -> IntrospectionClient? {
        credentials.chosen(by: metadata).map { IntrospectionClient($0, of: issuer, clock: clock) }
    }

    /// The fields of a request. ``chosen(by:)`` comes first.
    var fields: HTTPFields {
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        if let authorization = credentials.authorization { fields.append(.authorization, authorization) }
        return fields
    }

    /// The form parameters to append after the token, with a leading `&`; empty for credentials in the header. Each
    /// call makes another assertion.
    ///
    /// - Parameter endpoint: The URL to which they are sent.
    /// - Throws: ``JOSE/JOSEError/cryptographyUnavailable``.
    func formParameters(for endpoint: AbsoluteURL) throws(JOSEError) -> String {
        switch credentials {
        case .basic, .bearer, .discovered: return ""
        case .post(let clientID, let secret):
            return "&client_id=" + PercentEncoding.encode(clientID) + "&client_secret="
                + PercentEncoding.encode(secret.text)
        case .privateKeyJWT(let clientID, let key, let audience):
            let audience =
                switch audience {
                case .issuer: issuer
                case .endpoint: endpoint.text
                case .exactly(let text): text
                }
            let assertion = try key.assertion(by: clientID, to: audience, at: clock.now())
            return "&client_id=" + PercentEncoding.encode(clientID) + "&client_assertion_type="
                + PercentEncoding.encode(Self.assertionType) + "&client_assertion=" + assertion
        }
    }
}
