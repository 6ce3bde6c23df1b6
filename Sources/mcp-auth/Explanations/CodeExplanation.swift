import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import WireFormat

/// What a code of an event, a metric or a configuration fault means, and what to do.
///
/// Codes that are made of two, such as `dpop_bad_signature`, are explained by their parts.
struct CodeExplanation: Equatable {
    let code: String
    /// What happened.
    let meaning: String
    /// What to do.
    let fix: String

    init(_ code: String, _ meaning: String, _ fix: String) {
        self.code = code
        self.meaning = meaning
        self.fix = fix
    }

    /// Every code that has an entry of its own. The rules of `doctor` are not among them.
    static let table: [CodeExplanation] = [
        ofRequests, ofTokens, ofClaims, ofKeys, ofFetches, ofOutages, ofProofs, ofBindings, ofClients, ofEvents,
        ofDocuments,
    ].flatMap { $0 }

    /// The explanation of a code; nil for an unknown one.
    static func of(_ code: String) -> CodeExplanation? {
        if let entry = table.first(where: { $0.code.hasSameBytes(as: code) }) { return entry }
        if let rule = DoctorRule.all.first(where: { $0.code.hasSameBytes(as: code) }) {
            return CodeExplanation(rule.code, "doctor checks: \(rule.title) (\(rule.source)).", rule.fix)
        }
        if let variable = EnvironmentVariable(rawValue: code) {
            return CodeExplanation(
                variable.rawValue, "This environment variable configures a server.",
                "The documentation of ResourceServerConfiguration has its values; a faulty value is reported at start.")
        }
        return composed(code)
    }

    /// Prefixes of codes that are made of two, and what they say.
    static let prefixes: [(prefix: String, meaning: String)] = [
        ("dpop_jwk_", "The key in the DPoP proof is not usable."),
        ("dpop_", "The DPoP proof of the request was refused."),
        ("assertion_unavailable_", "The assertion of a client could not be checked."),
        ("assertion_", "The assertion of a client (private_key_jwt) was refused."),
        ("signed_metadata_", "The signed metadata was refused."),
        ("document_fetch_", "The document of a client could not be fetched."),
        ("fetch_", "A document could not be fetched."),
        ("replay_store_", "The store of used identifiers could not be asked."),
        ("issuer_differs_by_", "The issuer of the token is nearly one that the server trusts."),
    ]

    private static func composed(_ code: String) -> CodeExplanation? {
        if let status = number(in: code, after: "status_") {
            return CodeExplanation(
                code, "The remote server answered with the status \(status).",
                "Ask the URL of the event yourself, and read the log of that server.")
        }
        for (prefix, meaning) in prefixes where code.utf8.starts(with: prefix.utf8) {
            let rest = String(decoding: code.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            guard let inner = of(rest) else { continue }
            return CodeExplanation(code, "\(meaning) \(inner.meaning)", inner.fix)
        }
        return nil
    }

    private static func number(in code: String, after prefix: String) -> Int? {
        guard code.utf8.starts(with: prefix.utf8) else { return nil }
        return ASCII.parseDecimal(code.utf8.dropFirst(prefix.utf8.count))
    }

    /// The codes that begin like a text or contain it, for a person who does not know the whole code.
    static func similar(to text: String) -> [String] {
        guard text.utf8.count >= 3 else { return [] }
        let codes = table.map(\.code) + DoctorRule.all.map(\.code) + EnvironmentVariable.allCases.map(\.rawValue)
        return Array(Set(codes.filter { $0.lowercased().contains(text.lowercased()) })).sorted()
    }
}
