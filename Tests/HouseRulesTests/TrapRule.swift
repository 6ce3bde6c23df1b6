/// A library contains no code that can trap for some value: no `try!`, `as!`, force unwrap, implicitly unwrapped
/// optional, `fatalError` or `unowned(unsafe)`. A `precondition` with a sentence is allowed for mistakes of a
/// programmer.
enum TrapRule {
    static func violations(path: String, text: String) -> [String] {
        let tokens = SwiftTokens.of(text)
        return tokens.indices.compactMap { index in
            let token = tokens[index]
            let place = "\(path):\(token.line)"
            if token.kind == .word, token.text == "fatalError" { return "\(place): fatalError" }
            guard token.text == "!", token.isAttached, index > 0 else { return nil }
            let before = tokens[index - 1]
            // `a != b` and `a!=b` are comparisons.
            if index + 1 < tokens.count, tokens[index + 1].text == "=", tokens[index + 1].isAttached { return nil }
            switch before.text {
            case "try": return "\(place): try!"
            case "as": return "\(place): as!"
            case ")", "]", "}", "?", "!", ">": return "\(place): force unwrap"
            default: return before.kind == .mark ? nil : "\(place): force unwrap"
            }
        }
    }
}
