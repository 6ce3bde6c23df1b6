import OAuthMetadata
import WireFormat

/// `WWW-Authenticate` values, one per line of the input. Accepted challenges have one meaning: another writer can write
/// them down, and reading that gives the same challenges.
enum ChallengeProperties {
    static func check(_ input: [UInt8]) throws(Violation) {
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        guard let read = try? AuthenticationChallenges(parsing: lines) else { return }
        let limits = AuthenticationChallenges.Limits()
        try require(lines.reduce(0) { $0 + $1.count } <= limits.maximumBytes, "no more bytes than the limit")
        try require(read.challenges.count <= limits.maximumChallenges, "no more challenges than the limit")
        try require(
            !input.contains { ($0 < 0x20 && $0 != 0x09 && $0 != 0x0A) || $0 == 0x7F }, "no control byte is accepted")
        try require(String(validating: input, as: UTF8.self) != nil, "what is accepted is UTF-8")
        for challenge in read.challenges { try check(challenge) }

        // The same challenges in the simplest spelling: all in one line, and each in its own line.
        let written = read.challenges.map(write)
        // The simplest spelling puts quotes around every value, which may exceed the original limit.
        let wide = AuthenticationChallenges.Limits(maximumBytes: 2 * limits.maximumBytes)
        for spelling in [[Array(written.joined(separator: Array(", ".utf8)))], written] {
            try require(
                (try? AuthenticationChallenges(parsing: spelling, limits: wide)) == read,
                "written plainly it reads the same")
        }
        try checkBearer(read)
    }

    private static func check(_ challenge: AuthenticationChallenge) throws(Violation) {
        try require(isToken(challenge.scheme), "a scheme is a token")
        switch challenge.content {
        case .none: break
        case .token68(let text):
            try require(
                !text.isEmpty && text.utf8.first != UInt8(ascii: "="), "a token68 begins with a letter of its own")
        case .parameters(let parameters):
            try require(
                (1...AuthenticationChallenges.Limits().maximumParameters).contains(parameters.count), "a bounded list")
            let names = Set(parameters.map { ASCII.lowercased($0.name) })
            try require(names.count == parameters.count, "no name twice, whatever its case")
            for parameter in parameters {
                try require(isToken(parameter.name), "a name is a token")
                try require(
                    challenge.value(of: ASCII.lowercased(parameter.name)) == parameter.value,
                    "a value is found by its name in lower case")
            }
        }
    }

    /// Checks the rules of RFC 6750 §3 for the values of every accepted Bearer challenge.
    private static func checkBearer(_ read: AuthenticationChallenges) throws(Violation) {
        guard let bearer = try? read.bearer else { return }
        try require(
            bearer.count == read.challenges.count { ASCII.equalsIgnoringCase($0.scheme.utf8, "bearer".utf8) },
            "every Bearer challenge is read or all are refused")
        for challenge in bearer {
            for text in [challenge.error, challenge.errorDescription].compactMap({ $0 }) {
                try require(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }, "plain text")
            }
            try require(challenge.scope?.isEmpty != true, "a scope is not empty")
        }
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { ASCII.isTokenByte($0) }
    }

    private static func write(_ challenge: AuthenticationChallenge) -> [UInt8] {
        var text = Array(challenge.scheme.utf8)
        switch challenge.content {
        case .none: break
        case .token68(let token): text += Array(" ".utf8) + Array(token.utf8)
        case .parameters(let parameters):
            for (index, parameter) in parameters.enumerated() {
                text += Array((index == 0 ? " " : ",").utf8) + Array(parameter.name.utf8) + Array("=\"".utf8)
                for byte in parameter.value.utf8 {
                    if byte == 0x22 || byte == 0x5C { text.append(0x5C) }
                    text.append(byte)
                }
                text.append(0x22)
            }
        }
        return text
    }
}
