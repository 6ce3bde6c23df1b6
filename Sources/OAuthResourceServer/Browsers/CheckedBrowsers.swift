internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The checked ``ResourceServerConfiguration/browsers``.
struct CheckedBrowsers: Sendable {
    let origins: AllowedOrigins
    let hosts: [HTTPHost]
    let requestHeaders: [HTTPFields.Name]

    /// The maximum number of further request headers.
    private static let maximumRequestHeaders = 64

    /// Checks the settings. Faulty entries are left out.
    init(
        _ configuration: ResourceServerConfiguration, _ resource: ResourceIdentifier?,
        _ faults: inout ConfigurationFaults
    ) {
        let browsers = configuration.browsers
        var origins: [AllowedOrigin] = []
        for (index, text) in browsers.allowedOrigins.enumerated() {
            let setting = (.browsers + "allowedOrigins")[index]
            do throws(AllowedOrigin.Fault) {
                let origin = try AllowedOrigin(text)
                if origin == .everyPage, Self.isOpenOnThisMachine(configuration.mode, resource) {
                    // Other machines cannot reach such a server, but every page in a browser on this machine could.
                    faults.add(
                        setting, "is *, and the guard lets requests without a token in: every page could do everything",
                        "list the origins")
                }
                origins.append(origin)
            } catch {
                faults.add(setting, error.reason, error.remedy)
            }
        }
        self.origins = AllowedOrigins(origins, decide: browsers.allowsOrigin)
        var hosts: [HTTPHost] = []
        for (index, text) in browsers.allowedHosts.enumerated() {
            if let host = HTTPHost(text) {
                hosts.append(host)
            } else {
                faults.add(
                    (.browsers + "allowedHosts")[index], "is not a host",
                    "write its name or address alone, without scheme, port and path")
            }
        }
        self.hosts = hosts
        requestHeaders = Self.requestHeaders(browsers.allowedRequestHeaders, &faults)
    }

    /// Whether the server is for this machine only, and its mode lets requests without a token through.
    private static func isOpenOnThisMachine(_ mode: ResourceServer.Mode, _ resource: ResourceIdentifier?) -> Bool {
        switch mode {
        case .enforced, .staticTokens: false
        case .shadow: resource?.url.isLoopback ?? false
        case .disabled(_, let reach): reach == .loopbackOnly
        }
    }

    private static func requestHeaders(_ list: [String], _ faults: inout ConfigurationFaults) -> [HTTPFields.Name] {
        let setting = .browsers + ("allowedRequestHeaders" as ConfigurationError.Path)
        if list.count > maximumRequestHeaders {
            let limit = String(maximumRequestHeaders)
            faults.add(setting, "has more than \(limit) names", "keep at most \(limit)")
        }
        var names: [HTTPFields.Name] = []
        for (index, text) in list.enumerated() {
            // Fetch §3.2.2: `*` stands for all headers only where no credentials are sent, and never for Authorization.
            if text.utf8.elementsEqual("*".utf8) {
                faults.add(setting[index], "is *", "list the names of the headers")
            } else if let name = HTTPFields.Name(text) {
                names.append(name)
            } else {
                faults.add(setting[index], "is not the name of a header", "correct it, or remove it")
            }
        }
        return names
    }
}
