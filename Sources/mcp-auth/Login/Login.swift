import HTTPMessages
import JOSE
import OAuthMetadata
import SafeFetch
import WireFormat

/// Logs in to a protected MCP server as a client does: from the 401 to the token.
///
/// ``discover()`` finds the authorization server, ``identify()`` gets a client identifier, and ``authorize(asking:)``
/// gets a token through the browser. Each step is shown when it has happened.
struct Login {
    /// What the steps have found.
    struct Found {
        let resource: ProtectedResourceMetadata
        let server: AuthorizationServerMetadata
        /// The scopes of the challenge.
        let challenged: ScopeSet?
    }

    /// How the client is known to the authorization server.
    struct Identity {
        let clientID: String
        let secret: String?
        /// Whether the secret goes into the form instead of the header.
        let sendsSecretInForm: Bool
    }

    let client: MCPClient
    let options: LoginOptions
    let receiver: CallbackReceiver
    /// The redirect URI with the port that this program listens on.
    let redirectURI: String
    /// Shows a step.
    let say: (String) -> Void
    /// Opens a URL in a browser; false when that is not possible.
    let openBrowser: (String) async -> Bool

    private var network: ClientNetwork { client.network }

    /// The hosts whose http URLs are accepted: this machine, when the server is on it, and those that the user allows.
    private var insecureHTTP: InsecureHTTP {
        if !network.permissions.privateHosts.isEmpty { return .dangerouslyAnyHost }
        return client.endpoint.isLoopback ? .loopback : .never
    }

    // MARK: Discovery

    /// Calls the server without a token, and follows the challenge.
    func discover() async throws(LoginFault) -> Found {
        let answer = try await read(client.post(MCPClient.initialize), client.endpoint)
        guard answer.status == .unauthorized else {
            throw LoginFault(
                answer.status.code < 300 ? .protected : .unauthenticated,
                "\(place(client.endpoint)) answered \(answer.status) to a request without a token.")
        }
        var challenge: AuthenticationChallenge.Bearer?
        do throws(AuthenticationChallenges.ParseError) {
            challenge = try AuthenticationChallenges(
                parsing: answer.fields.values(of: .wwwAuthenticate).map(\.bytes)
            ).bearer.first
        } catch {
            throw LoginFault(.challengeGrammar, "WWW-Authenticate is malformed (\(error.code)).")
        }
        say("the server answers 401\(challenge?.scope.map { ", and asks for \($0.description)" } ?? "")")
        let resource = try await resource(challenge)
        let server = try await server(of: resource)
        return Found(resource: resource, server: server, challenged: challenge?.scope)
    }

    private func resource(
        _ challenge: AuthenticationChallenge.Bearer?
    ) async throws(LoginFault) -> ProtectedResourceMetadata {
        var places: [ChallengedResource] = []
        do throws(ChallengedResource.Fault) {
            if let challenge, challenge.resourceMetadata != nil {
                places = [
                    try ChallengedResource(calling: client.endpoint, challenge: challenge, insecureHTTP: insecureHTTP)
                ]
            } else {
                places = try ChallengedResource.wellKnown(calling: client.endpoint, insecureHTTP: insecureHTTP)
            }
        } catch {
            throw LoginFault(.metadataURL, "The URL of the metadata is not acceptable (\(error.code)).")
        }
        var last = LoginFault(.metadataFound, "There is no metadata of the resource.")
        for place in places {
            let answer = try await read(network.document(at: place.metadataURL), place.metadataURL)
            guard answer.status == .ok else {
                last = LoginFault(.metadataFound, "\(self.place(place.metadataURL)) answered \(answer.status).")
                continue
            }
            do throws(MetadataError) {
                let metadata = try place.metadata(parsing: answer.body, accepting: .parent)
                say("the metadata of the resource is at \(self.place(place.metadataURL))")
                return metadata
            } catch {
                let rule: DoctorRule = error == .identifierMismatch ? .resourceEqual : .metadataValid
                last = LoginFault(
                    rule, "\(self.place(place.metadataURL)) has a document that clients refuse (\(error)).")
            }
        }
        throw last
    }

    private func server(of resource: ProtectedResourceMetadata) async throws(LoginFault) -> AuthorizationServerMetadata
    {
        guard let issuer = resource.authorizationServers.first else {
            throw LoginFault(.authorizationServers, "authorization_servers is missing or empty.")
        }
        var reasons: [String] = []
        for url in issuer.metadataURLs {
            let answer = try await read(network.document(at: url), url)
            guard answer.status == .ok else {
                reasons.append("\(place(url)): \(answer.status)")
                continue
            }
            let metadata: AuthorizationServerMetadata
            do throws(MetadataError) {
                metadata = try AuthorizationServerMetadata(parsing: answer.body, expecting: issuer)
            } catch {
                guard error != .identifierMismatch else {
                    throw LoginFault(.issuerEqual, "\(place(url)) is the document of another issuer.")
                }
                reasons.append("\(place(url)): not a metadata document")
                continue
            }
            say("the authorization server is \(DisplayText.line(issuer.text))")
            try check(metadata)
            return metadata
        }
        throw LoginFault(.serverFound, "No location has the metadata. \(reasons.joined(separator: "; ")).")
    }

    /// Refuses a server with which a login cannot work, or is not safe.
    private func check(_ metadata: AuthorizationServerMetadata) throws(LoginFault) {
        let rules: [(DoctorRule, [AuthorizationServerMetadata.MCPFault])] = [
            (.codeFlow, [.codeResponseTypeMissing, .authorizationCodeGrantMissing]),
            (.s256, [.codeChallengeMethodsMissing, .s256Missing]),
        ]
        for fault in metadata.mcpFaults(insecureHTTP: insecureHTTP) where fault.consequence == .refuses {
            if fault == .clientRegistrationMissing { continue }
            let rule = rules.first { $0.1.contains(fault) }?.0 ?? .endpoints
            throw LoginFault(rule, fault.sentence)
        }
    }

    // MARK: For all steps

    func place(_ url: AbsoluteURL) -> String { DisplayText.line(url.text) }

    /// The answer of a request, or a fault that says why there is none.
    func read(
        _ answer: Result<FetchedDocument, FetchError>, _ url: AbsoluteURL
    ) throws(LoginFault) -> FetchedDocument {
        switch answer {
        case .success(let document): return document
        case .failure(let error):
            throw LoginFault(.reachable, "\(place(url)): \(error.explanation) (\(error.code)).")
        }
    }
}
