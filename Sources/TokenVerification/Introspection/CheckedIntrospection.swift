internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
package import WireFormat

/// An ``IntrospectionConfiguration`` that was checked. It is the input for a verifier.
package struct CheckedIntrospection: Sendable {
    let endpoint: AbsoluteURL
    let policy: JWTPolicy
    let configuration: IntrospectionConfiguration
}

extension IntrospectionConfiguration {
    /// Checks every setting. Returns nil when there is a fault.
    ///
    /// - Parameters:
    ///   - path: The path to this configuration.
    ///   - insecureHTTP: The hosts for which plain http is accepted, and the setting that says so.
    package func check(
        at path: ConfigurationError.Path,
        insecureHTTP: (accepted: InsecureHTTP, setting: ConfigurationError.Path), _ faults: inout ConfigurationFaults
    ) -> CheckedIntrospection? {
        let before = faults.count
        var url: AbsoluteURL?
        do throws(AbsoluteURL.ParseError) {
            let parsed = try AbsoluteURL(parsing: endpoint)
            if !insecureHTTP.accepted.admits(parsed) {
                faults.add(
                    path + "endpoint", "uses http, which sends tokens and credentials unencrypted",
                    insecureHTTP.accepted == .never
                        ? "use https, or for a loopback host set \(insecureHTTP.setting) to "
                            + "\(code: ".loopback", environment: "loopback")"
                        : "use https")
            }
            if parsed.fragment != nil { faults.add(path + "endpoint", "has a fragment (#…)", "remove it") }
            url = parsed
        } catch {
            faults.add(
                path + "endpoint", "is not an absolute URL (\(error.rawValue))",
                "copy introspection_endpoint from the issuer's metadata")
        }
        do throws(TokenIssuer.Fault) {
            _ = try TokenIssuer(issuer)
        } catch {
            faults.append(.init(path + "issuer", error))
        }
        var policy = JWTPolicy(issuer: issuer, resource: resource)
        policy.audiences = audiences
        policy.clockSkew = clockSkew
        // The check of `issuer` above has reported a missing issuer.
        faults += policy.faults.filter { $0 != .noIssuer }.map { ConfigurationError.Fault($0).inside(path) }
        caching.check(at: path + "caching", &faults)
        credentials.check(at: path + "credentials", &faults)
        scopes.check(at: path + "scopes", &faults)
        guard faults.count == before, let url else { return nil }
        return CheckedIntrospection(endpoint: url, policy: policy, configuration: self)
    }
}

extension IntrospectionConfiguration.Credentials {
    /// Appends a fault for credentials that cannot be sent.
    fileprivate func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        switch self {
        case .basic(let clientID, _), .post(let clientID, _):
            // RFC 6749 appendix A.1: a client identifier consists of VSCHAR.
            if clientID.isEmpty || !clientID.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                faults.add(
                    path + "clientID", "is empty, or holds control or non-ASCII characters",
                    "copy the client identifier from the authorization server")
            }
        case .bearer(let token):
            if !PresentedToken(token.text).isWellFormed {
                faults.add(
                    path, "do not have the form of a bearer token",
                    "use letters, digits and -._~+/ only, with = at the end only")
            }
        }
    }

    /// The `Authorization` field; nil for credentials in the body.
    var authorization: HTTPFields.Value? {
        switch self {
        case .basic(let clientID, let secret):
            // RFC 6749 §2.3.1: each part is form-urlencoded first, so that a colon inside a part does not separate the
            // parts.
            let pair = PercentEncoding.encode(clientID) + ":" + PercentEncoding.encode(secret.text)
            return HTTPFields.Value("Basic " + Base64.encode(Array(pair.utf8)))
        case .post: return nil
        case .bearer(let token): return HTTPFields.Value("Bearer " + token.text)
        }
    }

    /// The form parameters to append after the token, with a leading `&`; empty for credentials in the header.
    var formParameters: String {
        guard case .post(let clientID, let secret) = self else { return "" }
        return "&client_id=" + PercentEncoding.encode(clientID) + "&client_secret="
            + PercentEncoding.encode(secret.text)
    }
}
