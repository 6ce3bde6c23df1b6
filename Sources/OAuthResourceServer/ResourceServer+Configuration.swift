internal import OAuthMetadata
internal import WireFormat

extension ResourceServer {
    /// A checked configuration.
    struct Parts {
        var resource: ResourceIdentifier
        var authorizationServers: [IssuerIdentifier]
        var requiredScopes: ScopeSet
        var scopesSupported: ScopeSet
        var realm: Challenge.QuotableText?
    }

    /// Checks every setting and reports all faults together.
    static func check(_ configuration: ResourceServerConfiguration) throws(ConfigurationError) -> Parts {
        var faults: [ConfigurationError.Fault] = []

        var resource: ResourceIdentifier?
        do throws(IdentifierError) {
            let allowance = configuration.insecureHTTP == .never ? .loopback : configuration.insecureHTTP
            resource = try ResourceIdentifier(configuration.resource, insecureHTTP: allowance)
        } catch {
            faults.append(.init("resource", error.explanation))
        }

        if let path = resource?.url.path, path.utf8.starts(with: WellKnown.prefix.utf8),
            !configuration.wellKnownPathsOfHandler.contains(where: path.hasSameBytes)
        {
            faults.append(
                .init("resource", "lies below \(WellKnown.prefix), where the guard itself answers; choose another path")
            )
        }

        if configuration.authorizationServers.isEmpty {
            faults.append(.init("authorizationServers", "is empty; name the issuer that clients log in to"))
        }
        var issuers: [IssuerIdentifier] = []
        for (index, text) in configuration.authorizationServers.enumerated() {
            do throws(IdentifierError) {
                let issuer = try IssuerIdentifier(text, insecureHTTP: configuration.insecureHTTP)
                if issuers.contains(issuer) {
                    faults.append(.init("authorizationServers[\(index)]", "is there already; name each issuer once"))
                }
                issuers.append(issuer)
            } catch {
                faults.append(.init("authorizationServers[\(index)]", error.explanation))
            }
        }

        let required = scopes(configuration.requiredScopes, "requiredScopes", &faults)
        // A client that asks for offline_access gets a refresh token by it; it is not a permission of this resource.
        let advertised = configuration.scopesSupported.map { scopes($0, "scopesSupported", &faults) } ?? required
        if required.contains("offline_access") {
            faults.append(.init("requiredScopes", "holds offline_access, which no access token need carry; remove it"))
        }

        let realm = configuration.realm.map(Challenge.QuotableText.init)
        if case .some(.none) = realm {
            faults.append(.init("realm", "holds control or non-ASCII characters, which a challenge cannot carry"))
        }
        if !(1_024...65_536).contains(configuration.tokenLimit) {
            faults.append(.init("tokenLimit", "is outside 1,024…65,536 bytes"))
        }
        for (index, path) in configuration.wellKnownPathsOfHandler.enumerated() {
            let setting = "wellKnownPathsOfHandler[\(index)]"
            if !path.utf8.starts(with: WellKnown.prefix.utf8) {
                faults.append(.init(setting, "does not begin with \(WellKnown.prefix)"))
            } else if path.utf8.contains(UInt8(ascii: "?")) {
                faults.append(.init(setting, "has a query; name the path alone"))
            } else if path.utf8.starts(with: WellKnown.protectedResource.utf8) {
                faults.append(.init(setting, "is where the guard serves its metadata; remove it"))
            }
        }

        guard faults.isEmpty, let resource else { throw ConfigurationError(faults) }
        return Parts(
            resource: resource, authorizationServers: issuers, requiredScopes: required,
            scopesSupported: advertised.subtracting("offline_access"), realm: realm ?? nil)
    }

    private static func scopes(
        _ list: [String], _ setting: String, _ faults: inout [ConfigurationError.Fault]
    ) -> ScopeSet {
        guard let scopes = ScopeSet(list) else {
            faults.append(
                .init(setting, "holds a text that is no scope: printable ASCII without space, quote and backslash"))
            return ScopeSet()
        }
        return scopes
    }
}
