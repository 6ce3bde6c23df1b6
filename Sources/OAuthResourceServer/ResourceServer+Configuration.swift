internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

extension ResourceServer {
    /// A checked configuration.
    struct Parts {
        var resource: ResourceIdentifier
        var authorizationServers: [IssuerIdentifier]
        var scopes: ScopeRules
        var scopesSupported: ScopeSet
        var realm: Challenge.QuotableText?
        var allowedOrigins: [AllowedOrigin]
        var servesMetadata: Bool
    }

    /// Checks every setting and reports all faults together.
    static func check(
        _ configuration: ResourceServerConfiguration, hasVerifier: Bool, hasObserver: Bool
    ) throws(ConfigurationError) -> Parts {
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

        if let address = resource?.url.addressBytes, address.allSatisfy({ $0 == 0 }) {
            faults.append(
                .init("resource", "names the address to listen on everywhere, which nobody can call; use a host name"))
        }
        if let url = resource?.url, url.scheme == .https, url.isLoopback {
            // Nobody else could follow it, and on this machine nobody speaks TLS.
            faults.append(
                .init("resource", "names this machine with https; use the public URL of the server, or http to develop")
            )
        }

        switch configuration.mode {
        case .enforced, .shadow:
            if configuration.authorizationServers.isEmpty {
                faults.append(.init("authorizationServers", "is empty; name the issuer that clients log in to"))
            }
        case .staticTokens:
            if !configuration.authorizationServers.isEmpty {
                faults.append(
                    .init(
                        "authorizationServers", "is set beside pre-shared tokens, which no issuer gives out; remove it")
                )
            }
        case .disabled: break
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

        let rules = ScopeRules(configuration, &faults)
        // A client that asks for offline_access gets a refresh token by it; it is not a permission of this resource.
        var advertised = rules.mentioned
        if let supported = configuration.scopesSupported.map({ scopes($0, "scopesSupported", &faults) }) {
            advertised = supported.subtracting("offline_access")
            if advertised.isEmpty, !supported.isEmpty {
                faults.append(.init("scopesSupported", "holds offline_access alone, which is never advertised"))
            }
        }

        checkMode(configuration.mode, of: resource, hasVerifier: hasVerifier, hasObserver: hasObserver, &faults)
        let origins = allowedOrigins(configuration.allowedOrigins, &faults)
        checkRoutes(configuration.routes, of: resource, &faults)
        checkRouteScopes(configuration, &faults)

        let realmText = configuration.realm ?? (configuration.mode == .staticTokens ? resource?.text : nil)
        let realm = realmText.map(Challenge.QuotableText.init)
        if case .some(.none) = realm {
            faults.append(.init("realm", "holds control or non-ASCII characters, which a challenge cannot carry"))
        }
        if !(1_024...65_536).contains(configuration.tokenLimit) {
            faults.append(.init("tokenLimit", "is outside 1,024…65,536 bytes"))
        }
        if let forwarded = configuration.forwardedMetadata, !issuers.contains(forwarded.issuer) {
            faults.append(.init("forwardedMetadata", "is of an issuer that authorizationServers does not name"))
        }
        if case .bound(let limits) = configuration.sessions { faults += limits.faults }
        for (index, path) in configuration.wellKnownPathsOfHandler.enumerated() {
            let setting = "wellKnownPathsOfHandler[\(index)]"
            if !path.utf8.starts(with: WellKnown.prefix.utf8) {
                faults.append(.init(setting, "does not begin with \(WellKnown.prefix)"))
            } else if path.utf8.contains(UInt8(ascii: "?")) {
                faults.append(.init(setting, "has a query; name the path alone"))
            } else if configuration.forwardedMetadata != nil, path.hasSameBytes(as: WellKnown.authorizationServer) {
                faults.append(.init(setting, "is where the guard serves forwardedMetadata; remove one of them"))
            } else if path.utf8.starts(with: WellKnown.protectedResource.utf8) {
                faults.append(.init(setting, "is where the guard serves its metadata; remove it"))
            }
        }

        guard faults.isEmpty, let resource else { throw ConfigurationError(faults) }
        return Parts(
            resource: resource, authorizationServers: issuers, scopes: rules,
            scopesSupported: advertised, realm: realm ?? nil, allowedOrigins: origins,
            servesMetadata: configuration.mode == .enforced || configuration.mode == .shadow)
    }

    private static func scopes(
        _ list: [String], _ setting: String, _ faults: inout [ConfigurationError.Fault]
    ) -> ScopeSet {
        guard let scopes = ScopeSet(list) else {
            faults.append(.init(setting, ScopeDemand.notAScope))
            return ScopeSet()
        }
        return scopes
    }

    private static func checkMode(
        _ mode: GuardMode, of resource: ResourceIdentifier?, hasVerifier: Bool, hasObserver: Bool,
        _ faults: inout [ConfigurationError.Fault]
    ) {
        guard case .disabled(let name, let reach) = mode else {
            if !hasVerifier { faults.append(.init("verifier", "is missing; only a disabled guard looks at no token")) }
            if mode == .shadow, !hasObserver {
                faults.append(.init("observer", "is missing; in shadow mode nobody else learns what would be refused"))
            }
            return
        }
        if !hasObserver { faults.append(.init("observer", "is missing; a disabled guard says so to somebody")) }
        let isPrintable = name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        if !(1...64).contains(name.utf8.count) || !isPrintable {
            faults.append(
                .init("mode", "names the anonymous principal with other than 1…64 printable ASCII characters"))
        }
        if reach == .loopbackOnly, let url = resource?.url, !url.isLoopback {
            faults.append(
                .init(
                    "mode",
                    "is disabled while the resource is not on a loopback host, so that anybody could do anything; use "
                        + "http://127.0.0.1:<port> as the resource, or say reach: .iKnowThisIsPublic"))
        }
    }

    private static func allowedOrigins(
        _ list: [String], _ faults: inout [ConfigurationError.Fault]
    ) -> [AllowedOrigin] {
        var origins: [AllowedOrigin] = []
        for (index, text) in list.enumerated() {
            do throws(AllowedOrigin.Fault) {
                origins.append(try AllowedOrigin(text))
            } catch {
                faults.append(.init("allowedOrigins[\(index)]", error.explanation))
            }
        }
        return origins
    }

    private static func checkRoutes(
        _ rules: [RouteRule], of resource: ResourceIdentifier?, _ faults: inout [ConfigurationError.Fault]
    ) {
        for (index, rule) in rules.enumerated() {
            let setting = "routes[\(index)]"
            let area = PathArea(rule)
            guard let target = HTTPRequestTarget(rule.path), target.query == nil, !PathArea.isAmbiguous(rule.path)
            else {
                faults.append(
                    .init(
                        setting,
                        "is no plain path: it begins with /, and has no query, //, dot segment, ; or needless escape"))
                continue
            }
            // Guarding by exception cannot be done by bytes: what a handler takes for the same path may be spelled otherwise.
            for (other, outer) in rules.enumerated() where other != index && PathArea(outer).contains(area) {
                if PathArea(outer) == area {
                    if other < index { faults.append(.init(setting, "covers the same as routes[\(other)]; keep one")) }
                } else if !rule.access.loosens(outer.access) {
                    faults.append(
                        .init(
                            setting,
                            "is stricter than routes[\(other)] around it; name what needs less instead of what needs more"
                        ))
                }
            }
            if rule.access == .public, let resource, opens(area, resource.url.path) {
                faults.append(
                    .init(
                        setting,
                        "makes the resource itself public; take it away, or use .optional, or disable the guard"))
            }
        }
    }

    /// A scope that is asked for at a public path would never be asked for.
    private static func checkRouteScopes(
        _ configuration: ResourceServerConfiguration, _ faults: inout [ConfigurationError.Fault]
    ) {
        for (index, rule) in configuration.routeScopes.enumerated() {
            let stem = String(decoding: rule.path.utf8.prefix { $0 != UInt8(ascii: "*") }, as: UTF8.self)
            let open = configuration.routes.firstIndex { $0.access == .public && PathArea($0).covers(stem) }
            if let open {
                faults.append(
                    .init(
                        "routeScopes[\(index)]",
                        "asks for scopes where routes[\(open)] asks for no token; make that one .optional, or remove this"
                    )
                )
            }
        }
    }

    /// Whether the area holds the path, with or without a slash at its end: handlers take the two for one.
    private static func opens(_ area: PathArea, _ path: String) -> Bool {
        let stem = path.utf8.last == UInt8(ascii: "/") ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        return area.covers(stem) || area.covers(stem + "/")
    }
}
