package import HTTPMessages
package import OAuthResourceServer
package import SafeFetch
package import TokenVerification

extension CurlFetcher {
    /// The faults of the files that a configuration names, which only this module can check. They are read again later:
    /// the certificate authorities for each connection, and the token for each fetch.
    ///
    /// - Parameter certificateAuthorities: The authorities that the program gives; nil for those of the configuration.
    package static func faultyFiles(
        of fetching: ResourceServerConfiguration.Fetching, certificateAuthorities: CertificateAuthorityFile?
    ) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        if certificateAuthorities == nil, let path = fetching.certificateAuthorityFile {
            do throws(CertificateAuthorityFile.Unusable) {
                _ = try CertificateAuthorityFile(path: path)
            } catch {
                faults.append(.init(Self.fetching + "certificateAuthorityFile", error.reason, error.remedy))
            }
        }
        // The check of the configuration reports a faulty host.
        if let bearer = fetching.bearer, let host = HTTPHost(bearer.host) {
            do throws(BearerFile.Unusable) {
                _ = try BearerFile.token(of: FetchBearer(host: host, file: bearer.file))
            } catch {
                faults.append(.init(Self.fetching + "bearer" + "file", error.reason, error.remedy))
            }
        }
        return faults
    }

    /// A fetcher with the settings of a configuration.
    ///
    /// - Parameters:
    ///   - settings: The checked settings.
    ///   - certificateAuthorities: The authorities that the program gives; nil for those of the settings.
    package static func configured(
        by settings: FetchSettings, certificateAuthorities: CertificateAuthorityFile?
    ) throws(ConfigurationError) -> CurlFetcher {
        var authorities = certificateAuthorities
        if authorities == nil, let path = settings.certificateAuthorityFile {
            do throws(CertificateAuthorityFile.Unusable) {
                authorities = try CertificateAuthorityFile(path: path)
            } catch {
                throw ConfigurationError([
                    .init(fetching + "certificateAuthorityFile", error.reason, error.remedy)
                ])
            }
        }
        let policy = FetchPolicy(
            permissions: settings.permissions, proxy: settings.proxy, certificateAuthorities: authorities,
            bearer: settings.bearer)
        do throws(FetchPolicy.Invalid) {
            return try CurlFetcher(policy: policy)
        } catch {
            throw ConfigurationError(error.faults.map { .init(fetching, .init("is faulty: \($0)"), "correct it") })
        }
    }

    private static var fetching: ConfigurationError.Path { ("tokens" as ConfigurationError.Path) + "fetching" }
}

extension CertificateAuthorityFile.Unusable {
    fileprivate var reason: ConfigurationError.Text {
        switch self {
        case .unreadable: "names a file that cannot be read"
        case .notAFile: "does not name a regular file"
        case .noCertificate: "names a file without a PEM certificate"
        }
    }

    fileprivate var remedy: ConfigurationError.Text {
        switch self {
        case .unreadable: "give the path of a PEM file that this program may read"
        case .notAFile: "give the path of a PEM file"
        case .noCertificate: "give the path of a file with BEGIN CERTIFICATE lines"
        }
    }
}

extension BearerFile.Unusable {
    fileprivate var reason: ConfigurationError.Text {
        switch self {
        case .unreadable: "names a file that cannot be read"
        case .noToken: "names a file that does not hold one bearer token"
        }
    }

    fileprivate var remedy: ConfigurationError.Text {
        switch self {
        case .unreadable: "give the path of a regular file that this program may read"
        case .noToken: "write only the token into it, with at most one line break at the end"
        }
    }
}
