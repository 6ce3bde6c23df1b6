import OAuthMetadata
import Testing

extension RowPaths {
    /// Parses every challenge of an answer with the strict parser, which refuses malformed ones.
    func checkChallenges(of answer: RowAnswer, _ title: String) throws {
        let name = "WWW-Authenticate: "
        let values = answer.lines.filter { $0.hasPrefix(name) }.map { Array($0.utf8.dropFirst(name.utf8.count)) }
        let challenges = try AuthenticationChallenges(parsing: values)
        #expect(challenges.challenges.count == values.count, "\(title)")
        let bearer = try challenges.bearer
        #expect(bearer.count == values.count, "\(title)")
        for challenge in bearer { #expect(challenge.scope?.contains("offline_access") != true, "\(title)") }
    }
}
