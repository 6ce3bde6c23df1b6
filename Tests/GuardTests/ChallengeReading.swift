import OAuthMetadata
import Testing

extension RowPaths {
    /// Every challenge that a row sees is read again by the strict parser, and says nothing that is malformed.
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
