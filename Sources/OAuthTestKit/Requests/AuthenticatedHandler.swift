public import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import OAuthResourceServer
internal import TokenVerification
public import WireFormat

/// A handler all of whose requests are made by one caller, without a token: see
/// ``HTTPMessages/HTTPHandler/authenticated(as:scopes:_:)``.
public struct AuthenticatedHandler: HTTPHandler {
    let resource: ResourceIdentifier?
    private let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse

    init(resource: ResourceIdentifier?, answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        self.resource = resource
        self.answer = answer
    }

    /// Loopback only, because every request is accepted.
    public var exposure: HTTPExposure {
        .loopbackOnly(reason: "the handler of a test takes every request for that of one caller")
    }

    /// Answers a request as that of the caller.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        try await answer(request)
    }
}

extension HTTPHandler {
    /// The same handler, for tests without tokens: every request is one of this caller.
    ///
    /// ```swift
    /// let response = try await server.authenticated(as: "alice", scopes: ["notes:read"]).post("/mcp", json: message)
    /// ```
    ///
    /// **Behind a guard** (``OAuthResourceServer/ProtectedHandler`` and ``OAuthResourceServer/ProtectedResources``),
    /// only the verification of the token is left out. The scopes of every operation are checked as for a token,
    /// sessions belong to their caller, and browsers are limited. A request with an `Authorization` field of its own is
    /// judged as always. A guard that requires bound tokens refuses the caller: use a token and its key.
    ///
    /// **Any other handler** is called with the caller as ``OAuthResourceServer/Principal/current``. A guard inside of
    /// it is not known, and refuses the requests.
    ///
    /// - Parameters:
    ///   - subject: The `sub` of the caller.
    ///   - scopes: The scopes of the caller. A text that is not one scope is a programmer's mistake and stops the
    ///     program.
    ///   - edit: Changes the claims of the caller.
    public func authenticated(
        as subject: String, scopes: [String] = [], _ edit: (inout JSONDocument.Object) -> Void = { _ in }
    ) -> AuthenticatedHandler {
        let caller = TestCaller(subject, scopes, edit)
        switch self {
        case let handler as ProtectedHandler:
            let known = caller.known(to: handler)
            return AuthenticatedHandler(resource: handler.guards.first?.resource) { request in
                try await known.respond(to: caller.presented(in: request))
            }
        case let handlers as ProtectedResources:
            guard let known = try? handlers.replacingVerifiers({ caller.known(to: $0) }) else {
                preconditionFailure("Resources that were accepted before are not accepted now.")
            }
            return AuthenticatedHandler(resource: handlers.guards.first?.resource) { request in
                try await known.respond(to: caller.presented(in: request))
            }
        default:
            let principal = Principal(caller.accessToken(issuer: FakeIssuer.defaultURL))
            return AuthenticatedHandler(resource: nil) { request in
                try await Principal.$current.withValue(principal) { try await respond(to: request) }
            }
        }
    }
}

extension Principal {
    /// A principal for tests of a handler that takes one, as from a good token with these scopes.
    ///
    /// See ``HTTPMessages/HTTPHandler/authenticated(as:scopes:_:)`` for the parameters.
    public static func authenticated(
        as subject: String, scopes: [String] = [], issuer: String = FakeIssuer.defaultURL,
        _ edit: (inout JSONDocument.Object) -> Void = { _ in }
    ) -> Principal {
        Principal(TestCaller(subject, scopes, edit).accessToken(issuer: issuer))
    }
}

/// A caller whom a test has declared to be authenticated.
private struct TestCaller: Sendable {
    private let claims: JSONDocument.Object
    /// What stands for the token of the caller in requests. It is random, so that no other request can have it.
    private let password = Base64URL.encode(RandomBytes.make(32))

    init(_ subject: String, _ scopes: [String], _ edit: (inout JSONDocument.Object) -> Void) {
        guard ScopeSet(scopes) != nil else {
            preconditionFailure("A scope is one text without spaces: give each scope as an element of the list.")
        }
        var claims: JSONDocument.Object = ["sub": .string(subject), "client_id": "test-client"]
        if !scopes.isEmpty { claims["scope"] = .string(scopes.joined(separator: " ")) }
        edit(&claims)
        self.claims = claims
    }

    func accessToken(issuer: String) -> AccessToken {
        guard let document = try? JSONDocument(parsing: JSONValue.object(claims).encoded()) else {
            preconditionFailure("The claims of a caller must be JSON.")
        }
        return AccessToken(issuer: issuer, expiresAt: nil, claims: document)
    }

    func known(to handler: ProtectedHandler) -> ProtectedHandler {
        let issuer = handler.trustedIssuers.first?.issuer ?? FakeIssuer.defaultURL
        return handler.replacingVerifier { verifier in
            CallerVerifier(password: PresentedToken(password).bytes, token: accessToken(issuer: issuer), next: verifier)
        }
    }

    /// The request with what stands for the caller's token, unless it has credentials of its own.
    func presented(in request: HTTPRequest) -> HTTPRequest {
        guard !request.fields.contains(.authorization), let value = HTTPFields.Value("Bearer \(password)") else {
            return request
        }
        var request = request
        request.fields.append(.authorization, value)
        return request
    }
}

/// Accepts what stands for one caller's token, and asks the guard's own verifier about every other one.
private struct CallerVerifier: TokenVerifier {
    let password: [UInt8]
    let token: AccessToken
    let next: any TokenVerifier

    func verify(_ presented: PresentedToken) async throws(TokenRejection) -> AccessToken {
        presented.bytes == password ? token : try await next.verify(presented)
    }

    var trustedIssuers: [TrustedIssuer] { next.trustedIssuers }
}
