import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import WireFormat

/// `Authorization` values, one per line of the input: only one value that holds exactly the good token lets a request
/// proceed, and every refusal is a challenge that clients can read.
enum AuthorizationProperties {
    private static let guarded = GuardUnderFuzz(scope: "")

    static func check(_ input: [UInt8]) throws(Violation) {
        let lines = input.isEmpty ? [] : input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let values = lines.compactMap { HTTPFields.Value(bytes: $0) }
        // Such a value cannot reach the guard.
        guard values.count == lines.count else { return }
        let decision = guarded.decide(fields: values.map { (HTTPFields.Name.authorization, $0) })
        guard case .respond(let response) = decision else {
            try require(isGood(input), "only the good token lets a request proceed")
            return
        }
        try require(!isGood(input), "the good token lets a request proceed")
        let status = response.status
        try require(status == .unauthorized || status == .badRequest, "a bad credential is the caller's fault")
        try require(lines.count < 2 || status == .badRequest, "several fields are malformed")
        let challenges = response.fields.values(of: .wwwAuthenticate).map { Array($0.bytes) }
        let bearer = try? AuthenticationChallenges(parsing: challenges).bearer
        try require(bearer?.count == 1, "there is one Bearer challenge")
        let error = bearer?.first?.error
        try require((status == .badRequest) == (error == "invalid_request"), "400 is invalid_request")
        try require(status == .badRequest || error == nil || error == "invalid_token", "401 is invalid_token")
        let scheme = lines.first.map { ASCII.lowercased(String(decoding: $0.prefix(7), as: UTF8.self)) }
        try require(error != nil || scheme != "bearer ", "a bad Bearer token is not a missing one")
    }

    /// RFC 6750 §2.1, written again: `Bearer`, spaces, and the token.
    static func isGood(_ value: [UInt8]) -> Bool {
        guard value.count > 6, ASCII.equalsIgnoringCase(value.prefix(6), "bearer".utf8), value[6] == 0x20 else {
            return false
        }
        return value.dropFirst(6).drop { $0 == 0x20 }.elementsEqual(GuardUnderFuzz.token.utf8)
    }
}
