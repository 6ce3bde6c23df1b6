package import HTTPMessages
public import JOSE
public import OAuthMetadata
public import WireFormat

/// The content of an access token that a ``TokenVerifier`` has verified.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The claim that names the subject. A user name can be the same text as the `sub` of another user.
    public enum SubjectClaim: String, Sendable, Hashable {
        /// `sub` (RFC 7519 §4.1.2, RFC 7662 §2.2).
        case sub
        /// `username` of an introspection response without `sub` (RFC 7662 §2.2).
        case username
    }

    /// One object holds all members, so that copying a token increments only one reference count. It names the
    /// principal for an access log, and its mirror is empty, so that no dump shows a claim.
    private final class Content: PrincipalNaming, CustomReflectable {
        let issuer: String?
        let expiresAt: Double?
        let scopes: TokenScopes
        let claims: JSONDocument
        let subjectClaim: SubjectClaim?
        let confirmation: Confirmation

        init(
            issuer: String?, expiresAt: Double?, scopes: TokenScopes, claims: JSONDocument, subjectClaim: SubjectClaim?,
            confirmation: Confirmation
        ) {
            self.confirmation = confirmation
            self.issuer = issuer
            self.expiresAt = expiresAt
            self.scopes = scopes
            self.claims = claims
            self.subjectClaim = subjectClaim
        }

        /// The claim that names the subject, or without a subject the client.
        var nameForLogs: String? { subject ?? clientID }

        var subject: String? {
            switch subjectClaim {
            case .sub: claims.root["sub"]?.string
            case .username: claims.root["username"]?.string
            case nil: nil
            }
        }

        var clientID: String? {
            for name in ["client_id", "azp", "cid", "appid"] {
                if let clientID = claims.root[name]?.string { return clientID }
            }
            return nil
        }

        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Names the subject, or without a subject the client, for an access log.
    package var naming: any PrincipalNaming { content }

    private typealias Confirmation = Result<KeyConfirmation?, JOSEError.ClaimDefect>

    private let content: Content

    /// The issuer identifier as configured; nil for a token that has no issuer.
    public var issuer: String? { content.issuer }
    /// `exp` in seconds since 1970; nil when the verifier knows no expiration time.
    public var expiresAt: Double? { content.expiresAt }
    /// The scopes of the claim `scope`, or of `scp` when `scope` is absent, null or empty, and the scopes that the
    /// issuer's ``ScopeMapping`` finds in other claims. They are spelled as clients request them.
    public var scopes: ScopeSet { content.scopes.scopes }
    /// Whether a claim that should name scopes has the wrong type or too many values. Such a claim grants no scope.
    public var hasMalformedScopes: Bool { content.scopes.hasMalformedClaim }
    /// All claims, as a strict JSON object.
    public var claims: JSONDocument { content.claims }
    /// The keys to which the token is bound (`cnf`, RFC 7800 §3.1); nil for a token that is not bound.
    ///
    /// **Does not check** a proof: who accepts the token must check each ``JOSE/KeyConfirmation/methods`` for every
    /// request, and refuse the token when it cannot. A `ResourceServer` of `OAuthResourceServer` does this for the
    /// tokens of every verifier.
    /// - Throws: The defect of a `cnf` that cannot be read. Refuse the token then.
    public var confirmation: KeyConfirmation? {
        get throws(JOSEError.ClaimDefect) { try content.confirmation.get() }
    }

    /// Makes the token of a verified JWT. The mapping decides which scopes it has.
    public init(_ jwt: borrowing VerifiedJWT, scopes mapping: ScopeMapping = ScopeMapping()) {
        self.init(
            issuer: jwt.issuer, expiresAt: jwt.expiresAt, claims: jwt.claims, scopes: mapping,
            subjectClaim: Self.isNamed("sub", in: jwt.claims) ? .sub : nil, confirmation: .success(jwt.confirmation))
    }

    /// Makes a token from the result of a custom verifier. The mapping decides which scopes it has.
    ///
    /// **Does not check** anything: the caller must have verified the token.
    public init(
        issuer: String?, expiresAt: Double?, claims: JSONDocument, scopes mapping: ScopeMapping = ScopeMapping()
    ) {
        self.init(
            issuer: issuer, expiresAt: expiresAt, claims: claims, scopes: mapping,
            subjectClaim: Self.isNamed("sub", in: claims) ? .sub : nil, confirmation: Self.confirmation(in: claims))
    }

    /// Makes the token of an active introspection response. Without `sub`, its subject is `username`.
    ///
    /// Some authorization servers name the user only there. If the user were unknown, all users of one client would be
    /// one principal.
    init(introspected claims: JSONDocument, issuer: String, expiresAt: Double?, scopes mapping: ScopeMapping) {
        self.init(
            issuer: issuer, expiresAt: expiresAt, claims: claims, scopes: mapping,
            subjectClaim: Self.isNamed("sub", in: claims)
                ? .sub : Self.isNamed("username", in: claims) ? .username : nil,
            confirmation: Self.confirmation(in: claims))
    }

    private init(
        issuer: String?, expiresAt: Double?, claims: JSONDocument, scopes mapping: ScopeMapping,
        subjectClaim: SubjectClaim?, confirmation: Confirmation
    ) {
        content = Content(
            issuer: issuer, expiresAt: expiresAt, scopes: TokenScopes(of: claims, mapping), claims: claims,
            subjectClaim: subjectClaim, confirmation: confirmation)
    }

    private static func confirmation(in claims: JSONDocument) -> Confirmation {
        guard let claim = claims.root["cnf"] else { return .success(nil) }
        do throws(JOSEError.ClaimDefect) {
            return .success(try KeyConfirmation(claim))
        } catch {
            return .failure(error)
        }
    }

    /// Whether a claim is a string that names something. An empty one would make one subject of all its users.
    private static func isNamed(_ name: StaticString, in claims: JSONDocument) -> Bool {
        claims.position(of: name).flatMap { claims.stringByteCount(at: $0) } ?? 0 > 0
    }

    /// The claim that names the ``subject``; nil when there is no subject. Only a token that was introspected can have
    /// ``SubjectClaim/username``: in a JWT the claim has no defined meaning.
    public var subjectClaim: SubjectClaim? { content.subjectClaim }

    /// The user, or the client itself, for whom the token was issued: the claim ``subjectClaim``; nil when the token
    /// names none. A subject of one claim is not the same as an equal subject of the other claim.
    public var subject: String? { content.subject }

    /// The first of the claims `client_id`, `azp`, `cid` and `appid` that is a string; nil when there is none. `sub` is
    /// never used.
    public var clientID: String? { content.clientID }

    /// The claim `jti`; nil when it is absent or not a string.
    public var tokenID: String? { claims.root["jti"]?.string }

    /// A fixed text without any claim, so that a log shows none.
    public var description: String { "<verified access token>" }
    /// A mirror without members, so that a dump shows no claim.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
