import Foundation
import Testing

@testable import ResourceServerKit

@Suite("A fetcher from settings")
struct CurlFetcherSettingsTests {
    /// A file that is removed with this object.
    private final class File {
        let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)").path()

        init(_ content: String) throws { try Data(content.utf8).write(to: URL(filePath: path)) }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private static let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

    /// The faults of the files, without the name of the setting.
    private func faults(_ edit: (inout ResourceServerConfiguration.Fetching) -> Void) -> [String] {
        var fetching = ResourceServerConfiguration(resource: "https://a.example", issuers: []).tokens.fetching
        edit(&fetching)
        return ConfigurationError(CurlFetcher.faultyFiles(of: fetching, certificateAuthorities: nil)).lines
    }

    @Test("The policy has the permissions, the authorities, the proxy and the token")
    func policy() throws {
        let (authorities, token) = (try File(Self.certificate), try File("abc.def-g\n"))
        var settings = FetchSettings(permissions: FetchPermissions(privateHosts: ["idp.internal"]))
        settings.certificateAuthorityFile = authorities.path
        settings.proxy = try AbsoluteURL(parsing: "http://proxy.example:3128")
        settings.bearer = FetchBearer(host: "idp.internal", file: token.path)
        let policy = try CurlFetcher.configured(by: settings, certificateAuthorities: nil).policy
        #expect(policy.source == .operatorNamed(settings.permissions, proxy: settings.proxy))
        #expect(policy.certificateAuthorities?.path == authorities.path)
        #expect(policy.bearer == settings.bearer)
        // Authorities that the program gives come first, and the others are not read then.
        let own = try CertificateAuthorityFile(path: authorities.path)
        settings.certificateAuthorityFile = "/nowhere"
        let given = try CurlFetcher.configured(by: settings, certificateAuthorities: own).policy
        #expect(given.certificateAuthorities == own)
    }

    @Test("A file that cannot be used is a fault at the start, with what to do, and without its content")
    func files() throws {
        let (empty, text) = (try File(""), try File("hunter2 hunter2"))
        for (path, reason) in [
            (
                "/nowhere/ca.pem",
                "names a file that cannot be read; give the path of a PEM file that this program may read"
            ),
            ("/tmp", "does not name a regular file; give the path of a PEM file"),
            (
                text.path,
                "names a file without a PEM certificate; give the path of a file with BEGIN CERTIFICATE lines"
            ),
        ] {
            #expect(
                faults { $0.certificateAuthorityFile = path } == ["tokens.fetching.certificateAuthorityFile \(reason)"])
        }
        for (path, reason) in [
            (
                "/nowhere",
                "names a file that cannot be read; give the path of a regular file that this program may read"
            ),
            ("/tmp", "names a file that cannot be read; give the path of a regular file that this program may read"),
            (
                empty.path,
                "names a file that does not hold one bearer token; "
                    + "write only the token into it, with at most one line break at the end"
            ),
            (
                text.path,
                "names a file that does not hold one bearer token; "
                    + "write only the token into it, with at most one line break at the end"
            ),
        ] {
            #expect(
                faults { $0.bearer = .init(host: "a.example", file: path) } == ["tokens.fetching.bearer.file \(reason)"]
            )
        }
    }

    @Test("The program's environment: OAUTH_CA_FILE is named in its fault")
    func environment() throws {
        var configuration = ResourceServerConfiguration(environment: [
            "OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com",
            "OAUTH_CA_FILE": "/nowhere/ca.pem",
        ])
        let error = #expect(throws: ConfigurationError.self) { try ResourceServer(configuration, observer: nil) }
        #expect(
            error?.lines == [
                "OAUTH_CA_FILE names a file that cannot be read; give the path of a PEM file that this program may read"
            ])
        // All faults at once.
        configuration.resource = "mcp.example.com"
        let several = #expect(throws: ConfigurationError.self) { try ResourceServer(configuration, observer: nil) }
        #expect(several?.lines.count == 2)
        configuration.resource = "https://mcp.example.com/mcp"
        configuration.tokens.fetching.certificateAuthorityFile = nil
        _ = try ResourceServer(configuration, observer: nil)
    }
}
