public import JOSE
internal import WireFormat

/// An authorization server whose JWT access tokens are accepted: the rules for its tokens, and the location of its
/// keys.
///
/// These are plain values; a guard checks them when it is created. Keys, algorithms, audiences and clock skew apply to
/// this issuer only. There are presets for known products, such as ``keycloak(realm:audiences:)``. The documentation of
/// a preset says how to configure the authorization server, and all of a preset's values can be changed afterwards. A
/// string literal is an issuer with the default policy.
public struct IssuerConfiguration: Sendable, ExpressibleByStringLiteral {
    /// Where the keys of the issuer are.
    public enum Keys: Sendable, Hashable {
        /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
        case discovered
        /// At this URL. The metadata is not read, so the issuer need not be a URL: see ``OAuthMetadata/TokenIssuer``.
        case url(String)
    }

    /// The rules for acceptable tokens. If `resource` is nil, the resource identifier of the server is used. The
    /// resource is an acceptable audience for every issuer.
    public var policy: JWTPolicy
    /// The location of the keys.
    public var keys: Keys
    /// How long keys are used, and where a discovered key set may be.
    public var keySettings = RemoteKeySet.Settings()
    /// How the tokens of this issuer name scopes.
    public var scopes = ScopeMapping()
    /// The issuer that clients log in to, if the tokens name another one: an https URL. It is advertised in place of
    /// ``issuer``, which then need not be a URL. Nil when clients log in at ``issuer``.
    public var authorizationServer: String?
    /// What most often goes wrong with tokens of this issuer. When a guard has this issuer in its configuration, it
    /// reports the hints for the reason of a refusal once.
    public var hints: [Hint] = []
    /// The faults in the arguments of a preset. The check reports them with all other faults.
    var presetFaults: [ConfigurationError.Fault] = []

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String { policy.issuer }

    /// Makes an issuer with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`, including a trailing slash. It is an https URL if
    ///     the keys are discovered.
    ///   - audiences: The values of `aud` that name this resource, in addition to the resource identifier. They are
    ///     compared exactly.
    ///   - keys: Where the keys are.
    public init(_ issuer: String, audiences: [String] = [], keys: Keys = .discovered) {
        policy = JWTPolicy(issuer: issuer, resource: nil)
        policy.audiences = audiences
        self.keys = keys
    }

    /// Makes an issuer with the default policy and discovered keys.
    public init(stringLiteral issuer: String) {
        self.init(issuer)
    }
}

extension IssuerConfiguration {
    /// Makes the configuration of a preset.
    init(
        preset issuer: String, _ audiences: [String] = [], requires claims: [JWTPolicy.RequiredClaim] = [],
        hints: KeyValuePairs<String, String>
    ) {
        self.init(issuer, audiences: audiences)
        policy.requiredClaims = claims
        self.hints = hints.map { Hint($0.key, $0.value) }
    }

    /// Finds a base URL to which a preset cannot append a path.
    mutating func checkBase(_ url: String, _ argument: ConfigurationError.Path) {
        guard url.utf8.last == UInt8(ascii: "/") else { return }
        presetFaults.add(argument, "ends with a slash, and the URL of the keys would have two", "remove it")
    }

    /// RFC 9562 §4: 8-4-4-4-12 hexadecimal digits. Upper case is refused, because Entra writes lower case and `iss` is
    /// compared byte for byte.
    static func isLowerCaseGUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 36
            && bytes.indices.allSatisfy { index in
                [8, 13, 18, 23].contains(index)
                    ? bytes[index] == UInt8(ascii: "-")
                    : ASCII.hexValue(bytes[index]) != nil && ASCII.lowercased(bytes[index]) == bytes[index]
            }
    }
}
