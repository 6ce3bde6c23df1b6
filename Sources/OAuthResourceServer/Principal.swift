public import OAuthMetadata
public import TokenVerification
public import WireFormat

/// On whose behalf a request is made: the verified caller that the handler receives, or nobody known, where the
/// configuration lets requests through without a token.
///
/// Travels with the request, as an argument and as the task-local ``current``; never with a session.
public struct Principal: Sendable, CustomStringConvertible, CustomReflectable {
    /// The token that proves it; nil when there is none: see ``isAnonymous``.
    public let accessToken: AccessToken?
    /// What an anonymous principal is called; nil for a verified one.
    public let anonymousName: String?

    /// The principal of a verified token.
    public init(_ accessToken: AccessToken) {
        self.accessToken = accessToken
        anonymousName = nil
    }

    /// A principal that nothing proves: it has no subject, no client and no scopes.
    public init(anonymousAs name: String) {
        accessToken = nil
        anonymousName = name
    }

    /// The principal of requests that need no token.
    public static let anonymous = Principal(anonymousAs: "anonymous")

    /// The principal of the request that the current task serves. A convenience for code deep inside a handler;
    /// decisions take the principal as an argument.
    @TaskLocal public static var current: Principal?

    /// Whether no token proves it.
    public var isAnonymous: Bool { accessToken == nil }
    /// `sub`; nil when the issuer sends none.
    public var subject: String? { accessToken?.subject }
    /// The client that acts for the subject.
    public var clientID: String? { accessToken?.clientID }
    /// The issuer, as configured.
    public var issuer: String? { accessToken?.issuer }
    /// The scopes of the token.
    public var scopes: ScopeSet { accessToken?.scopes ?? ScopeSet() }
    /// The end of the token, seconds since 1970.
    public var expiresAt: Double? { accessToken?.expiresAt }
    /// All claims. For `Codable` types, decode ``claimsBytes`` with the decoder of your choice.
    public var claims: JSONDocument.Object { accessToken?.claims.root.value.object ?? JSONDocument.Object() }
    /// The claims as JSON text, as the issuer wrote them; an empty object for an anonymous principal.
    public var claimsBytes: [UInt8] { accessToken?.claims.bytes ?? Array("{}".utf8) }

    /// Says nothing about the caller.
    public var description: String { "<principal>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
