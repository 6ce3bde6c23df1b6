import HTTPMessages
import JOSE
import OAuthResourceServer
import TokenVerification
import WireFormat

/// The verifiers and handlers that users of the library call, and the work that they are given.
enum GuardWorkload {
    /// A clock that costs as much as the system's clock, and shows a time at which the tokens are valid.
    static var clock: WallClock {
        let system = WallClock.system.now
        let difference = TokenWorkload.now - system()
        return WallClock { system() + difference }
    }

    /// A verifier of the tokens of these mints.
    static func verifier(_ mints: [TokenMint], caching: TokenCaching = .standard) throws -> JWTTokenVerifier {
        try JWTTokenVerifier(
            mints.map { .init($0.validation, keys: StaticKeySource(try $0.keys())) }, caching: caching, clock: clock)
    }

    /// A small handler behind a guard that verifies the tokens of these mints.
    static func guarded(
        _ mints: [TokenMint], caching: TokenCaching = .standard, observer: ResourceServerEvent.Observer? = nil
    ) throws -> any HTTPHandler {
        try guarded(verifier(mints, caching: caching), observer: observer)
    }

    /// A small handler behind a guard with this verifier.
    static func guarded(_ verifier: any TokenVerifier, observer: ResourceServerEvent.Observer? = nil) throws
        -> any HTTPHandler
    {
        var configuration = ResourceServerConfiguration(
            resource: TokenWorkload.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [TokenWorkload.issuer]
        return try ResourceServer(configuration, verifier: verifier, observer: observer).protecting { _, _ in
            .text("Hello, world!")
        }
    }

    /// A variant that sends the same request to a handler again and again.
    static func handler(
        _ name: String, _ handler: any HTTPHandler, token: [UInt8]?, expecting status: HTTPStatus = .ok
    ) throws -> PairedRun.Variant {
        let target: HTTPRequest.Target = "/mcp"
        var fields = HTTPFields()
        fields.append(.host, "mcp.example.com")
        fields.append(.accept, "application/json, text/event-stream")
        if let token { fields.append(.authorization, HTTPFields.Value(validated: Array("Bearer ".utf8) + token)) }
        fields.append(.contentType, "application/json")
        fields.append(.mcpProtocolVersion, "2025-11-25")
        fields.append(.contentLength, "58")
        let request = HTTPRequest(
            method: .post, target: target, fields: fields,
            body: HTTPRequest.Body(Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#.utf8)))
        return PairedRun.Variant(name) { count in
            var right = 0
            for _ in 0..<count {
                let response = try? await handler.respond(to: request)
                if response?.status == status { right += 1 }
            }
            return right
        }
    }

    struct UnusableRequest: Error {}

    /// Verifies a token `count` times from its bytes. Returns how many times it was good.
    static func verify(_ token: [UInt8], _ verifier: any TokenVerifier, _ count: Int) async -> Int {
        var good = 0
        for _ in 0..<count where (try? await verifier.verify(PresentedToken(token))) != nil { good += 1 }
        return good
    }
}
