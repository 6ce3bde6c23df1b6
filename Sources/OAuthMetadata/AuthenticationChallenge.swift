internal import WireFormat

/// What the `WWW-Authenticate` fields of a response say, of whatever schemes (RFC 9110 §11.6.1).
public struct AuthenticationChallenges: Sendable, Hashable {
    /// The challenges, in order.
    public let challenges: [AuthenticationChallenge]

    /// Reads the values of all `WWW-Authenticate` lines of one response, in order. No line at all, and a line of empty
    /// elements, hold no challenge.
    ///
    /// **Checks** the grammar of RFC 9110 §11.2–11.6, that no parameter stands twice in a challenge, and the limits.
    /// **Does not check** what the parameters mean: see ``BearerChallenge``.
    ///
    /// Stricter than the RFC in three points: a challenge does not continue in another line, a list of parameters does not
    /// begin with an empty element, and values are UTF-8.
    ///
    /// - Parameters:
    ///   - fieldValues: The values as they came.
    ///   - limits: The limits, for all lines together.
    /// - Throws: ``ChallengeError`` with the first fault found.
    public init(
        parsing fieldValues: some Sequence<[UInt8]>, limits: ChallengeLimits = ChallengeLimits()
    ) throws(ChallengeError) {
        var parser = ChallengeParser(limits: limits)
        for value in fieldValues { try parser.parse(value) }
        challenges = parser.challenges
    }

    /// The Bearer challenges, in order; usually one.
    ///
    /// - Throws: ``ChallengeError/invalidParameter(_:)`` for one whose parameters break RFC 6750 §3 or RFC 9728 §5.1.
    public var bearer: [BearerChallenge] {
        get throws(ChallengeError) {
            var bearer: [BearerChallenge] = []
            for challenge in challenges where challenge.hasScheme("Bearer") {
                bearer.append(try BearerChallenge(challenge))
            }
            return bearer
        }
    }
}

/// One challenge of any scheme (RFC 9110 §11.3).
public struct AuthenticationChallenge: Sendable, Hashable {
    /// What follows the scheme.
    public enum Content: Sendable, Hashable {
        /// Nothing.
        case none
        /// One `token68`, as some schemes have it.
        case token68(String)
        /// At least one parameter.
        case parameters([Parameter])
    }

    /// A name and its value, unquoted and unescaped.
    public struct Parameter: Sendable, Hashable {
        /// The name as it was spelled; compared without regard to ASCII case.
        public let name: String
        /// The value.
        public let value: String
    }

    /// The scheme as it was spelled; compared without regard to ASCII case.
    public let scheme: String
    /// What follows it.
    public let content: Content

    /// Whether the challenge is of this scheme.
    public func hasScheme(_ name: String) -> Bool {
        ASCII.equalsIgnoringCase(scheme.utf8, name.utf8)
    }

    /// The value of a parameter; nil when there is none of this name.
    public func value(of name: String) -> String? {
        guard case .parameters(let parameters) = content else { return nil }
        return parameters.first { ASCII.equalsIgnoringCase($0.name.utf8, name.utf8) }?.value
    }
}

/// The limits of the challenge parser.
public struct ChallengeLimits: Sendable, Hashable {
    /// The most bytes in all lines together; default 16 KiB.
    public var maximumBytes: Int
    /// The most challenges; default 16.
    public var maximumChallenges: Int
    /// The most parameters of a challenge; default 32.
    public var maximumParameters: Int

    /// Limits.
    public init(maximumBytes: Int = 16_384, maximumChallenges: Int = 16, maximumParameters: Int = 32) {
        self.maximumBytes = maximumBytes
        self.maximumChallenges = maximumChallenges
        self.maximumParameters = maximumParameters
    }
}

/// Why a `WWW-Authenticate` field is not acceptable. No case holds a value of the field.
public enum ChallengeError: Error, Sendable, Hashable {
    /// More bytes than the limit.
    case tooLarge
    /// More challenges than the limit.
    case tooManyChallenges
    /// More parameters in a challenge than the limit.
    case tooManyParameters
    /// A byte that the grammar does not admit here; its offset in its line.
    case unexpectedByte(offset: Int)
    /// The line ends inside a quoted string or after a `=`.
    case unexpectedEnd
    /// A parameter stands in front of any scheme.
    case parameterWithoutScheme
    /// A parameter stands twice in a challenge (RFC 9110 §11.2).
    case repeatedParameter
    /// A value is not UTF-8.
    case invalidUTF8
    /// A parameter of a Bearer challenge has another form than its specification says; its name.
    case invalidParameter(String)

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .tooLarge: "challenge_too_large"
        case .tooManyChallenges: "challenge_too_many"
        case .tooManyParameters: "challenge_too_many_parameters"
        case .unexpectedByte: "challenge_unexpected_byte"
        case .unexpectedEnd: "challenge_unexpected_end"
        case .parameterWithoutScheme: "challenge_parameter_without_scheme"
        case .repeatedParameter: "challenge_repeated_parameter"
        case .invalidUTF8: "challenge_invalid_utf8"
        case .invalidParameter(let name): "challenge_invalid_\(name)"
        }
    }
}
