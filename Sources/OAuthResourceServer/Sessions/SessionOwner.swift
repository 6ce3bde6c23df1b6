internal import JOSE

/// The owner of a session: issuer, subject and client of a principal, as one digest.
struct SessionOwner: Sendable, Hashable {
    private let digest: [UInt8]

    /// The owner of all sessions that were begun without a token. Requests without a token share these sessions.
    /// Requests with a token cannot use them.
    static let anybody = SessionOwner(digest: [])

    /// The owner for a principal; nil when its token names neither a subject nor a client, so that it cannot be
    /// distinguished from others.
    init?(_ principal: Principal) {
        if principal.isAnonymous {
            self = .anybody
        } else {
            self.init(issuer: principal.issuer, subject: principal.subject, clientID: principal.clientID)
        }
    }

    init?(issuer: String?, subject: String?, clientID: String?) {
        let named = [subject, clientID].contains { $0.map { !$0.utf8.isEmpty } ?? false }
        guard named else { return nil }
        // Each part is encoded with its presence and its length, so that no two triples give the same bytes.
        var text: [UInt8] = []
        for part in [issuer, subject, clientID] {
            guard let part = part?.utf8, !part.isEmpty else {
                text.append(0)
                continue
            }
            text.append(1)
            let count = UInt64(part.count)
            for shift in stride(from: 56, through: 0, by: -8) { text.append(UInt8(truncatingIfNeeded: count >> shift)) }
            text += part
        }
        digest = Digest.sha256(text)
    }

    private init(digest: [UInt8]) {
        self.digest = digest
    }
}
