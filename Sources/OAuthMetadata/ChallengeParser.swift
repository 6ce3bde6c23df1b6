internal import WireFormat

/// Parses `WWW-Authenticate` field lines in one pass. It goes back over at most one name.
struct ChallengeParser {
    private(set) var challenges: [AuthenticationChallenge] = []
    private let limits: AuthenticationChallenges.Limits
    private var budget: Int

    private var line: [UInt8] = []
    private var index = 0

    init(limits: AuthenticationChallenges.Limits) {
        self.limits = limits
        budget = limits.maximumBytes
    }

    /// RFC 9110 §11.6.1, §5.6.1.2: a line contains challenges and empty elements, separated by commas.
    mutating func parse(_ line: [UInt8]) throws(AuthenticationChallenges.ParseError) {
        guard line.count <= budget else { throw .tooLarge }
        budget -= line.count
        self.line = line
        index = 0
        skipSeparators()
        while index < line.count {
            try parseChallenge()
            // A challenge ends with a comma or with the line.
            skipSeparators()
        }
    }

    /// RFC 9110 §11.3: auth-scheme [ 1*SP ( token68 / #auth-param ) ].
    private mutating func parseChallenge() throws(AuthenticationChallenges.ParseError) {
        let scheme = try token()
        guard challenges.count < limits.maximumChallenges else { throw .tooManyChallenges }
        let schemeEnd = index
        while peek == 0x20 { index += 1 }
        if isAtElementEnd {
            challenges.append(AuthenticationChallenge(scheme: scheme, content: .none))
            return
        }
        if skippingSpace(from: schemeEnd) == UInt8(ascii: "=") { throw .parameterWithoutScheme }
        guard index > schemeEnd else { throw .unexpectedByte(offset: index) }
        if let text = token68() {
            challenges.append(AuthenticationChallenge(scheme: scheme, content: .token68(text)))
            return
        }
        var parameters: [AuthenticationChallenge.Parameter] = []
        repeat {
            guard parameters.count < limits.maximumParameters else { throw .tooManyParameters }
            let parameter = try parseParameter()
            // RFC 9110 §11.2: a parameter's name occurs once in a challenge.
            guard !parameters.contains(where: { ASCII.equalsIgnoringCase($0.name.utf8, parameter.name.utf8) }) else {
                throw .repeatedParameter
            }
            parameters.append(parameter)
        } while skipToNextParameter()
        guard isAtElementEnd else { throw .unexpectedByte(offset: index) }
        challenges.append(AuthenticationChallenge(scheme: scheme, content: .parameters(parameters)))
    }

    /// RFC 9110 §11.2: token BWS "=" BWS ( token / quoted-string ).
    private mutating func parseParameter() throws(AuthenticationChallenges.ParseError)
        -> AuthenticationChallenge.Parameter
    {
        let name = try token()
        skipSpace()
        guard let sign = peek else { throw .unexpectedEnd }
        guard sign == UInt8(ascii: "=") else { throw .unexpectedByte(offset: index) }
        index += 1
        skipSpace()
        guard let first = peek else { throw .unexpectedEnd }
        let value = first == UInt8(ascii: "\"") ? try quotedString() : try token()
        return .init(name: name, value: value)
    }

    /// Whether another parameter of the same challenge follows. It does when a comma, a name and `=` follow. A name
    /// without `=` is the scheme of the next challenge.
    private mutating func skipToNextParameter() -> Bool {
        let end = index
        skipSpace()
        guard peek == UInt8(ascii: ",") else { return false }
        skipSeparators()
        let start = index
        while let byte = peek, ASCII.isTokenByte(byte) { index += 1 }
        let isParameter = index > start && skippingSpace(from: index) == UInt8(ascii: "=")
        // Continue at the parameter's name, or at the comma that ends the challenge.
        index = isParameter ? start : end
        return isParameter
    }

    private mutating func token() throws(AuthenticationChallenges.ParseError) -> String {
        let start = index
        while let byte = peek, ASCII.isTokenByte(byte) { index += 1 }
        guard index > start else { throw index < line.count ? .unexpectedByte(offset: index) : .unexpectedEnd }
        return String(decoding: line[start..<index], as: UTF8.self)
    }

    /// RFC 9110 §11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=", up to the end of the element. If
    /// the element is not a token68, this returns nil and reads nothing.
    private mutating func token68() -> String? {
        let start = index
        while let byte = peek,
            PercentEncoding.isUnreserved(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        {
            index += 1
        }
        let isNamed = index > start
        while peek == UInt8(ascii: "=") { index += 1 }
        guard isNamed, isAtElementEnd else {
            index = start
            return nil
        }
        return String(decoding: line[start..<index], as: UTF8.self)
    }

    /// RFC 9110 §5.6.4: DQUOTE *( qdtext / quoted-pair ) DQUOTE.
    private mutating func quotedString() throws(AuthenticationChallenges.ParseError) -> String {
        var bytes: [UInt8] = []
        index += 1
        let start = index
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                // Without the backslashes, the bytes on both sides of one could become a character that was not sent.
                let sent = line[start..<(index - 1)]
                guard sent.count == bytes.count || String(validating: sent, as: UTF8.self) != nil,
                    let text = String(validating: bytes, as: UTF8.self)
                else { throw .invalidUTF8 }
                return text
            case UInt8(ascii: "\\"):
                guard let escaped = peek else { throw .unexpectedEnd }
                guard Self.isText(escaped) else { throw .unexpectedByte(offset: index) }
                index += 1
                bytes.append(escaped)
            default:
                guard Self.isText(byte) else { throw .unexpectedByte(offset: index - 1) }
                bytes.append(byte)
            }
        }
        throw .unexpectedEnd
    }

    // MARK: Bytes

    private var peek: UInt8? { index < line.count ? line[index] : nil }

    /// Whether only white space precedes the next comma or the end of the line.
    private var isAtElementEnd: Bool {
        let next = skippingSpace(from: index)
        return next == nil || next == UInt8(ascii: ",")
    }

    /// HTAB, SP, VCHAR and obs-text.
    private static func isText(_ byte: UInt8) -> Bool {
        byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
    }

    private mutating func skipSpace() {
        while let byte = peek, OptionalWhiteSpace.contains(byte) { index += 1 }
    }

    private mutating func skipSeparators() {
        while let byte = peek, OptionalWhiteSpace.contains(byte) || byte == UInt8(ascii: ",") { index += 1 }
    }

    private func skippingSpace(from start: Int) -> UInt8? {
        line[start...].first { !OptionalWhiteSpace.contains($0) }
    }
}
