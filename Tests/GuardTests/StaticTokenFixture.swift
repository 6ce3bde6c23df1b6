import JOSE

/// Two new pre-shared tokens and their lines.
struct StaticTokenFixture {
    let token: String
    let lesser: String
    let lines: String

    static func make() -> StaticTokenFixture {
        let token = String(repeating: "t", count: 43)
        let lesser = String(repeating: "u", count: 43)
        return StaticTokenFixture(
            token: token, lesser: lesser, lines: "ci:\(hash(token)):mcp:use\nother:\(hash(lesser)):other\n")
    }

    private static func hash(_ token: String) -> String {
        let digits = Array("0123456789abcdef")
        return String(Digest.sha256(Array(token.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
