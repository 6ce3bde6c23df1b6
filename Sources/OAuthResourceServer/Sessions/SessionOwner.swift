internal import JOSE

internal import TokenVerification

/// The owner of a session: issuer, subject and client of a principal, as one SHA-256 digest.
///
/// A subject from `username` is another part than one from `sub`: their texts can be equal and mean different users.
struct SessionOwner: Sendable, Hashable {
    let digest: [UInt8]

    /// The owner of all sessions that were begun without a token. Requests without a token share these sessions.
    /// Requests with a token cannot use them.
    static let withoutToken = SessionOwner(parts: [nil, nil, nil])

    /// The owner for a principal; nil when its token names neither a subject nor a client, so that it cannot be
    /// distinguished from others.
    init?(_ principal: Principal) {
        if principal.isAnonymous {
            self = .withoutToken
        } else {
            self.init(
                issuer: principal.issuer, subject: principal.subject, from: principal.accessToken?.subjectClaim ?? .sub,
                clientID: principal.clientID)
        }
    }

    /// The user behind a principal, without the client if there is a subject: a user may register many clients.
    /// Principals of an issuer without subject and client are one user, and so are those without a token.
    init(user principal: Principal) {
        let identity = principal.identity
        switch identity?.kind {
        case .subject: self.init(parts: [principal.issuer, identity?.name, nil])
        case .client: self.init(parts: [principal.issuer, nil, identity?.name])
        case .username: self.init(parts: [principal.issuer, nil, nil, identity?.name])
        case .anonymous, nil: self.init(parts: [principal.issuer, nil, nil])
        }
    }

    init?(
        issuer: String?, subject: String?, from claim: AccessToken.SubjectClaim = .sub, clientID: String?
    ) {
        let named = [subject, clientID].contains { $0.map { !$0.utf8.isEmpty } ?? false }
        guard named else { return nil }
        switch claim {
        case .sub: self.init(parts: [issuer, subject, clientID])
        case .username: self.init(parts: [issuer, nil, clientID, subject])
        }
    }

    private init(parts: [String?]) {
        // Each part is encoded with its presence and its length, so that no two lists of parts give the same bytes.
        var text: [UInt8] = []
        for part in parts {
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
}
