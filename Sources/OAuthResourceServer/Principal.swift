public import OAuthMetadata
public import TokenVerification
public import WireFormat

/// The caller for whom a request is made: verified by a token, or anonymous where the configuration lets requests
/// through without a token.
///
/// A principal belongs to one request, never to a session. The handler receives it as an argument, and as the
/// task-local ``current``.
public struct Principal: Sendable, CustomStringConvertible, CustomReflectable {
    /// The verified token; nil for an anonymous principal: see ``isAnonymous``.
    public let accessToken: AccessToken?
    /// The name of an anonymous principal; nil for a verified one.
    public let anonymousName: String?

    /// The principal of a verified token.
    public init(_ accessToken: AccessToken) {
        self.accessToken = accessToken
        anonymousName = nil
    }

    /// An anonymous principal. It has no token, subject, client or scopes.
    public init(anonymousAs name: String) {
        accessToken = nil
        anonymousName = name
    }

    /// The principal of a request that needs no token.
    public static let anonymous = Principal(anonymousAs: "anonymous")

    /// The principal of the request that the current task serves; nil outside such a task. It is a convenience for code
    /// deep inside a handler: decisions take the principal as an argument.
    @TaskLocal public static var current: Principal?

    /// Runs an operation with this principal as ``current``, on the executor of the caller.
    ///
    /// An operation that is passed to `TaskLocal.withValue` without the isolation of the caller leaves the caller's
    /// executor: on an event loop, that costs each request two more turns of the loop.
    func asCurrent<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ operation: nonisolated(nonsending) () async throws -> Result
    ) async rethrows -> Result {
        try await Self.$current.withValue(self) {
            _ = isolation  // A closure has the isolation that it captures.
            return try await operation()
        }
    }

    /// Whether the principal has no token.
    public var isAnonymous: Bool { accessToken == nil }
    /// `sub`, or `username` of an introspection response without `sub`; nil when the token has none. To keep data of a
    /// user, use ``identity``: an equal text can be another user at another issuer or in the other claim.
    public var subject: String? { accessToken?.subject }
    /// The client that acts for the subject; nil when the token names none. Without a subject, the principal is this
    /// client: see ``Identity/Kind/client``.
    public var clientID: String? { accessToken?.clientID }
    /// The issuer, as configured; nil when there is none.
    public var issuer: String? { accessToken?.issuer }
    /// The scopes of the token; empty without a token.
    public var scopes: ScopeSet { accessToken?.scopes ?? ScopeSet() }
    /// When the token expires, in seconds since 1970; nil when there is no such time.
    public var expiresAt: Double? { accessToken?.expiresAt }
    /// How the token is bound to its client's keys. A guard has checked each binding for this request; empty for a
    /// bearer token, which everyone who has it can use, and without a token.
    public var bindings: Set<KeyConfirmation.Method> { (try? accessToken?.confirmation)?.methods ?? [] }
    /// All claims; empty for an anonymous principal. To decode them as a `Codable` type, pass ``claimsBytes`` to a
    /// decoder of your choice.
    public var claims: JSONDocument.Object { accessToken?.claims.root.value.object ?? JSONDocument.Object() }
    /// The claims as JSON text, as the issuer wrote them; an empty object for an anonymous principal.
    public var claimsBytes: [UInt8] { accessToken?.claims.bytes ?? Array("{}".utf8) }

    /// Says nothing about the caller.
    public var description: String { "<principal>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
