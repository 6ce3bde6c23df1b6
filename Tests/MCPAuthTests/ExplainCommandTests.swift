import Foundation
import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import Testing

@testable import mcp_auth

@Suite("mcp-auth explain", .serialized)
struct ExplainCommandTests {
    private let session = CommandSession()

    @Test("a code: what happened, and what to do; reason= in front is removed")
    func explained() async {
        let outcome = await session.run("explain", "aud_mismatch")
        #expect(outcome.status == .good)
        #expect(
            outcome.output == """
                aud_mismatch
                  The claim aud, the audience, has another value than the server expects.
                  To mend it: Ask for the token with resource=<URL of the server>, or add the audience that the issuer \
                writes to OAUTH_AUDIENCES.

                """)
        #expect(await session.run("explain", "reason=aud_mismatch") == outcome)
        #expect(await session.run("explain", "Aud-Mismatch") == outcome)
    }

    @Test("codes that are made of two are explained by both")
    func composed() {
        #expect(
            CodeExplanation.of("dpop_bad_signature")?.meaning
                == "The DPoP proof of the request was refused. The signature does not verify with the key.")
        #expect(CodeExplanation.of("fetch_tls_expired")?.fix == "Renew it, or set the clock by NTP.")
        #expect(CodeExplanation.of("status_502")?.meaning == "The remote server answered with the status 502.")
        #expect(CodeExplanation.of("dpop_fetch_nothing") == nil && CodeExplanation.of("status_x") == nil)
    }

    @Test("an unknown code: exit 2, with similar codes; without a code, the list")
    func unknown() async {
        let unknown = await session.run("explain", "audience\u{1B}")
        #expect(unknown.status == .usage && unknown.faults == [#"audience\u001b is not a code of this program"#])
        let similar = await session.run("explain", "AUD_").faults.first
        #expect(similar?.contains("; there are aud_expired, ") == true)
        #expect(
            await session.run("explain").output.contains("\nmissing_credentials  The request had no access token.\n"))
    }

    @Test("every entry has a code of its own, and sentences")
    func table() {
        let table = CodeExplanation.table
        #expect(Set(table.map(\.code)).count == table.count)
        for entry in table { #expect(entry.meaning.hasSuffix(".") && entry.fix.hasSuffix("."), "\(entry.code)") }
        for rule in DoctorRule.all {
            #expect(!table.contains { $0.code == rule.code }, "\(rule.code) has two meanings")
        }
    }

    @Test("every variable of the environment, and every code of the closed sets, is explained")
    func closedSets() {
        for variable in EnvironmentVariable.allCases { #expect(CodeExplanation.of(variable.rawValue) != nil) }
        for fault in ResourceServer.SessionFault.allCases { #expect(CodeExplanation.of(fault.rawValue) != nil) }
    }

    /// The texts in the bodies of `var code`, and the raw values that these return.
    @Test("no code of the library is missing: its sources are searched")
    func sources() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        var codes: [String: String] = [:]
        let modules = ["JOSE", "HTTPMessages", "TokenVerification", "OAuthResourceServer", "OAuthClientMetadata"]
        for module in modules {
            let files = FileManager.default.enumerator(
                at: root.appending(path: module), includingPropertiesForKeys: nil)
            for case let file as URL in try #require(files) where file.pathExtension == "swift" {
                for code in Self.codes(in: try String(contentsOf: file, encoding: .utf8)) {
                    codes[code] = file.lastPathComponent
                }
            }
        }
        #expect(codes.count > 80)
        for (code, file) in codes.sorted(by: { $0.key < $1.key }) {
            // The defects of claims stand behind the name of a claim.
            let isExplained = CodeExplanation.of(code) != nil || CodeExplanation.of("exp_\(code)") != nil
            #expect(isExplained, "\(code) of \(file) has no explanation")
        }
    }

    /// Texts of lower-case words with `_` between them, in lines like `case .x: "…"` and `case x = "…"`.
    private static func codes(in text: String) -> [String] {
        let lines = text.split(separator: "\n")
        var codes: [String] = []
        var isInCode = false
        for line in lines {
            if line.contains("var code: String {") { isInCode = true }
            if line == "    }" || line == "        }" { isInCode = false }
            guard let match = line.firstMatch(of: #/^ +case \.?[^"=]*(:|=) "([a-z0-9]+(_[a-z0-9]+)+)"$/#) else {
                continue
            }
            // Raw values of the sets that codes are made of, and the texts of codes. The names of replay identifiers
            // are not shown.
            let isRawValue = match.1 == "="
            if isRawValue ? !["client_assertion", "dpop_proof"].contains(String(match.2)) : isInCode {
                codes.append(String(match.2))
            }
        }
        return codes
    }
}
