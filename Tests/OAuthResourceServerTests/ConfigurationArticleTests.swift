import Foundation
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("The article \"Configuration\" is complete")
struct ConfigurationArticleTests {
    /// The rows of the article's tables: the setting in code, and the environment variable.
    private let rows: [(code: String, variable: String)]

    init() throws {
        let article = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/ResourceServerKit/ResourceServerKit.docc/Configuration.md")
        // The tables before this heading are about purposes.
        let text = try String(contentsOf: article, encoding: .utf8).split(separator: "## The server and its mode")
        rows = text.dropFirst().joined().split(separator: "\n").filter { $0.hasPrefix("| ") }
            .map { line in
                let cells = line.split(separator: "|").map { $0.filter { !" `".contains($0) } }
                return (code: Self.path(cells.first ?? ""), variable: cells.dropFirst().first ?? "")
            }
    }

    /// The path of a setting. The article shortens the first members of some paths.
    private static func path(_ cell: String) -> String {
        let shortened: KeyValuePairs = [
            "issuer.": "tokens.issuers[0].", "introspection.": "tokens.introspection.", "fetching.": "tokens.fetching.",
        ]
        for (short, long) in shortened where cell.hasPrefix(short) { return long + cell.dropFirst(short.count) }
        return cell
    }

    @Test("Every environment variable has a row, and every row names a variable that exists")
    func variables() {
        let named = Set(rows.map(\.variable)).filter { $0.hasPrefix("OAUTH_") }
        let known = Set(EnvironmentVariable.allCases.map(\.rawValue))
        #expect(known.subtracting(named) == [], "variables without a row")
        #expect(named.subtracting(known) == [], "rows without a variable")
    }

    @Test("A setting stands beside the variable whose name its faults carry")
    func pairs() {
        for row in rows where row.variable.hasPrefix("OAUTH_") && !row.code.isEmpty {
            let members = row.code.replacing("[0]", with: "").split(separator: ".").map {
                ConfigurationError.Path.Step.member(String($0))
            }
            guard let variable = EnvironmentNames.variable(of: ConfigurationError.Path(members)) else { continue }
            // The faults of a client's credentials have a path for the client, and one for its secret.
            guard row.code != "tokens.introspection.credentials" else { continue }
            #expect(variable.rawValue == row.variable, "\(row.code)")
        }
    }

    @Test("Every member of the configuration has a row")
    func members() throws {
        var configuration = ResourceServerConfiguration(
            resource: "https://mcp.example.com/mcp", issuers: ["https://login.example.com"])
        configuration.tokens.introspection = IntrospectionConfiguration(
            issuer: "https://login.example.com", resource: nil,
            credentials: .bearer(try ClientSecret("an-example-of-a-secret")))
        let members = Self.leaves(of: configuration, "")
        #expect(members.count > 50)
        #expect(Set(members).subtracting(rows.map(\.code)) == [])
    }

    /// The paths of all members that are not structures of settings themselves.
    private static func leaves(of value: Any, _ path: String) -> [String] {
        let own: Set = ["origin", "presetFaults", "clocks"]
        return Mirror(reflecting: value).children.flatMap { label, child -> [String] in
            guard let label, !own.contains(label) else { return [] }
            let place = path.isEmpty ? label : "\(path).\(label)"
            switch child {
            // An empty list of other elements can be cast too.
            case let issuers as [IssuerConfiguration] where !issuers.isEmpty:
                return [place] + leaves(of: issuers[0], "\(place)[0]")
            case let introspection as IntrospectionConfiguration?:
                return introspection.map { Self.topLeaves(of: $0, place) } ?? [place]
            case is ResourceServerConfiguration.Tokens, is ResourceServerConfiguration.Fetching,
                is ResourceServerConfiguration.Requirements, is ResourceServerConfiguration.Browsers,
                is ResourceServerConfiguration.Streams, is ResourceServerConfiguration.DPoP,
                is ResourceServerConfiguration.Metadata, is ResourceServerConfiguration.Responses,
                is ResourceServerConfiguration.Events, is MCPScopeRules, is JWTPolicy, is RemoteKeySet.Settings,
                is ScopeMapping:
                return leaves(of: child, place)
            default: return [place]
            }
        }
    }

    private static func topLeaves(of value: Any, _ path: String) -> [String] {
        Mirror(reflecting: value).children.compactMap { label, _ in label.map { "\(path).\($0)" } }
    }
}
