import HTTPMessages
import JOSE
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("What an operator can do (STYLE, Language)")
struct RemediesTests {
    private static let all = Set(TokenRemedies.codes + GuardRemedies.codes).sorted()

    @Test("A hint is one or two sentences of ASCII without quotes, and fits in a line", arguments: all)
    func form(code: String) throws {
        let sentence = try #require(GuardRemedies.sentence(for: code))
        #expect(sentence.hasSuffix(".") && sentence.utf8.count <= 320)
        #expect(sentence.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        #expect(sentence.matches(of: #/\. [A-Z]/#).count <= 1)
        #expect(sentence.first?.isUppercase == true)
    }

    @Test("Every failure of a fetch has a hint, and every status")
    func fetches() {
        let errors: [FetchError] = [
            .notAllowed, .notResolved, .blockedAddress, .connectionFailed, .timedOut, .unknownAuthority,
            .certificateExpired, .certificateForOtherName, .tls, .malformedResponse, .credentialsUnreadable,
            .unavailable,
        ]
        for error in errors { #expect(TokenRemedies.sentence(for: "fetch_\(error.code)") != nil) }
        for status in [204, 302, 401, 403, 404, 429, 500, 503] {
            #expect(TokenRemedies.sentence(for: "status_\(status)") != nil)
        }
        #expect(TokenRemedies.sentence(for: "status_x") == nil && TokenRemedies.sentence(for: "other") == nil)
    }

    @Test("Events of faults have hints, and events of normal work have none")
    func events() {
        let quiet: [ResourceServerEvent] = [
            .allowed(.init()), .denied(.missingCredentials, .init()), .streamExpired(.init()),
            .verification(.keySource(.refreshStarted(.noKeys), issuer: "i")),
            .verification(.keySource(.refreshSucceeded(usableKeys: 1), issuer: "i")),
        ]
        for event in quiet { #expect(event.hint == nil && event.level < .warning) }
        let faults: [ResourceServerEvent] = [
            .denied(.tokenInQuery, .init()), .denied(.schemeMissing, .init()), .guardInShadow,
            .guardDisabled(anonymousAs: "a", reach: .loopbackOnly), .scopesIgnored(.init()),
            .verification(.keySource(.clockDiffers(seconds: 100), issuer: "i")),
            .verification(.keySource(.refreshFailed(.fetch(.blockedAddress), at: nil), issuer: "i")),
        ]
        for event in faults { #expect(event.hint != nil && event.level >= .warning) }
    }
}
