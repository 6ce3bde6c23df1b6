/// The article "Why is this token refused?" names every stable code and every event of the libraries.
enum RefusalArticleRule {
    /// The files whose string literals in `case` lines are such codes. The first ones are the reasons of refusals.
    static let files = [
        "Sources/OAuthResourceServer/Guard/ResourceServer+Refusal.swift",
        "Sources/TokenVerification/TokenRejection.swift",
        "Sources/TokenVerification/Keys/RemoteKeySet+FetchFailure.swift",
        "Sources/TokenVerification/Introspection/IntrospectionTokenVerifier+Failure.swift",
        "Sources/JOSE/JOSEError.swift", "Sources/TokenVerification/DPoP/DPoPRejection.swift",
    ]
    /// Parts of a longer code, which the article names as a whole: a claim's name stands before them.
    static let endings: Set = [
        "missing", "wrong_type", "mismatch", "expired", "not_yet_valid", "issued_in_future", "too_old",
        "lifetime_too_long", "unsatisfied",
    ]

    /// The codes in `case … = "code"` and in `case …: "code"`.
    static func codes(in file: String) -> [String] {
        file.split(separator: "\n").compactMap { line in
            let trimmed = line.drop { $0 == " " }
            guard trimmed.hasPrefix("case "), let open = trimmed.firstIndex(of: "\"") else { return nil }
            let code = trimmed[trimmed.index(after: open)...].prefix { $0 != "\"" }
            let isCode =
                !code.isEmpty && code.last != "_" && code.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }
            return isCode ? String(code) : nil
        }
    }

    /// The words in backquotes of an article.
    static func names(in article: String) -> [String] {
        article.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// The codes of a file that the article does not name.
    static func missing(from article: String, in file: String) -> [String] {
        let names = names(in: article)
        return codes(in: file).filter { code in
            endings.contains(code) ? !names.contains { $0.hasSuffix("_\(code)") } : !names.contains(code)
        }
    }
}
