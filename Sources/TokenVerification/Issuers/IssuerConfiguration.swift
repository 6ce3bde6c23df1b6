package import HTTPMessages
public import JOSE
package import OAuthMetadata
package import WireFormat

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
        /// At this URL. The metadata is not read.
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
    /// The faults in the arguments of a preset. The check reports them with all other faults.
    var presetFaults: [ConfigurationError.Fault] = []

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String { policy.issuer }

    /// Makes an issuer with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`, including a trailing slash.
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

/// An ``IssuerConfiguration`` that was checked. It is the input for a verifier and a key source.
package struct CheckedIssuer: Sendable {
    package let issuer: IssuerIdentifier
    let validation: JWTValidation
    package let location: RemoteKeySet.Location
    let keySettings: RemoteKeySet.Settings
    let scopes: ScopeMapping

    /// Makes the trusted issuer and the source of its keys. Nothing is fetched yet.
    package func trusted(
        fetcher: any DocumentFetcher, observer: TokenVerificationEvent.Observer?
    ) -> TrustedIssuer {
        let keys = RemoteKeySet(
            of: issuer, at: location, checked: keySettings, fetcher: fetcher,
            timing: RefreshTiming(clock: .system), observer: observer)
        return TrustedIssuer(validation, keys: keys, scopes: scopes)
    }
}

extension IssuerConfiguration {
    /// Checks every setting. Returns nil when there is a fault.
    ///
    /// - Parameters:
    ///   - path: The path to this configuration.
    ///   - resource: The resource identifier of the server.
    ///   - insecureHTTP: The hosts for which plain http is accepted, and the setting that says so.
    package func check(
        at path: ConfigurationError.Path, resource: String,
        insecureHTTP: (accepted: InsecureHTTP, setting: ConfigurationError.Path), _ faults: inout ConfigurationFaults
    ) -> CheckedIssuer? {
        let before = faults.count
        // If loopback is accepted already, changing the setting does not help.
        let helpful = insecureHTTP.accepted == .never ? insecureHTTP.setting : nil
        faults += presetFaults.map { $0.inside(path) }
        var identifier: IssuerIdentifier?
        do throws(IdentifierError) {
            identifier = try IssuerIdentifier(issuer, insecureHTTP: insecureHTTP.accepted)
        } catch {
            faults.append(.init(path, error, example: "https://login.example.com", insecureHTTP: helpful))
        }
        var location = RemoteKeySet.Location.discovered
        if case .url(let text) = keys {
            do throws(IdentifierError) {
                location = .url(try Self.keySetURL(text, insecureHTTP.accepted))
            } catch {
                faults.append(
                    .init(path + "keys", error, example: "https://login.example.com/jwks", insecureHTTP: helpful))
            }
        }
        keySettings.check(at: path + "keySettings", &faults)
        let validation = checkPolicy(at: path + "policy", resource: resource, &faults)
        scopes.check(at: path + "scopes", &faults)
        guard faults.count == before, let identifier, let validation else { return nil }
        return CheckedIssuer(
            issuer: identifier, validation: validation, location: location, keySettings: keySettings, scopes: scopes)
    }

    private func checkPolicy(
        at path: ConfigurationError.Path, resource: String, _ faults: inout ConfigurationFaults
    ) -> JWTValidation? {
        var policy = policy
        policy.resource = policy.resource ?? resource
        if policy.audiences.isEmpty, !policy.audienceClaim.hasSameBytes(as: "aud") {
            // Such a claim holds client ids, never the resource identifier, so no token can be accepted.
            faults.add(
                path + "audiences",
                "is empty, but policy.audienceClaim is not aud, so the resource identifier cannot match",
                "list its acceptable values")
        }
        do throws(JWTPolicy.Invalid) {
            return try JWTValidation(policy)
        } catch {
            // An empty issuer was reported above as a malformed URL.
            faults += error.faults.filter { $0 != .noIssuer }.map { ConfigurationError.Fault($0).inside(path) }
            return nil
        }
    }

    /// RFC 8414 §2: a `jwks_uri` is https. Plain http is accepted where it is accepted for issuers.
    private static func keySetURL(_ text: String, _ insecureHTTP: InsecureHTTP) throws(IdentifierError) -> AbsoluteURL {
        let url: AbsoluteURL
        do throws(AbsoluteURL.ParseError) {
            url = try AbsoluteURL(parsing: text)
        } catch {
            throw .url(error)
        }
        guard url.fragment == nil else { throw .fragment }
        guard insecureHTTP.admits(url) else { throw .insecure }
        return url
    }
}

extension IssuerConfiguration {
    /// Makes the configuration of a preset.
    init(
        preset issuer: String, _ audiences: [String] = [], requires claims: [JWTPolicy.RequiredClaim] = []
    ) {
        self.init(issuer, audiences: audiences)
        policy.requiredClaims = claims
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
