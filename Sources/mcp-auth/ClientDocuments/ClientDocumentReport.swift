import HTTPMessages
import OAuthClientMetadata
import OAuthMetadata

/// The lines of `cimd validate`: one for each rule, in the order in which a server checks them.
struct ClientDocumentReport {
    private let paint: Paint
    private var lines: [String] = []
    private var failures = 0

    init(paint: Paint) {
        self.paint = paint
    }

    var outcome: Outcome {
        let verdict =
            switch failures {
            case 0: "An authorization server accepts this client."
            case 1: "1 fault: an authorization server refuses this client."
            default: "\(failures) faults: an authorization server refuses this client."
            }
        return Outcome(
            status: failures == 0 ? .good : .refused, output: (lines + ["", verdict]).joined(separator: "\n") + "\n")
    }

    /// The rules about the content of a document, and which faults break each.
    private static let contentRules: [(title: String, isBroken: @Sendable (ClientIDMetadataDocument.Fault) -> Bool)] = [
        ("the document has at most 5,120 bytes", { if case .tooLarge = $0 { true } else { false } }),
        ("it is strict JSON, one object", { [.notAnObject].contains($0) || $0.code == "document_not_json" }),
        ("client_id is the URL of the document", { $0.code.contains("document_client_id") }),
        ("client_name can be shown", { $0 == .clientNameMissing }),
        ("redirect_uris are safe", { $0.code.contains("redirect_uri") }),
        ("no shared secret", { $0.code.contains("shared_secret") }),
        ("the authentication method is none or private_key_jwt", { $0 == .authenticationMethod }),
        ("keys are public, and present for private_key_jwt", { $0.code.contains("key") }),
        ("grant_types and response_types have the code flow", { $0 == .grantTypes || $0 == .responseTypes }),
        ("the other members have their types", { if case .member = $0 { true } else { false } }),
    ]

    /// Checks the URL; nil when no document can be fetched from it.
    mutating func check(clientID text: String, loopback: ClientIdentifierURL.Loopback) -> ClientIdentifierURL? {
        let title = "client_id is an https URL with a path, in its normal form"
        do throws(ClientIdentifierURL.Fault) {
            let url = try ClientIdentifierURL(text, loopback: loopback)
            pass(title)
            if url.hasQuery { lines.append("note  the URL has a query, which the draft discourages") }
            return url
        } catch {
            fail(title, error.code, error.remedy)
            return nil
        }
    }

    /// Judges what a host answered.
    mutating func judge(_ answer: ClientDocumentFetch.Answer) {
        let (reachable, status, type) = (
            "the host answers, from a public address", "status 200, without redirection",
            "the content type is application/json or application/…+json"
        )
        switch answer {
        case .failed(.fetch(let error)):
            fail(reachable, error.code, "Publish it at a public https address that answers within 5 seconds.")
        case .failed(.status(let code)):
            pass(reachable)
            fail(status, "status \(code)", "Serve the document itself with status 200, at exactly this URL.")
        case .failed(.contentType):
            pass(reachable)
            pass(status)
            fail(type, "document_content_type", "Serve it with Content-Type: application/json.")
        case .failed(.document(let invalid)):
            for title in [reachable, status, type] { pass(title) }
            judge(invalid)
        case .failed(let error): fail(reachable, error.code, "Try again later.")
        case .unchanged: fail(status, "status 304", "Serve the document itself with status 200, at exactly this URL.")
        case .document(let document, _, let lifetime):
            for title in [reachable, status, type] { pass(title) }
            judge(document)
            let kept = lifetime.map { "keeps it for \($0.components.seconds) s" } ?? "does not keep it (no-store)"
            lines.append("note  a server \(kept)")
        }
    }

    /// Every rule about the content holds.
    mutating func judge(_ document: ClientIDMetadataDocument) {
        for rule in Self.contentRules { pass(rule.title) }
        lines.append("note  people see \(DisplayText.escaped(document.displayName)), of \(document.displayHost)")
        if document.redirectsToLoopbackOnly {
            lines.append("note  every redirection stays on the user's machine: servers warn people about that")
        }
    }

    /// Some rules about the content are broken.
    mutating func judge(_ invalid: ClientIDMetadataDocument.Invalid) {
        for (index, rule) in Self.contentRules.enumerated() {
            let broken = invalid.faults.filter(rule.isBroken)
            if broken.isEmpty { pass(rule.title) }
            for fault in broken { fail(rule.title, fault.code, fault.remedy) }
            // What is not one JSON object of the right size was not read further.
            if index < 2, !broken.isEmpty {
                for rest in Self.contentRules[(index + 1)...] { lines.append("-     \(rest.title): not checked") }
                return
            }
        }
    }

    private mutating func pass(_ title: String) {
        lines.append("\(paint.good("pass"))  \(title)")
    }

    private mutating func fail(_ title: String, _ code: String, _ remedy: String) {
        failures += 1
        lines.append("\(paint.bad("FAIL"))  \(title): \(code). \(remedy)")
    }
}
