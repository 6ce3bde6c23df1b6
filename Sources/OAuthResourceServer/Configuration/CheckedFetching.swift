internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration.Fetching {
    /// The settings for a fetcher of keys and metadata. The files that they name are checked when the fetcher is made.
    func check(_ faults: inout ConfigurationFaults) -> FetchSettings {
        var settings = FetchSettings(permissions: permissions(&faults))
        settings.certificateAuthorityFile = certificateAuthorityFile
        settings.proxy = checkedProxy(&faults)
        if let bearer {
            if let host = HTTPHost(bearer.host) {
                settings.bearer = FetchBearer(host: host, file: bearer.file)
            } else {
                faults.add(.bearer + "host", "is not a host", Self.hostRemedy)
            }
        }
        return settings
    }

    private static let hostRemedy: ConfigurationError.Text =
        "write its name or address alone, without scheme, port and path"

    private func permissions(_ faults: inout ConfigurationFaults) -> FetchPermissions {
        var permissions = FetchPermissions(insecureHTTP: insecureHTTP)
        for (index, text) in privateHosts.enumerated() {
            if let host = HTTPHost(text) {
                permissions.privateHosts.append(host)
            } else {
                faults.add(.privateHosts[index], "is not a host", Self.hostRemedy)
            }
        }
        if insecureHTTP == .privateHosts, privateHosts.isEmpty {
            faults.add(
                .insecureHTTP, "allows http for private hosts, but \(.privateHosts) names none",
                "list the hosts there, or allow http for loopback hosts only")
        }
        return permissions
    }

    private func checkedProxy(_ faults: inout ConfigurationFaults) -> AbsoluteURL? {
        guard let proxy else { return nil }
        guard let url = try? AbsoluteURL(parsing: proxy), url.scheme == .http, url.path.isEmpty || url.path == "/",
            url.query == nil, url.fragment == nil
        else {
            faults.add(
                .proxy, "is not an http URL of a host and perhaps a port",
                "write it like http://proxy.example.com:3128, without a user name and password")
            return nil
        }
        return url
    }
}

extension FetchSettings {
    /// Whether the keys or the metadata of an issuer are at a plain http URL of the host that gets the token. The
    /// fetcher refuses each such request.
    func sendsBearerUnencrypted(for issuer: IssuerConfiguration) -> Bool {
        let text =
            switch issuer.keys {
            case .discovered: issuer.issuer
            case .url(let text): text
            }
        guard let bearer, let url = try? AbsoluteURL(parsing: text) else { return false }
        return url.scheme == .http && !url.isLoopback && HTTPHost(url) == bearer.host
    }
}

extension ConfigurationError.Path {
    private static let fetching = tokens + "fetching"
    /// Where plain http is accepted.
    static let insecureHTTP = fetching + "insecureHTTP"
    static let privateHosts = fetching + "privateHosts"
    static let proxy = fetching + "proxy"
    static let bearer = fetching + "bearer"
}
