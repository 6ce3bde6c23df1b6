public import WireFormat

extension AuthenticationChallenge {
    /// A received Bearer challenge (RFC 6750 §3, RFC 9728 §5.1, RFC 9470 §3). This library sends a ``BearerChallenge``.
    public struct Bearer: Sendable, Hashable {
        /// The protection space (RFC 9110 §11.5).
        public let realm: String?
        /// The error code, such as `invalid_token`. Codes that are not in RFC 6750 §3.1 are kept.
        public let error: String?
        /// An explanation of the error for developers. Do not show it to users.
        public let errorDescription: String?
        /// The scopes to request; nil when the parameter is absent.
        public let scope: ScopeSet?
        /// The URL of the protected resource metadata.
        public let resourceMetadata: AbsoluteURL?
        /// The authentication context classes of which the next token needs one, in order of preference; empty when the
        /// parameter is absent.
        public let acrValues: [String]
        /// How many seconds ago the user may have been authenticated; nil when the parameter is absent.
        public let maximumAge: Int?

        /// Reads the parameters of a challenge. Parameters that are not listed here are ignored.
        ///
        /// - Throws: ``AuthenticationChallenges/ParseError/invalidParameter(_:)`` with the name of the first malformed
        ///   parameter, or with `scheme` when the challenge has another scheme or a `token68`.
        public init(_ challenge: AuthenticationChallenge) throws(AuthenticationChallenges.ParseError) {
            try self.init(challenge, scheme: "Bearer")
        }

        /// Reads the parameters of a challenge of a scheme that has the same ones.
        init(_ challenge: AuthenticationChallenge, scheme: String) throws(AuthenticationChallenges.ParseError) {
            guard challenge.hasScheme(scheme) else { throw .invalidParameter("scheme") }
            // RFC 6750 §3: parameters follow the scheme.
            if case .token68 = challenge.content { throw .invalidParameter("scheme") }
            realm = challenge.value(of: "realm")
            // RFC 6750 §3: error and error_description contain only %x20-21 / %x23-5B / %x5D-7E.
            error = try Self.plain("error", of: challenge)
            errorDescription = try Self.plain("error_description", of: challenge)
            if let text = challenge.value(of: "scope") {
                // RFC 6749 §3.3: at least one scope-token, with exactly one space between two of them.
                guard let scope = ScopeSet(parsing: text), !scope.isEmpty, Self.isSpacedOnce(text) else {
                    throw .invalidParameter("scope")
                }
                self.scope = scope
            } else {
                scope = nil
            }
            if let text = challenge.value(of: "resource_metadata") {
                // RFC 9728 §5.1: the value is a URL.
                guard let url = try? AbsoluteURL(parsing: text) else { throw .invalidParameter("resource_metadata") }
                resourceMetadata = url
            } else {
                resourceMetadata = nil
            }
            // RFC 9470 §3: a list of values in order of preference, with one space between two of them.
            acrValues = try Self.list("acr_values", of: challenge)
            if let text = challenge.value(of: "max_age") {
                // RFC 9470 §3: a non-negative integer.
                guard let seconds = ASCII.parseDecimal(text.utf8) else { throw .invalidParameter("max_age") }
                maximumAge = seconds
            } else {
                maximumAge = nil
            }
        }

        private static func plain(
            _ name: String, of challenge: AuthenticationChallenge
        ) throws(AuthenticationChallenges.ParseError) -> String? {
            guard let text = challenge.value(of: name) else { return nil }
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) else {
                throw .invalidParameter(name)
            }
            return text
        }

        /// A list of words with one space between two of them; empty when the parameter is absent.
        static func list(
            _ name: String, of challenge: AuthenticationChallenge
        ) throws(AuthenticationChallenges.ParseError) -> [String] {
            guard let text = challenge.value(of: name) else { return [] }
            let words = text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard !words.isEmpty, ScopeSet(words) != nil, isSpacedOnce(text) else { throw .invalidParameter(name) }
            return words
        }

        private static func isSpacedOnce(_ text: String) -> Bool {
            text.utf8.split(separator: 0x20, omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
        }
    }
}
