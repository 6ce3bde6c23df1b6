internal import WireFormat

/// The challenges in the `WWW-Authenticate` fields of a response, for all schemes (RFC 9110 §11.6.1).
public struct AuthenticationChallenges: Sendable, Hashable {
    /// The challenges, in the order of the response.
    public let challenges: [AuthenticationChallenge]

    /// Reads the values of all `WWW-Authenticate` field lines of one response, in order. The result is
    /// empty if the response has no such line, or if the lines contain only empty list elements.
    ///
    /// **Checks** the grammar of RFC 9110 §11.2–11.6, that no parameter is repeated in a challenge, and the limits.
    /// **Does not check** the meaning of the parameters: see ``AuthenticationChallenge/Bearer``.
    ///
    /// This parser is stricter than the RFC in three points. A challenge must not continue in another field line. A
    /// list of parameters must not begin with an empty element. Values must be UTF-8.
    ///
    /// - Parameters:
    ///   - fieldValues: The values of the field lines, as received.
    ///   - limits: The limits. They apply to all lines together.
    /// - Throws: ``AuthenticationChallenges/ParseError`` for the first fault.
    public init(
        parsing fieldValues: some Sequence<[UInt8]>,
        limits: AuthenticationChallenges.Limits = AuthenticationChallenges.Limits()
    ) throws(AuthenticationChallenges.ParseError) {
        var parser = ChallengeParser(limits: limits)
        for value in fieldValues { try parser.parse(value) }
        challenges = parser.challenges
    }

    /// The Bearer challenges, in order. Most responses have one.
    ///
    /// - Throws: ``AuthenticationChallenges/ParseError/invalidParameter(_:)`` when a parameter of one of them does not
    ///   conform to RFC 6750 §3 or RFC 9728 §5.1.
    public var bearer: [AuthenticationChallenge.Bearer] {
        get throws(AuthenticationChallenges.ParseError) {
            var bearer: [AuthenticationChallenge.Bearer] = []
            for challenge in challenges where challenge.hasScheme("Bearer") {
                bearer.append(try AuthenticationChallenge.Bearer(challenge))
            }
            return bearer
        }
    }

    /// The DPoP challenges, in order.
    ///
    /// - Throws: ``AuthenticationChallenges/ParseError/invalidParameter(_:)`` when a parameter of one of them is
    ///   malformed.
    public var dpop: [AuthenticationChallenge.DPoP] {
        get throws(AuthenticationChallenges.ParseError) {
            var dpop: [AuthenticationChallenge.DPoP] = []
            for challenge in challenges where challenge.hasScheme("DPoP") {
                dpop.append(try AuthenticationChallenge.DPoP(challenge))
            }
            return dpop
        }
    }
}

extension AuthenticationChallenges {
    /// The limits of the challenge parser.
    public struct Limits: Sendable, Hashable {
        /// The largest number of bytes in all lines together; default 16 KiB.
        public var maximumBytes: Int
        /// The largest number of challenges; default 16.
        public var maximumChallenges: Int
        /// The largest number of parameters of a challenge; default 32.
        public var maximumParameters: Int

        /// Makes limits.
        public init(maximumBytes: Int = 16_384, maximumChallenges: Int = 16, maximumParameters: Int = 32) {
            self.maximumBytes = maximumBytes
            self.maximumChallenges = maximumChallenges
            self.maximumParameters = maximumParameters
        }
    }

    /// The reason why a `WWW-Authenticate` field is not acceptable. No case contains a value of the field.
    public enum ParseError: Error, Sendable, Hashable {
        /// The lines have more bytes than the limit.
        case tooLarge
        /// There are more challenges than the limit.
        case tooManyChallenges
        /// A challenge has more parameters than the limit.
        case tooManyParameters
        /// The grammar does not allow this byte here. `offset` is its position in its line, counted from 0.
        case unexpectedByte(offset: Int)
        /// The line ends inside a quoted string, or after a parameter's name or `=`.
        case unexpectedEnd
        /// A parameter comes before the first scheme.
        case parameterWithoutScheme
        /// A parameter is repeated in a challenge (RFC 9110 §11.2).
        case repeatedParameter
        /// A value is not UTF-8.
        case invalidUTF8
        /// A parameter of a Bearer challenge does not conform to its specification. The associated value is its name.
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
