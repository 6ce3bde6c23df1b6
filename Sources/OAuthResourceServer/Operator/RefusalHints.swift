internal import Synchronization
internal import TokenVerification

/// Finds the hint for a refusal, once for each reason: a second event would say nothing new.
final class RefusalHints: Sendable {
    private let sentences: [String: [String]]
    private let told = Mutex<Set<String>>([])

    /// Collects the hints of all issuers. Two issuers may have the same sentence.
    init(_ issuers: [IssuerConfiguration]) {
        sentences = issuers.flatMap(\.hints).reduce(into: [:]) { sentences, hint in
            if sentences[hint.code]?.contains(hint.sentence) != true {
                sentences[hint.code, default: []].append(hint.sentence)
            }
        }
    }

    /// The event for a refusal with this code; nil when there is no hint, or when it was reported before.
    func event(for code: String) -> ResourceServerEvent? {
        guard let found = sentences[code], told.withLock({ $0.insert(code).inserted }) else { return nil }
        return .refusalExplained(code: code, sentences: found)
    }
}
