import HTTPMessages
import OAuthMetadata
import SafeFetch
import WireFormat

extension Login {
    /// Gets the identifier of the client: the given one, that of a document, or a registered one.
    ///
    /// - Parameter secret: The secret of a known client, which was read from standard input.
    func identify(for found: Found, secret: String?) async throws(LoginFault) -> Identity {
        let server = found.server
        switch options.client {
        case .known(let id, _):
            say("the client is \(DisplayText.line(id))")
            let methods = server.tokenEndpointAuthMethodsSupported
            // RFC 8414 §2: the default is client_secret_basic.
            let inForm = !methods.isEmpty && !methods.contains { $0.hasSameBytes(as: "client_secret_basic") }
            return Identity(clientID: id, secret: secret, sendsSecretInForm: inForm)
        case .document(let url):
            guard server.clientIDMetadataDocumentSupported == true else {
                throw LoginFault(
                    "client_document_unsupported",
                    "The authorization server does not say client_id_metadata_document_supported.",
                    "draft-ietf-oauth-client-id-metadata-document §6",
                    fix: "Leave out --client-id-url to register, or switch the documents on at the server.")
            }
            say("the client is the document at \(DisplayText.line(url.text))")
            return Identity(clientID: url.text, secret: nil, sendsSecretInForm: false)
        case .registered: return try await register(at: server, scopesToRegister(found))
        }
    }

    /// Registers a client (RFC 7591), without a secret if the server has such clients.
    ///
    /// - Parameter scope: RFC 7591 §2: some servers let a client ask only for scopes that it has registered.
    private func register(
        at server: AuthorizationServerMetadata, _ scope: ScopeSet
    ) async throws(LoginFault) -> Identity {
        guard let endpoint = server.registrationEndpoint else {
            throw LoginFault(
                .clientRegistration,
                "There is no registration_endpoint, and neither --client-id nor --client-id-url was given.")
        }
        let method = Self.method(of: server)
        var metadata: JSONDocument.Object = [
            "client_name": "mcp-auth", "redirect_uris": [.string(redirectURI)],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": .string(method), "application_type": "native",
        ]
        if !scope.isEmpty { metadata["scope"] = .string(scope.description) }
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        let answer = try await read(
            client.network.answer(
                to: ClientExchange(
                    endpoint, .post(JSONValue.object(metadata).encoded(), as: .json), fields: fields,
                    maximumBodyBytes: ClientNetwork.maximumBodyBytes)), endpoint)
        let object = (try? JSONValue(parsing: answer.body))?.object
        // RFC 7591 §3.2.1: 201. Some servers answer 200.
        guard [201, 200].contains(answer.status.code), let id = object?["client_id"]?.string, !id.isEmpty else {
            let error = object?["error"]?.string.map { " It says \(DisplayText.line($0))" } ?? ""
            let description = object?["error_description"]?.string.map { ": \(DisplayText.line($0))" } ?? ""
            throw LoginFault(
                "registration_refused",
                "\(place(endpoint)) answered \(answer.status.code).\(error)\(error.isEmpty ? "" : description + ".")",
                "RFC 7591 §3.2.2",
                fix: "Let the server register public clients with loopback redirect URIs, or give --client-id.")
        }
        say("registered as the client \(DisplayText.line(id))")
        // RFC 7591 §3.2.1: the server may have chosen another method than the one that was asked for.
        let chosen = object?["token_endpoint_auth_method"]?.string ?? method
        let secret = object?["client_secret"]?.string
        return Identity(
            clientID: id, secret: chosen == "none" ? nil : secret,
            sendsSecretInForm: chosen.hasSameBytes(as: "client_secret_post"))
    }

    /// The authentication method to register for: none, unless the server lists only methods with a secret.
    private static func method(of server: AuthorizationServerMetadata) -> String {
        let listed = server.tokenEndpointAuthMethodsSupported
        let known = ["none", "client_secret_basic", "client_secret_post"]
        return known.first { method in listed.contains { $0.hasSameBytes(as: method) } } ?? "none"
    }
}
