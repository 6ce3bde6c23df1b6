internal import HTTPMessages
internal import JOSE
package import OAuthMetadata
internal import WireFormat

/// An ``IntrospectionConfiguration`` that was checked. It is the input for a verifier.
package struct CheckedIntrospection: Sendable {
    /// Where the endpoint and the authentication method come from.
    enum Place: Sendable {
        case url(AbsoluteURL)
        /// From the issuer's metadata. `url` is nil when it names the endpoint too.
        case metadata(of: IssuerIdentifier, url: AbsoluteURL?)
    }

    let place: Place
    let policy: JWTPolicy
    let configuration: IntrospectionConfiguration

    /// The issuer whose metadata is read; nil when none is read.
    package var metadataIssuer: IssuerIdentifier? {
        if case .metadata(let issuer, _) = place { issuer } else { nil }
    }

    /// What the issuer's metadata is read for; nil when it is not read.
    package var purpose: IssuerDiscovery.Purpose? {
        guard case .metadata(_, let url) = place else { return nil }
        return url == nil ? .introspection : .document
    }

    /// Makes the endpoint, and the source of the metadata if it is read.
    ///
    /// - Parameters:
    ///   - shared: A source that reads the metadata for ``purpose`` too; nil to make one.
    ///   - fetcher: Sends the requests.
    ///   - timing: The clock of a new source.
    ///   - observer: Receives the events of a new source.
    func endpoint(
        sharing shared: IssuerDiscovery?, fetcher: any DocumentFetcher, timing: RefreshTiming,
        observer: TokenVerificationEvent.Observer?
    ) -> (IntrospectionEndpoint, IssuerDiscovery?) {
        let credentials = configuration.credentials
        switch place {
        case .url(let url): return (IntrospectionEndpoint(url, credentials, fetcher: fetcher), nil)
        case .metadata(of: let issuer, let url):
            let discovery =
                shared
                ?? IssuerDiscovery(
                    of: issuer, for: [url == nil ? .introspection : .document], fetcher: fetcher, timing: timing,
                    observer: observer)
            return (IntrospectionEndpoint(describedBy: discovery, at: url, credentials, fetcher: fetcher), discovery)
        }
    }
}

extension IntrospectionConfiguration {
    /// Checks every setting. Returns nil when there is a fault.
    ///
    /// - Parameters:
    ///   - path: The path to this configuration.
    ///   - insecureHTTP: Where plain http is accepted.
    package func check(
        at path: ConfigurationError.Path, insecureHTTP: IssuerConfiguration.HTTPRule,
        _ faults: inout ConfigurationFaults
    ) -> CheckedIntrospection? {
        let before = faults.count
        let url = checkEndpoint(at: path + "endpoint", insecureHTTP, &faults)
        let metadataIssuer = checkIssuer(at: path, insecureHTTP, &faults)
        var policy = JWTPolicy(issuer: issuer, resource: resource)
        policy.audiences = audiences
        policy.clockSkew = clockSkew
        // The check of `issuer` above has reported a missing issuer.
        faults += policy.faults.filter { $0 != .noIssuer }.map { ConfigurationError.Fault($0).inside(path) }
        caching.check(at: path + "caching", &faults)
        credentials.check(at: path + "credentials", &faults)
        scopes.check(at: path + "scopes", &faults)
        let place = metadataIssuer.map { .metadata(of: $0, url: url) } ?? url.map(CheckedIntrospection.Place.url)
        guard faults.count == before, let place else { return nil }
        return CheckedIntrospection(place: place, policy: policy, configuration: self)
    }

    private func checkEndpoint(
        at path: ConfigurationError.Path, _ insecureHTTP: IssuerConfiguration.HTTPRule,
        _ faults: inout ConfigurationFaults
    ) -> AbsoluteURL? {
        guard case .url(let text) = endpoint else { return nil }
        do throws(AbsoluteURL.ParseError) {
            let url = try AbsoluteURL(parsing: text)
            if !insecureHTTP.accepted(for: text).admits(url) {
                let remedy: ConfigurationError.Text =
                    if let setting = insecureHTTP.helpful {
                        "use https, or for a loopback host set \(setting) to "
                            + "\(code: ".loopback", environment: "loopback")"
                    } else {
                        "use https"
                    }
                faults.add(path, "uses http, which sends tokens and credentials unencrypted", remedy)
            }
            if url.fragment != nil { faults.add(path, "has a fragment (#…)", "remove it") }
            return url
        } catch {
            faults.add(
                path, "is not an absolute URL (\(error.rawValue))",
                "copy introspection_endpoint from the issuer's metadata")
            return nil
        }
    }

    /// The issuer may be any name, unless its metadata is read. Returns the issuer in this case.
    private func checkIssuer(
        at path: ConfigurationError.Path, _ insecureHTTP: IssuerConfiguration.HTTPRule,
        _ faults: inout ConfigurationFaults
    ) -> IssuerIdentifier? {
        guard endpoint == .discovered || credentials.areDiscovered else {
            do throws(TokenIssuer.Fault) {
                _ = try TokenIssuer(issuer)
            } catch {
                faults.append(.init(path + "issuer", error))
            }
            return nil
        }
        do throws(IdentifierError) {
            return try IssuerIdentifier(issuer, insecureHTTP: insecureHTTP.accepted(for: issuer))
        } catch {
            let fault = ConfigurationError.Fault(
                path + "issuer", error, example: "https://login.example.com",
                insecureHTTP: insecureHTTP.helpful)
            let isName = (try? TokenIssuer(issuer)) != nil
            faults.append(isName ? fault.orElse("set \(path + "endpoint") to the URL of the endpoint") : fault)
            return nil
        }
    }
}

extension IntrospectionConfiguration.Credentials {
    /// Appends a fault for credentials that cannot be sent.
    fileprivate func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        switch self {
        case .basic(let clientID, _), .post(let clientID, _), .discovered(let clientID, _):
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

    /// Whether the issuer's metadata says how to send them.
    var areDiscovered: Bool {
        if case .discovered = self { true } else { false }
    }

    /// The credentials as the metadata wants them; nil when it lists no method for a client with a secret.
    func chosen(by metadata: AuthorizationServerMetadata) -> Self? {
        guard case .discovered(let clientID, let secret) = self else { return self }
        func lists(_ method: String, _ methods: [String]) -> Bool { methods.contains { $0.hasSameBytes(as: method) } }
        let (basic, post) = ("client_secret_basic", "client_secret_post")
        let methods = metadata.introspectionEndpointAuthMethodsSupported
        guard methods.isEmpty else {
            if lists(basic, methods) { return .basic(clientID: clientID, secret) }
            return lists(post, methods) ? .post(clientID: clientID, secret) : nil
        }
        // RFC 8414 §2: without a list, the method is determined "by other means". RFC 6749 §2.3.1: a client with a
        // password may always use Basic.
        let others = metadata.tokenEndpointAuthMethodsSupported
        return lists(post, others) && !lists(basic, others)
            ? .post(clientID: clientID, secret) : .basic(clientID: clientID, secret)
    }

    /// The `Authorization` field; nil for credentials in the body. ``chosen(by:)`` comes first.
    var authorization: HTTPFields.Value? {
        switch self {
        case .basic(let clientID, let secret):
            // RFC 6749 §2.3.1: each part is form-urlencoded first, so that a colon inside a part does not separate the
            // parts.
            let pair = PercentEncoding.encode(clientID) + ":" + PercentEncoding.encode(secret.text)
            return HTTPFields.Value("Basic " + Base64.encode(Array(pair.utf8)))
        case .post, .discovered: return nil
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
