import HTTPMessages
import OAuthMetadata
import WireFormat

extension Doctor {
    /// Examines the refusal of the first call, and keeps its challenge.
    mutating func examineChallenge(of answer: FetchedDocument) {
        guard answer.status == .unauthorized else { return }
        examineRefusal(answer)
        guard answer.fields.contains(.wwwAuthenticate) else {
            report.fault(.challengePresent, "The 401 has no WWW-Authenticate, so a client does not know how to log in.")
            return
        }
        report.good(.challengePresent)
        let challenges: AuthenticationChallenges
        let bearer: [AuthenticationChallenge.Bearer]
        do throws(AuthenticationChallenges.ParseError) {
            challenges = try AuthenticationChallenges(
                parsing: answer.fields.values(of: .wwwAuthenticate).map(\.bytes))
            bearer = try challenges.bearer
        } catch {
            examine(error)
            return
        }
        report.good(.challengeGrammar)
        guard let first = bearer.first else {
            examineScheme(challenges)
            return
        }
        report.good(.challengeScheme)
        challenge = first
        examine(first)
    }

    private mutating func examineRefusal(_ answer: FetchedDocument) {
        if answer.fields.contains(.mcpSessionID) {
            report.warn(.noSession, "The 401 has Mcp-Session-Id: a session was made for a caller without a token.")
        } else {
            report.good(.noSession)
        }
        let directives = CacheDirectives(answer.fields)
        if let age = directives.maximumAge, age > 0, !directives.forbidsStoring {
            report.warn(.notCached, "The 401 may be kept for \(age) seconds (Cache-Control).")
        } else {
            report.good(.notCached)
        }
    }

    private mutating func examine(_ error: AuthenticationChallenges.ParseError) {
        switch error {
        case .invalidParameter("resource_metadata"):
            report.fault(
                .metadataURL,
                "resource_metadata is not an absolute URL. A path alone is not enough: a client cannot know "
                    + "what it belongs to.")
        case .invalidParameter(let name):
            report.fault(.challengeGrammar, "The parameter \(name) has a value that its specification does not allow.")
        case .unexpectedByte(let offset):
            report.fault(
                .challengeGrammar,
                "Byte \(offset) is not allowed there. Often a URL without quotes or a missing comma.")
        case .unexpectedEnd:
            report.fault(.challengeGrammar, "It ends inside a quoted text, or after a name without a value.")
        case .repeatedParameter: report.fault(.challengeGrammar, "A parameter occurs twice in a challenge.")
        case .parameterWithoutScheme: report.fault(.challengeGrammar, "A parameter comes before the scheme Bearer.")
        case .tooLarge, .tooManyChallenges, .tooManyParameters, .invalidUTF8:
            report.fault(.challengeGrammar, "A client does not read it: \(error.code).")
        }
    }

    private mutating func examineScheme(_ challenges: AuthenticationChallenges) {
        if challenges.challenges.contains(where: { $0.hasScheme("DPoP") }) {
            report.note(.challengeScheme, "DPoP alone: the checks below need a client with a key")
            return
        }
        let names = challenges.challenges.map { DisplayText.line($0.scheme) }.joined(separator: ", ")
        report.fault(.challengeScheme, "The schemes are \(names.isEmpty ? "none" : names).")
    }

    private mutating func examine(_ challenge: AuthenticationChallenge.Bearer) {
        examineMetadataURL(challenge.resourceMetadata)
        if let error = challenge.error {
            report.warn(.noErrorWithoutToken, "The challenge says error=\"\(DisplayText.line(error))\".")
        } else {
            report.good(.noErrorWithoutToken)
        }
        if let scope = challenge.scope {
            report.good(.challengeScope, scope.description)
            if scope.contains("offline_access") {
                report.warn(.offlineAccess, "The challenge asks for the scope offline_access.")
            }
        } else {
            report.warn(.challengeScope, "The challenge has no scope.")
        }
    }

    private mutating func examineMetadataURL(_ url: AbsoluteURL?) {
        // Without it, the well-known locations decide: see the metadata.
        guard let url else { return }
        report.good(.metadataNamed)
        let isPrivate = network.permissions.privateHosts.contains(HTTPHost(url))
        if url.isLoopback, !endpoint.isLoopback {
            report.fault(
                .metadataURL,
                "It is \(DisplayText.line(url.text)), which every client reads as a URL of its own machine.")
        } else if url.scheme == .http, !url.isLoopback, !isPrivate {
            report.fault(.metadataURL, "It is \(DisplayText.line(url.text)): plain http, which clients do not fetch.")
        } else if url.fragment != nil {
            report.fault(.metadataURL, "It is \(DisplayText.line(url.text)), with a fragment.")
        } else {
            report.good(.metadataURL)
        }
    }
}

/// What `Cache-Control` says (RFC 9111 §5.2.2), as far as the doctor asks.
struct CacheDirectives {
    private(set) var maximumAge: Int?
    private(set) var forbidsStoring = false

    init(_ fields: HTTPFields) {
        for value in fields.values(of: .cacheControl) {
            for part in value.bytes.split(separator: UInt8(ascii: ",")) {
                let directive = Array(OptionalWhiteSpace.trimmed(part))
                if ASCII.equalsIgnoringCase(directive, "no-store".utf8) { forbidsStoring = true }
                guard ASCII.equalsIgnoringCase(directive.prefix(8), "max-age=".utf8) else { continue }
                maximumAge = ASCII.parseDecimal(directive.dropFirst(8))
            }
        }
    }
}
