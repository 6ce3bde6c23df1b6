package import HTTPMessages
public import JOSE
package import OAuthMetadata
package import WireFormat

/// An authorization server whose JWT access tokens are accepted: what its tokens look like, and where its keys are.
///
/// Plain values; the guard checks them at construction. Keys, algorithms, audiences and skew belong to this issuer and hold for
/// no other. For known products there are presets, such as ``keycloak(realm:audiences:)``. Each preset says how the
/// authorization server must be configured, and all of its values can be changed afterwards. A string literal is an issuer with
/// the default policy.
public struct IssuerConfiguration: Sendable, ExpressibleByStringLiteral {
    /// Where the keys of the issuer are.
    public enum Keys: Sendable, Hashable {
        /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
        case discovered
        /// At this URL; the metadata is not read.
        case url(String)
    }

    /// What an acceptable token looks like. Without a `resource`, the resource of the server is filled in: it is an audience of
    /// every issuer.
    public var policy: JWTPolicy
    /// Where the keys are.
    public var keys: Keys
    /// How long keys are used, and where they may come from.
    public var keySettings = RemoteKeySet.Settings()
    /// How tokens of this issuer name scopes.
    public var scopes = ScopeMapping()
    /// What is wrong with the arguments of a preset. Reported with every other fault.
    var presetFaults: [ConfigurationError.Fault] = []

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String { policy.issuer }

    /// An issuer with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`, a trailing slash included.
    ///   - audiences: What tokens of this issuer call this resource, besides the resource identifier; matched exactly.
    ///   - keys: Where the keys are.
    public init(_ issuer: String, audiences: [String] = [], keys: Keys = .discovered) {
        policy = JWTPolicy(issuer: issuer, resource: nil)
        policy.audiences = audiences
        self.keys = keys
    }

    /// An issuer with the default policy, whose keys are discovered.
    public init(stringLiteral issuer: String) {
        self.init(issuer)
    }
}

/// An ``IssuerConfiguration`` that was checked: what a verifier and a key source are made of.
package struct CheckedIssuer: Sendable {
    package let issuer: IssuerIdentifier
    let validation: JWTValidation
    package let location: RemoteKeySet.Location
    let keySettings: RemoteKeySet.Settings
    let scopes: ScopeMapping

    /// The issuer with a source of its keys. Nothing is fetched yet.
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
    /// Checks every setting; nil when there is a fault.
    ///
    /// - Parameters:
    ///   - path: Where this configuration is.
    ///   - resource: The resource of the server.
    ///   - insecureHTTP: Where plain http is accepted, and the setting that says so.
    package func check(
        at path: ConfigurationError.Path, resource: String,
        insecureHTTP: (accepted: InsecureHTTP, setting: ConfigurationError.Path), _ faults: inout ConfigurationFaults
    ) -> CheckedIssuer? {
        let before = faults.count
        // Where loopback is accepted already, the setting does not help.
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
        let validation = checkPolicy(at: path, resource: resource, &faults)
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
            // The resource identifier is not a client id, so that no token could be accepted.
            faults.add(
                path + "audiences",
                "is empty, and the claim that stands in for the audience never names the resource",
                "list its acceptable values")
        }
        do throws(JWTPolicy.Invalid) {
            return try JWTValidation(policy)
        } catch {
            // An empty issuer was reported as a URL that is not one.
            faults += error.faults.filter { $0 != .noIssuer }.map { ConfigurationError.Fault($0).inside(path) }
            return nil
        }
    }

    /// RFC 8414 §2: a `jwks_uri` is https; http where issuers may use it.
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
