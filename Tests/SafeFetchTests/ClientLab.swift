import HTTPMessages
import JOSE
import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Synchronization
import TokenVerification
import WireFormat

@testable import SafeFetch

/// An authorization server that finds a client on a hostile host, with the real fetcher for untrusted URLs.
///
/// Its clock stands still, so that no time limit but those of the policy ends a fetch.
final class ClientLab: DocumentFetcher {
    /// What the hostile host serves. For `keySet` the document of the client is good, and in memory.
    enum Part: String, CaseIterable, Sendable {
        case document
        case keySet
    }

    /// Why the client was not found or not authenticated.
    struct Refusal: Hashable {
        /// What the operator learns.
        let code: String?
        /// What the client learns.
        let oauthError: String
    }

    static let host = "client.example.com"
    static let local = AddressPolicy.Address.ipv4([127, 0, 0, 1])
    static let publicIPv4 = AddressPolicy.Address.ipv4([93, 184, 216, 34])
    static let privateIPv4 = AddressPolicy.Address.ipv4([10, 0, 0, 1])

    let clock = FakeClock()
    private let part: Part
    private let url: String
    private let clientID: String
    private let client: FakeIssuer
    private let network: CurlFetcher
    private let log = Mutex<[HTTPFields]>([])
    private let events = Mutex<[ClientMetadataEvent]>([])

    /// - Parameter url: The URL on the hostile host.
    init(_ part: Part, at url: String, _ policy: FetchPolicy) throws {
        self.part = part
        self.url = url
        network = try CurlFetcher(policy: policy)
        client = FakeIssuer("https://honest.example.com/client", algorithms: [.es256])
        clientID = part == .document ? url : client.url
    }

    /// A server whose certificate is good for the hostile host, at `/c`.
    convenience init(_ part: Part, on server: OpenSSLServer, change: (inout FetchPolicy) -> Void = { _ in }) throws {
        var policy = FetchPolicy.untrusted(
            ports: [server.port], certificateAuthorities: try CertificateAuthorityFile(path: server.authorityFile)
        ).patient
        policy.addressAdmittedForTests = Self.local
        policy.lookUp = { _ in [Self.local] }
        change(&policy)
        try self.init(part, at: "https://\(Self.host):\(server.port)/c", policy)
    }

    /// The fields of the requests to the hostile host.
    var requests: [HTTPFields] { log.withLock { $0 } }

    /// What a good host serves at the URL.
    var goodContent: [UInt8] {
        JSONValue.object(part == .document ? document : client.jwks).encoded()
    }

    /// A response with the good content, or another one.
    func response(_ fields: String = "", body: [UInt8]? = nil) -> [UInt8] {
        let body = body ?? goodContent
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\(fields)"
        return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private var document: JSONDocument.Object {
        var document: JSONDocument.Object = [
            "client_id": .string(clientID), "client_name": "App", "redirect_uris": ["https://app.example/cb"],
        ]
        if part == .keySet {
            document["token_endpoint_auth_method"] = "private_key_jwt"
            document["jwks_uri"] = .string(url)
        }
        return document
    }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        guard request.url.text == url else {
            var fields = HTTPFields()
            fields.append(.contentType, "application/json")
            return FetchedDocument(status: .ok, fields: fields, body: JSONValue.object(document).encoded())
        }
        log.withLock { $0.append(request.fields) }
        return try await network.fetch(request)
    }

    /// A server with empty caches.
    func resolver() throws -> ClientIDResolver {
        try ClientIDResolver(fetcher: self, clock: clock.monotonicClock) { [weak self] event in
            self?.events.withLock { $0.append(event) }
        }
    }

    /// Finds the client, and for `keySet` verifies an assertion of it. Nil when this succeeds.
    func refusal(_ resolver: ClientIDResolver) async throws -> Refusal? {
        let found: ResolvedClient
        do throws(ClientResolutionError) {
            found = try await resolver.client(clientID)
        } catch {
            return Refusal(code: error.code, oauthError: error.oauthError)
        }
        guard part == .keySet else { return nil }
        var draft = client.draft()
        draft.header["typ"] = nil
        draft.claims["iss"] = .string(clientID)
        draft.claims["sub"] = .string(clientID)
        draft.claims["aud"] = "https://as.example"
        draft.expiresAt = WallClock.system.now() + 60
        let text = try client.sign(draft)
        let verifier = try ClientAssertionVerifier(
            issuer: IssuerIdentifier("https://as.example"),
            tokenEndpoint: AbsoluteURL(parsing: "https://as.example/token"))
        let host = try AbsoluteURL(parsing: url).host
        let seen = events.withLock { $0.count }
        do throws(ClientAssertionError) {
            let assertion = try ClientAssertion(text, type: ClientAssertion.type, clientID: nil)
            try await verifier.verify(assertion, by: resolver.keys(of: found))
            return nil
        } catch {
            let failures = events.withLock { $0.dropFirst(seen) }.compactMap { event in
                if case .keysUnavailable(host, let failure) = event { failure.code } else { nil }
            }
            return Refusal(code: failures.last, oauthError: error.oauthError)
        }
    }

    /// The refusal that follows from an error of the fetcher. Keys that cannot be fetched are never the fault of the
    /// assertion, so that the client may come back with it.
    func refusal(for error: FetchError) -> Refusal {
        guard part == .document else {
            return Refusal(code: "fetch_" + error.code, oauthError: "temporarily_unavailable")
        }
        switch error {
        case .tooLarge: return Refusal(code: "document_too_large", oauthError: "invalid_client")
        case .notAllowed, .blockedAddress, .malformedResponse, .unsupportedEncoding:
            return Refusal(code: "document_fetch_" + error.code, oauthError: "invalid_client")
        default: return Refusal(code: "document_fetch_" + error.code, oauthError: "temporarily_unavailable")
        }
    }

    /// The longest time for which a failure may be remembered (POLICY §14: 30 s; for keys, the longest pause).
    func passFailureTime() {
        clock.advance(by: part == .document ? .seconds(30) : RemoteKeySet.Limits.longestBackOff * 2)
    }
}
