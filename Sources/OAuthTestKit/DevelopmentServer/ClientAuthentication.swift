internal import HTTPMessages
internal import OAuthClientMetadata
internal import OAuthMetadata
internal import WireFormat

/// How the client of a token request identifies and authenticates itself (RFC 6749 §2.3, §3.2.1).
struct ClientAuthentication: Sendable {
    private let method: DevelopmentAuthorizationServer.ClientAuthentication
    private let clientID: String
    private let secret: String?
    private let assertion: ClientAssertion?

    /// Whether the request has an `Authorization: Basic` field, well-formed or not. A refusal then has a challenge.
    static func isBasic(_ fields: HTTPFields) -> Bool {
        fields.values(of: .authorization).contains { ASCII.equalsIgnoringCase($0.bytes.prefix(5), "basic".utf8) }
    }

    /// Reads the client's credentials from the `Authorization` field or from the form; both at once are refused.
    init(fields: HTTPFields, form: FormParameters) throws(Refusal) {
        let formID = try form.optional("client_id")
        let formSecret = try form.optional("client_secret")
        if let text = try form.optional("client_assertion") {
            // RFC 6749 §2.3: at most one method in a request.
            guard fields.occurrence(of: .authorization) == .absent, formSecret == nil else {
                throw .severalAuthenticationMethods
            }
            let type = try form.optional("client_assertion_type") ?? ""
            guard let assertion = try? ClientAssertion(text, type: type, clientID: formID) else {
                throw .assertionNotAcceptable
            }
            method = .privateKeyJWT
            clientID = assertion.clientID
            secret = nil
            self.assertion = assertion
            return
        }
        assertion = nil
        switch fields.occurrence(of: .authorization) {
        case .repeated:
            throw .severalAuthenticationMethods
        case .once(let value):
            // RFC 6749 §2.3: at most one method in a request. A `client_id` without a secret is not a method.
            guard formSecret == nil else { throw .severalAuthenticationMethods }
            let (id, secret) = try Self.parseBasic(value.bytes)
            if let formID {
                guard formID.hasSameBytes(as: id) else { throw .severalAuthenticationMethods }
            }
            method = .clientSecretBasic
            clientID = id
            self.secret = secret
        case .absent:
            guard let formID else { throw .clientMissing }
            method = formSecret == nil ? .none : .clientSecretPost
            clientID = formID
            secret = formSecret
        }
    }

    /// Finds the client and checks its secret or its assertion. The method must be the one that the client registered.
    func client(
        in clients: ClientDirectory, verifier: ClientAssertionVerifier
    ) async throws(Refusal) -> RegisteredClient {
        let client = try await clients.client(clientID)
        guard client.authentication == method else { throw .wrongAuthenticationMethod }
        switch method {
        case .none: break
        case .clientSecretBasic, .clientSecretPost:
            guard let secret, client.hasSecret(secret) else { throw .wrongSecret }
        case .privateKeyJWT:
            guard let assertion else { throw .assertionNotAcceptable }
            do throws(ClientAssertionError) {
                try await verifier.verify(
                    assertion, by: client.keys, algorithm: client.resolved?.document.signingAlgorithm)
            } catch .unavailable {
                throw .assertionUndecided
            } catch {
                throw .assertionNotAcceptable
            }
        }
        return client
    }

    /// Parses `Basic` 1*SP base64(form-urlencoded id ":" form-urlencoded secret) (RFC 7617 §2, RFC 6749 §2.3.1).
    private static func parseBasic(_ value: [UInt8]) throws(Refusal) -> (id: String, secret: String) {
        guard ASCII.equalsIgnoringCase(value.prefix(6), "basic ".utf8) else { throw .malformedCredentials }
        let token = Array(value.dropFirst(6).drop { $0 == 0x20 })
        guard let decoded = Base64.decode(token.span), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let id = FormParameters.decode(decoded[..<colon]), !id.isEmpty,
            let secret = FormParameters.decode(decoded[(colon + 1)...])
        else { throw .malformedCredentials }
        return (id, secret)
    }
}
