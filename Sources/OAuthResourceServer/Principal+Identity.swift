internal import TokenVerification
internal import WireFormat

extension Principal {
    /// Identifies the user, client or anonymous caller that a principal stands for. Data of one user belongs under it:
    /// two principals are the same user exactly if their identities are equal.
    ///
    /// Identities are compared byte for byte, because `String` compares by canonical equivalence. The descriptions do
    /// not show the name.
    public struct Identity: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        /// What the name of an identity is.
        public enum Kind: String, Sendable, Hashable {
            /// `sub` of the token.
            case subject
            /// `username` of an introspection response without `sub`. It can be the same text as the `sub` of another
            /// user.
            case username
            /// The client identifier of a token without a subject: no user is known.
            case client
            /// The name that the configuration gives to callers without a token.
            case anonymous
        }

        /// What the name is.
        public let kind: Kind
        /// The issuer that gave the name, as configured; nil when there is none.
        public let issuer: String?
        /// The name; not empty for a verified token.
        public let name: String

        /// Whether the parts are the same bytes.
        public static func == (left: Self, right: Self) -> Bool {
            guard left.kind == right.kind, left.name.hasSameBytes(as: right.name) else { return false }
            guard let issuer = left.issuer, let other = right.issuer else {
                return left.issuer == nil && right.issuer == nil
            }
            return issuer.hasSameBytes(as: other)
        }

        /// Hashes the bytes of the parts.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(kind)
            hasher.combine(issuer.map { Array($0.utf8) })
            hasher.combine(Array(name.utf8))
        }

        /// `<identity>`
        public var description: String { "<identity>" }
        /// Shows no member.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The user, or without a user the client, that the principal stands for; nil when its token names neither. Then
    /// all such tokens look alike: keep no data of their users.
    ///
    /// A client that acts for a user does not change the identity, because a user may have many clients.
    public var identity: Identity? {
        guard let accessToken else {
            return anonymousName.map { Identity(kind: .anonymous, issuer: nil, name: $0) }
        }
        if let claim = accessToken.subjectClaim, let subject = accessToken.subject {
            let kind: Identity.Kind =
                switch claim {
                case .sub: .subject
                case .username: .username
                }
            return Identity(kind: kind, issuer: issuer, name: subject)
        }
        guard let clientID, !clientID.utf8.isEmpty else { return nil }
        return Identity(kind: .client, issuer: issuer, name: clientID)
    }
}
