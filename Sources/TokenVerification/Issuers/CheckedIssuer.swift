package import HTTPMessages
internal import JOSE
package import OAuthMetadata
internal import WireFormat

/// An ``IssuerConfiguration`` that was checked. It is the input for a verifier and a key source.
package struct CheckedIssuer: Sendable {
    package let issuer: TokenIssuer
    /// The issuer that clients log in to; nil for an issuer that is only a name.
    package let identifier: IssuerIdentifier?
    let validation: JWTValidation
    let place: RemoteKeySet.Place
    let keySettings: RemoteKeySet.Settings
    let scopes: ScopeMapping

    /// Makes the trusted issuer and the source of its keys. Nothing is fetched yet.
    ///
    /// - Parameters:
    ///   - purpose: What else the issuer's metadata is read for, if it is read for keys.
    ///   - fetcher: Fetches the keys and the metadata.
    ///   - timing: The clocks of the key source.
    ///   - observer: Receives the events of the key source.
    package func trusted(
        sharedFor purpose: IssuerDiscovery.Purpose? = nil, fetcher: any DocumentFetcher,
        timing: RefreshTiming = RefreshTiming(clock: .system), observer: TokenVerificationEvent.Observer?
    ) -> TrustedIssuer {
        let keys = RemoteKeySet(
            of: issuer, at: place, sharedFor: purpose, checked: keySettings, fetcher: fetcher,
            timing: timing, observer: observer)
        return trusted(with: keys)
    }

    /// Makes the trusted issuer with a source of its keys.
    package func trusted(with keys: any KeySource) -> TrustedIssuer {
        TrustedIssuer(validation, keys: keys, scopes: scopes)
    }

    /// Whether the key source of `other` fits this issuer too.
    func hasSameKeys(as other: CheckedIssuer) -> Bool {
        issuer == other.issuer && place == other.place && keySettings == other.keySettings
    }
}

extension IssuerConfiguration {
    /// Where plain http is accepted, and the setting that says so.
    package struct HTTPRule: Sendable {
        private let permissions: FetchPermissions
        private let setting: ConfigurationError.Path

        package init(_ permissions: FetchPermissions, setting: ConfigurationError.Path) {
            self.permissions = permissions
            self.setting = setting
        }

        /// Where plain http is accepted for one URL. On a host that the operator has listed, it is.
        func accepted(for text: String) -> InsecureHTTP {
            guard permissions.insecureHTTP == .privateHosts, let url = try? AbsoluteURL(parsing: text),
                permissions.admitsScheme(of: url)
            else { return permissions.insecureHTTP }
            return .dangerouslyAnyHost
        }

        /// The setting that would accept http for a loopback host; nil when it is accepted already.
        var helpful: ConfigurationError.Path? { permissions.insecureHTTP == .never ? setting : nil }
    }

    /// Checks every setting. Returns nil when there is a fault.
    ///
    /// - Parameters:
    ///   - path: The path to this configuration.
    ///   - resource: The resource identifier of the server.
    ///   - insecureHTTP: Where plain http is accepted.
    package func check(
        at path: ConfigurationError.Path, resource: String, insecureHTTP: HTTPRule, _ faults: inout ConfigurationFaults
    ) -> CheckedIssuer? {
        let before = faults.count
        faults += presetFaults.map { $0.inside(path) }
        let names = checkIssuer(at: path, insecureHTTP, &faults)
        let place = checkKeys(at: path + "keys", of: names.identifier, insecureHTTP, &faults)
        keySettings.check(at: path + "keySettings", &faults)
        let validation = checkPolicy(at: path + "policy", resource: resource, &faults)
        scopes.check(at: path + "scopes", &faults)
        let server = checkServer(at: path + "authorizationServer", insecureHTTP, &faults)
        guard faults.count == before, let issuer = names.issuer, let place, let validation else { return nil }
        return CheckedIssuer(
            issuer: issuer, identifier: server ?? names.identifier, validation: validation, place: place,
            keySettings: keySettings, scopes: scopes)
    }

    /// The issuer is a URL when its metadata is read. With a URL for its keys, it may be any name.
    private func checkIssuer(
        at path: ConfigurationError.Path, _ insecureHTTP: HTTPRule, _ faults: inout ConfigurationFaults
    ) -> (issuer: TokenIssuer?, identifier: IssuerIdentifier?) {
        let name = Result { () throws(TokenIssuer.Fault) in try TokenIssuer(issuer) }
        do throws(IdentifierError) {
            let identifier = try IssuerIdentifier(issuer, insecureHTTP: insecureHTTP.accepted(for: issuer))
            return (TokenIssuer(identifier), identifier)
        } catch {
            switch (keys, name) {
            case (.url, .success(let name)): return (name, nil)
            case (.url, .failure(let fault)): faults.append(.init(path, fault))
            case (.discovered, _):
                let fault = ConfigurationError.Fault(
                    path, error, example: "https://login.example.com", insecureHTTP: insecureHTTP.helpful)
                let isName = (try? name.get()) != nil && mayBeName(error)
                faults.append(isName ? fault.orElse("set \(path + "keys") to the URL of its keys") : fault)
            }
            return (nil, nil)
        }
    }

    private func checkServer(
        at path: ConfigurationError.Path, _ insecureHTTP: HTTPRule, _ faults: inout ConfigurationFaults
    ) -> IssuerIdentifier? {
        guard let authorizationServer else { return nil }
        do throws(IdentifierError) {
            return try IssuerIdentifier(
                authorizationServer, insecureHTTP: insecureHTTP.accepted(for: authorizationServer))
        } catch {
            faults.append(
                .init(
                    path, error, example: "https://login.example.com", insecureHTTP: insecureHTTP.helpful))
            return nil
        }
    }

    /// Whether the issuer may be meant as a name, which needs the URL of its keys.
    private func mayBeName(_ error: IdentifierError) -> Bool {
        switch error {
        case .url(.unsupportedScheme): true
        case .insecure: (try? AbsoluteURL(parsing: issuer))?.isLoopback == false
        case .url, .fragment, .query, .dotSegments: false
        }
    }

    private func checkKeys(
        at path: ConfigurationError.Path, of identifier: IssuerIdentifier?, _ insecureHTTP: HTTPRule,
        _ faults: inout ConfigurationFaults
    ) -> RemoteKeySet.Place? {
        switch keys {
        case .discovered: return identifier.map { .metadata(of: $0) }
        case .url(let text):
            do throws(IdentifierError) {
                return .url(try Self.keySetURL(text, insecureHTTP.accepted(for: text)))
            } catch {
                faults.append(
                    .init(
                        path, error, example: "https://login.example.com/jwks",
                        insecureHTTP: insecureHTTP.helpful))
                return nil
            }
        }
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
            // An empty issuer was reported above.
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
