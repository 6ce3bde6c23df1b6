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
    ///   - clock: The time of day, for client assertions.
    ///   - timing: The clock of a new source.
    ///   - observer: Receives the events of a new source.
    func endpoint(
        sharing shared: IssuerDiscovery?, fetcher: any DocumentFetcher, clock: WallClock, timing: RefreshTiming,
        observer: TokenVerificationEvent.Observer?
    ) -> (IntrospectionEndpoint, IssuerDiscovery?) {
        let client = IntrospectionClient(configuration.credentials, of: policy.issuer, clock: clock)
        switch place {
        case .url(let url): return (IntrospectionEndpoint(url, client, fetcher: fetcher), nil)
        case .metadata(of: let issuer, let url):
            let discovery =
                shared
                ?? IssuerDiscovery(
                    of: issuer, for: [url == nil ? .introspection : .document], fetcher: fetcher, timing: timing,
                    observer: observer)
            return (IntrospectionEndpoint(describedBy: discovery, at: url, client, fetcher: fetcher), discovery)
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
        policy.confirmations = confirmations
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
