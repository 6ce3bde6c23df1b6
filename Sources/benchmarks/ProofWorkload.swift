import HTTPMessages
import JOSE
import OAuthResourceServer
import Synchronization
import TokenVerification
import WireFormat

/// Requests with ES256 tokens that are bound to a key, and their proofs (DPoP), in process.
struct ProofWorkload {
    /// How many proofs a workload has. They are used in turn. A proof is good again when the store has forgotten it,
    /// and the store's clock runs so fast that this is before the next turn. With more of them, a measurement would
    /// count how long the processor waits for requests that a server has just read.
    private static let proofs = 256
    private static let nonces = try? DPoPNonces(current: [UInt8](repeating: 7, count: 32))

    private let mint: TokenMint
    private let key: SigningKey
    private let boundToken: [UInt8]
    private let bearerToken: [UInt8]

    private struct Unusable: Error {}

    init() throws {
        mint = try TokenMint(.es256)
        key = try SigningKey.generate(.es256, keyID: nil)
        let jwk = try JSONWebKey(JSONDocument(parsing: JSONValue.object(key.publicJWK).encoded()).root)
        let confirmation = #""cnf":{"jkt":"\#(jwk.thumbprint)"},"#
        boundToken = try mint.token(claims: "{" + confirmation + mint.claims().dropFirst())
        bearerToken = try mint.token()
    }

    /// What libcrypto alone needs for the signature of the token, and for that of a proof.
    func limits() throws -> (token: LibcryptoLimit, proof: LibcryptoLimit) {
        guard let token = LibcryptoLimit(jwk: mint.key.publicJWK, token: boundToken),
            let proof = LibcryptoLimit(jwk: key.publicJWK, token: Array(try proof(0).utf8))
        else { throw Unusable() }
        return (token, proof)
    }

    /// A protected handler that accepts bound tokens.
    func guarded(_ caching: TokenCaching, nonces: Bool = false) throws -> any HTTPHandler {
        var policy = JWTPolicy(issuer: mint.issuer, resource: TokenWorkload.resource)
        policy.confirmations = [.dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: StaticKeySource(try mint.keys()))], caching: caching, clock: clock)
        var configuration = ResourceServerConfiguration(resource: TokenWorkload.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [TokenWorkload.issuer]
        configuration.dpop.mode = .optional
        configuration.clocks.wall = clock
        configuration.dpop.replayStore = .store(InMemoryReplayStore(clock: Self.fastClock()))
        if nonces, let keys = Self.nonces { configuration.dpop.nonces = .required(keys) }
        return try ResourceServer(configuration, verifier: verifier).protecting { _, _ in .text("Hello, world!") }
    }

    /// A clock that costs as much as the system's clock, and stands near the time at which the tokens are valid.
    private var clock: WallClock {
        let difference = TokenWorkload.now - WallClock.system.now()
        return WallClock { WallClock.system.now() + difference }
    }

    /// A clock that costs as much as the system's clock, and gains 2 s at each look at it.
    private static func fastClock() -> MonotonicClock {
        let looks = Looks()
        return MonotonicClock { MonotonicClock.system.now() + .seconds(looks.next()) }
    }

    private final class Looks: Sendable {
        private let seconds = Atomic<Int>(0)
        func next() -> Int { seconds.add(2, ordering: .relaxed).newValue }
    }

    /// Sends the requests in turn. A run is right when the handler answered.
    func variant(_ name: String, _ handler: any HTTPHandler, _ requests: [HTTPRequest]) -> PairedRun.Variant {
        let turn = Turn()
        return PairedRun.Variant(name) { count in
            var right = 0
            for _ in 0..<count {
                let response = try? await handler.respond(to: requests[turn.next % requests.count])
                turn.next += 1
                if response?.status == .ok { right += 1 }
            }
            return right
        }
    }

    private final class Turn {
        var next = 0
    }

    /// The request with a token that is not bound.
    func bearer() throws -> [HTTPRequest] { [try request("Bearer ", bearerToken, proof: nil)] }

    /// Requests with the bound token, each with a proof of its own.
    func bound(nonces: Bool = false) throws -> [HTTPRequest] {
        let nonce = nonces ? Self.nonces?.make(now: TokenWorkload.now) : nil
        return try (0..<Self.proofs).map { try request("DPoP ", boundToken, proof: proof($0, nonce: nonce)) }
    }

    private func request(_ scheme: String, _ token: [UInt8], proof: String?) throws -> HTTPRequest {
        let target: HTTPRequest.Target = "/mcp"
        var fields = HTTPFields()
        fields.append(.host, "mcp.example.com")
        fields.append(.accept, "application/json, text/event-stream")
        fields.append(.authorization, HTTPFields.Value(validated: Array(scheme.utf8) + token))
        if let proof { fields.append(.dpop, HTTPFields.Value(validated: Array(proof.utf8))) }
        fields.append(.contentType, "application/json")
        fields.append(.contentLength, "58")
        return HTTPRequest(
            method: .post, target: target, fields: fields,
            body: HTTPRequest.Body(Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#.utf8)))
    }

    /// A proof for a request with the bound token.
    func proof(_ number: Int, nonce: String? = nil) throws -> String {
        var jwk = key.publicJWK
        (jwk["use"], jwk["alg"]) = (nil, nil)
        let header: JSONValue = ["typ": "dpop+jwt", "alg": "ES256", "jwk": .object(jwk)]
        var claims: JSONDocument.Object = [
            "jti": .string("e1j3V_bKic8-\(number)"), "htm": "POST", "htu": .string(TokenWorkload.resource),
            "iat": 1_800_000_000, "ath": .string(Base64URL.encode(Digest.sha256(boundToken))),
        ]
        claims["nonce"] = nonce.map { .string($0) }
        let input = [header, .object(claims)].map { Base64URL.encode($0.encoded()) }.joined(separator: ".")
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }
}
