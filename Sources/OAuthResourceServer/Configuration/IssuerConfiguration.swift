public import JOSE
internal import OAuthMetadata
internal import WireFormat

/// An authorization server whose JWT access tokens are accepted: what they look like, and where its keys stand.
///
/// Plain values, ``ResourceServer`` checks them all at construction. Keys, algorithms, audiences and skew belong to the
/// issuer and hold for no other. For known products there are presets, such as ``keycloak(realm:audiences:)``: each says
/// what the authorization server must be configured to do, and all of its values can be changed afterwards.
public struct IssuerConfiguration: Sendable {
    /// Where the keys of the issuer stand.
    public enum Keys: Sendable, Hashable {
        /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
        case discovered
        /// At this URL; nothing is discovered.
        case url(String)
    }

    /// What an acceptable token looks like. When it names no `resource`, the resource of the server is filled in: it is an
    /// audience of every issuer.
    public var policy: JWTPolicy
    /// Where the keys stand.
    public var keys: Keys
    /// How tokens of this issuer name scopes.
    public var scopes = ScopeMapping()
    /// What is wrong with the input of a preset; reported with everything else.
    var presetFaults: [ConfigurationError.Fault] = []

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String { policy.issuer }

    /// An issuer with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`, a trailing slash included.
    ///   - audiences: What tokens of this issuer call this resource, besides the resource identifier; matched exactly.
    ///   - keys: Where the keys stand.
    public init(_ issuer: String, audiences: [String] = [], keys: Keys = .discovered) {
        policy = JWTPolicy(issuer: issuer, resource: nil)
        policy.audiences = audiences
        self.keys = keys
    }
}

extension IssuerConfiguration {
    /// The checked form: what a verifier and a key source are made of.
    struct Parts {
        var issuer: IssuerIdentifier
        var validation: JWTValidation
        var keys: KeyLocation
        var scopes: ScopeMapping
    }

    /// Checks every setting; the faults' settings begin with `path`. Nil when there is a fault.
    func check(
        at path: String, resource: String, insecureHTTP: InsecureHTTP, _ faults: inout [ConfigurationError.Fault]
    ) -> Parts? {
        let before = faults.count
        faults += presetFaults.map { .init("\(path).\($0.setting)", $0.explanation) }
        var identifier: IssuerIdentifier?
        do throws(IdentifierError) {
            identifier = try IssuerIdentifier(issuer, insecureHTTP: insecureHTTP)
        } catch {
            faults.append(.init(path, Self.explanation(error, example: "https://login.example.com")))
        }
        var location = KeyLocation.discovered
        if case .url(let text) = keys {
            do throws(IdentifierError) {
                location = .url(try Self.keySetURL(text, insecureHTTP))
            } catch {
                faults.append(
                    .init("\(path).keys", Self.explanation(error, example: "https://login.example.com/jwks")))
            }
        }
        var policy = policy
        policy.resource = policy.resource ?? resource
        if policy.audiences.isEmpty, !policy.audienceClaim.hasSameBytes(as: "aud") {
            // The resource identifier is no client id, so that no token could ever be accepted.
            faults.append(
                .init(
                    "\(path).audiences",
                    "is empty, and the claim that stands in for the audience never names the resource; list its acceptable values"
                ))
        }
        // An empty issuer is no URL and was reported as one.
        for fault in policy.faults where fault != .noIssuer {
            let (setting, explanation) = Self.sentence(fault)
            faults.append(.init("\(path).\(setting)", explanation))
        }
        faults += scopes.faults(at: "\(path).scopes")
        guard faults.count == before, let identifier, let validation = try? JWTValidation(policy) else { return nil }
        return Parts(issuer: identifier, validation: validation, keys: location, scopes: scopes)
    }

    /// What is said about the URLs of an issuer, where an identifier speaks of resources too.
    private static func explanation(_ error: IdentifierError, example: String) -> String {
        switch error {
        case .url(let why): "is not an absolute URL (\(why.rawValue)); write it like \(example)"
        case .insecure: "uses http; use https, or for a loopback host set insecureHTTP to .loopback"
        case .fragment: "has a fragment (#…); remove it"
        case .dotSegments, .query: error.explanation
        }
    }

    /// RFC 8414 §2: a `jwks_uri` is https; http as far as issuers may be on it.
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

    private static func sentence(_ fault: JWTPolicy.Fault) -> (setting: String, explanation: String) {
        switch fault {
        case .noIssuer: ("issuer", "is empty; name the issuer as in iss")
        case .noAudience: ("audiences", "holds an empty text; remove it, or name what tokens call this resource")
        case .noAudienceClaim: ("audienceClaim", "is empty; leave it at aud, or name the claim that holds the audience")
        case .noAlgorithm: ("algorithms", "is empty; allow at least one, such as RS256")
        case .clockSkew, .maximumAge, .maximumLifetime: (fault.setting, fault.explanation)
        case .requiredClaims:
            ("requiredClaims", "has an entry without a name or without a value to match; name both")
        }
    }
}

extension IssuerConfiguration {
    /// A row of the table of presets.
    init(
        preset issuer: String, _ audiences: [String] = [], requires claims: [JWTPolicy.RequiredClaim] = []
    ) {
        self.init(issuer, audiences: audiences)
        policy.requiredClaims = claims
    }

    /// RFC 9562 §4: 8-4-4-4-12 hexadecimal digits; Entra writes them in lower case, and `iss` is compared as bytes.
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
