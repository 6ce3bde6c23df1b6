internal import WireFormat

/// What the `WWW-Authenticate` fields of a response say, of whatever schemes (RFC 9110 §11.6.1).
public struct AuthenticationChallenges: Sendable, Hashable {
    /// The challenges, in order.
    public let challenges: [AuthenticationChallenge]

    /// Reads the values of all `WWW-Authenticate` lines of one response, in order. No line at all, and a line of empty
    /// elements, hold no challenge.
    ///
    /// **Checks** the grammar of RFC 9110 §11.2–11.6, that no parameter stands twice in a challenge, and the limits.
    /// **Does not check** what the parameters mean: see ``AuthenticationChallenge.Bearer``.
    ///
    /// Stricter than the RFC in three points: a challenge does not continue in another line, a list of parameters does not
    /// begin with an empty element, and values are UTF-8.
    ///
    /// - Parameters:
    ///   - fieldValues: The values as they came.
    ///   - limits: The limits, for all lines together.
    /// - Throws: ``AuthenticationChallenges.ParseError`` with the first fault found.
    public init(
        parsing fieldValues: some Sequence<[UInt8]>,
        limits: AuthenticationChallenges.Limits = AuthenticationChallenges.Limits()
    ) throws(AuthenticationChallenges.ParseError) {
        var parser = ChallengeParser(limits: limits)
        for value in fieldValues { try parser.parse(value) }
        challenges = parser.challenges
    }

    /// The Bearer challenges, in order; usually one.
    ///
    /// - Throws: ``AuthenticationChallenges.ParseError/invalidParameter(_:)`` for one whose parameters break RFC 6750 §3 or RFC 9728 §5.1.
    public var bearer: [AuthenticationChallenge.Bearer] {
        get throws(AuthenticationChallenges.ParseError) {
            var bearer: [AuthenticationChallenge.Bearer] = []
            for challenge in challenges where challenge.hasScheme("Bearer") {
                bearer.append(try AuthenticationChallenge.Bearer(challenge))
            }
            return bearer
        }
    }
}

extension AuthenticationChallenges {
    /// The limits of the challenge parser.
    public struct Limits: Sendable, Hashable {
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
    public enum ParseError: Error, Sendable, Hashable {
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
}
