import HTTPMessages
import JOSE
import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// POLICY §9 ◆: `private_key_jwt` at the introspection endpoint. The endpoint of these tests verifies the assertions.
@Suite("Introspection with a client assertion", .timeLimit(.minutes(5)))
struct IntrospectionAssertionTests {
    private static let issuer = "https://login.example.com"
    private static let endpoint = issuer + "/introspect"
    private static let clientID = "rs 1"
    private static let resource = "https://mcp.example.com/mcp"

    /// An authorization server: its metadata, and an endpoint that answers only good assertions.
    private final class Server: DocumentFetcher {
        let verifier: ClientAssertionVerifier
        let keys: any KeySource
        let metadata: JSONDocument.Object
        private let log = Mutex<[(form: [String: String], fields: HTTPFields, error: ClientAssertionError?)]>([])

        init(
            _ key: ClientAssertionKey, _ clock: FakeClock, metadata: JSONDocument.Object = [:],
            audience: String = IntrospectionAssertionTests.issuer
        ) throws {
            // The endpoint of the verifier is the one audience that the test expects beside the issuer.
            verifier = try ClientAssertionVerifier(
                issuer: IssuerIdentifier(
                    audience == IntrospectionAssertionTests.issuer ? audience : "https://none.example"),
                tokenEndpoint: AbsoluteURL(parsing: audience), clock: clock.wallClock)
            keys = StaticKeySource(
                try JSONWebKeySet(
                    parsing: JSONValue.object(key.publicKeySet).encoded(), issuer: IntrospectionAssertionTests.clientID)
            )
            self.metadata = metadata
        }

        var requests: [(form: [String: String], fields: HTTPFields, error: ClientAssertionError?)] {
            log.withLock { $0 }
        }

        func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
            guard case .postForm(let body) = request.method else {
                var document = metadata
                document["issuer"] = .string(IntrospectionAssertionTests.issuer)
                return Self.json(document)
            }
            var form: [String: String] = [:]
            for pair in body.split(separator: UInt8(ascii: "&")) {
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1)
                    .map { PercentEncoding.decode($0, plus: .space).map { String(decoding: $0, as: UTF8.self) } ?? "" }
                guard parts.count == 2, form.updateValue(parts[1], forKey: parts[0]) == nil else { throw .notAllowed }
            }
            var error: ClientAssertionError?
            do throws(ClientAssertionError) {
                let assertion = try ClientAssertion(
                    form["client_assertion"] ?? "", type: form["client_assertion_type"] ?? "",
                    clientID: form["client_id"])
                try await verifier.verify(assertion, by: keys)
            } catch let refusal {
                error = refusal
            }
            log.withLock { [form, error] in $0.append((form, request.fields, error)) }
            guard error == nil else { return FetchedDocument(status: .unauthorized, body: []) }
            return Self.json(["active": true, "aud": .string(IntrospectionAssertionTests.resource), "sub": "alice"])
        }

        private static func json(_ object: JSONDocument.Object) -> FetchedDocument {
            var fields = HTTPFields()
            fields.append(.contentType, "application/json")
            return FetchedDocument(status: .ok, fields: fields, body: JSONValue.object(object).encoded())
        }
    }

    private let clock = FakeClock(1_800_000_000)
    /// It stands still, so that no request is late on a slow machine.
    private let monotonicClock = FakeClock().monotonicClock

    private func verifier(
        _ key: ClientAssertionKey, _ server: Server, at endpoint: IntrospectionConfiguration.Endpoint = .url(endpoint),
        audience: IntrospectionConfiguration.AssertionAudience = .issuer
    ) throws -> IntrospectionTokenVerifier {
        var configuration = IntrospectionConfiguration(
            issuer: Self.issuer, resource: Self.resource,
            credentials: .privateKeyJWT(clientID: Self.clientID, key, audience: audience))
        configuration.endpoint = endpoint
        return try IntrospectionTokenVerifier(
            configuration, fetcher: server, clock: clock.wallClock, monotonicClock: monotonicClock)
    }

    private func code(_ verifier: IntrospectionTokenVerifier, _ token: String = "opaque") async -> String? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(token))
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "RFC 7523 §2.2: every request has an assertion of its own, in the body, and no other credentials",
        arguments: [
            PrivateKeyExamples.rsa, PrivateKeyExamples.p256, PrivateKeyExamples.p384, PrivateKeyExamples.p521,
            PrivateKeyExamples.ed25519,
        ])
    func everyRequest(pem: String) async throws {
        let key = try ClientAssertionKey(pem: pem, keyID: "key-1")
        let server = try Server(key, clock)
        let verifier = try verifier(key, server)
        for number in 0..<5 { #expect(await code(verifier, "token\(number)") == nil) }
        let requests = server.requests
        #expect(requests.count == 5)
        #expect(Set(requests.compactMap { $0.form["client_assertion"] }).count == 5)
        for request in requests {
            #expect(request.error == nil)
            #expect(request.fields[.authorization] == nil)
            #expect(request.form["client_assertion_type"] == ClientAssertion.type)
            #expect(
                Set(request.form.keys) == [
                    "token", "token_type_hint", "client_id", "client_assertion_type", "client_assertion",
                ])
        }
        // A cached verdict needs no request.
        #expect(await code(verifier, "token0") == nil)
        #expect(server.requests.count == 5)
    }

    @Test("aud is the issuer by default; the endpoint or another text if the operator says so; another one is refused")
    func audiences() async throws {
        let key = try ClientAssertionKey(pem: PrivateKeyExamples.p256)
        typealias Audience = IntrospectionConfiguration.AssertionAudience
        let rows: [(Audience, expected: String, accepted: Bool)] = [
            (.issuer, Self.issuer, true), (.endpoint, Self.endpoint, true),
            (.exactly("https://login.example.com/token"), "https://login.example.com/token", true),
            (.issuer, Self.endpoint, false), (.endpoint, Self.issuer, false),
            (.exactly("https://login.example.com/"), Self.issuer, false),
        ]
        for (audience, expected, accepted) in rows {
            let server = try Server(key, clock, audience: expected)
            let code = await code(try verifier(key, server, audience: audience))
            #expect(code == (accepted ? nil : "introspection_unavailable"))
            #expect(server.requests.first?.error == (accepted ? nil : .invalid(.jwt(.claim(.aud, .mismatch)))))
        }
    }

    @Test("RFC 7662 §2.3: a key that is not registered is this server's fault: 503, never a refusal of the token")
    func otherKey() async throws {
        let server = try Server(ClientAssertionKey(pem: PrivateKeyExamples.p256), clock)
        let verifier = try verifier(ClientAssertionKey(pem: PrivateKeyExamples.ed25519), server)
        #expect(await code(verifier) == "introspection_unavailable")
        #expect(server.requests.count == 1)
    }

    @Test(
        "RFC 8414 §2: with a discovered endpoint, the method and the algorithm are among those that the metadata lists",
        arguments: [
            (nil, nil, "RS256"), (["private_key_jwt"], nil, "RS256"), ([], [], "RS256"),
            (["client_secret_basic", "private_key_jwt"], ["RS256", "ES256"], "RS256"),
            (["private_key_jwt"], ["HS256", "PS256"], "PS256"), (["private_key_jwt"], ["PS512", "PS384"], "PS384"),
            (["client_secret_basic"], nil, nil), (["PRIVATE_KEY_JWT"], nil, nil), (["private_key_jwt "], nil, nil),
            (["client_secret_jwt"], ["RS256"], nil), (["private_key_jwt"], ["ES256"], nil),
            (["private_key_jwt"], ["HS256"], nil), (["private_key_jwt"], ["none"], nil),
            (["private_key_jwt"], ["rs256"], nil),
        ] as [([String]?, [String]?, String?)])
    func discovered(methods: [String]?, algorithms: [String]?, expected: String?) async throws {
        let key = try ClientAssertionKey(pem: PrivateKeyExamples.rsa)
        var metadata: JSONDocument.Object = ["introspection_endpoint": .string(Self.endpoint)]
        func list(_ names: [String]?) -> JSONValue? { names.map { .array($0.map { .string($0) }) } }
        metadata["introspection_endpoint_auth_methods_supported"] = list(methods)
        metadata["introspection_endpoint_auth_signing_alg_values_supported"] = list(algorithms)
        let server = try Server(key, clock, metadata: metadata)
        let code = await code(try verifier(key, server, at: .discovered))
        guard let expected else {
            #expect(code == "introspection_unavailable")
            #expect(server.requests.isEmpty)
            return
        }
        #expect(code == nil)
        let assertion = try #require(server.requests.first?.form["client_assertion"])
        #expect(try UnverifiedJWT(parsing: Array(assertion.utf8), limit: 16_384).header.root["alg"]?.string == expected)
        // A chosen algorithm is used or nothing is.
        let chosen = try ClientAssertionKey(pem: PrivateKeyExamples.rsa, algorithm: .rs512)
        let fits = algorithms?.isEmpty ?? true
        let other = try Server(chosen, clock, metadata: metadata)
        #expect(
            await self.code(try verifier(chosen, other, at: .discovered)) == (fits ? nil : "introspection_unavailable"))
        // The URL of the endpoint alone is used without the metadata's word.
        #expect(await self.code(try verifier(chosen, other)) == nil)
    }

    @Test("a client identifier and an audience that cannot be sent are named")
    func faults() throws {
        let key = try ClientAssertionKey(pem: PrivateKeyExamples.p256)
        let configuration = IntrospectionConfiguration(
            endpoint: Self.endpoint, issuer: Self.issuer, resource: Self.resource,
            credentials: .privateKeyJWT(clientID: "ü", key, audience: .exactly("")))
        let server = try Server(key, clock)
        #expect {
            try IntrospectionTokenVerifier(configuration, fetcher: server)
        } throws: { error in
            (error as? ConfigurationError)?.settings == ["credentials.clientID", "credentials.audience"]
        }
    }
}
