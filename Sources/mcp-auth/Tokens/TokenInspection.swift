import JOSE
import WireFormat

/// `token inspect`: shows the content of a token, valid or not.
///
/// **Does not check** the signature or any claim, and says so in its output. It shows neither the signature nor the
/// encoded token.
struct TokenInspection {
    /// A part of the token: its JSON, or why it cannot be decoded.
    private enum Part {
        case value(JSONValue)
        case broken(String)
    }

    /// Parses the arguments after `token inspect`.
    init(_ arguments: [String]) throws(CommandFault) {
        let list = ArgumentList(arguments, flags: [])
        guard list.faults.isEmpty else { throw CommandFault(list.faults) }
    }

    func run(in environment: CommandEnvironment) throws(CommandFault) -> Outcome {
        let token = try TokenText.read(from: nil, in: environment)
        guard token.count <= TokenText.maximumBytes else {
            return Outcome(status: .refused, output: "The token is longer than 64 KiB; nothing was decoded.\n")
        }
        let paint = environment.paint
        var outcome = Outcome()
        outcome.output = paint.warning("NOT VERIFIED: decoded only. Anybody can write such a token.") + "\n"
        outcome.output += "Use mcp-auth token verify to check whether it is good.\n"

        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 5, omittingEmptySubsequences: false)
        if parts.count == 1 {
            outcome.status = .refused
            outcome.output += "\n" + paint.bad(Self.whyNotDotted(token)) + "\n"
            return outcome
        }
        if parts.count != 3 {
            outcome.status = .refused
            outcome.output += "\n" + paint.bad(Self.whyNotThree(parts.count)) + "\n"
        }
        show("Header", Self.shortened(Self.decode(parts[0])), &outcome, paint)
        // RFC 7516 §3: the other parts of an encrypted token are not JSON.
        guard parts.count <= 3 else { return outcome }
        let claims = Self.decode(parts[1])
        show("Claims", claims, &outcome, paint)
        if case .value(let claims) = claims {
            showTimes(claims, now: environment.now(), &outcome, paint)
            showNature(parts[0], claims, &outcome, paint)
        }
        showSignature(parts.count == 3 ? parts[2] : nil, &outcome, paint)
        showForm(token, &outcome, paint)
        return outcome
    }

    // MARK: What is shown

    private func show(_ name: String, _ part: Part, _ outcome: inout Outcome, _ paint: Paint) {
        outcome.output += "\n" + paint.heading(name) + "\n"
        switch part {
        case .value(let value): outcome.output += DisplayText.json(value, isIndented: true) + "\n"
        case .broken(let why):
            outcome.status = .refused
            outcome.output += paint.bad("broken: \(why)") + "\n"
        }
    }

    private func showTimes(_ claims: JSONValue, now: Double, _ outcome: inout Outcome, _ paint: Paint) {
        let lines = ["exp", "nbf", "iat"].compactMap { name -> String? in
            guard let claim = claims[name] else { return nil }
            guard let seconds = claim.number?.double else { return "\(name)  is not a number of seconds since 1970" }
            guard let text = DisplayTime.describe(seconds, now: now) else {
                return "\(name)  lies beyond the year 9999 or before the year 1: are these milliseconds?"
            }
            return "\(name)  \(text)"
        }
        guard !lines.isEmpty else { return }
        outcome.output += "\n" + paint.heading("Times") + "\n" + lines.joined(separator: "\n") + "\n"
        if let line = TokenTimeline(claims, now: now)?.text { outcome.output += line }
    }

    /// Says which kind of token it looks like, and which product makes such tokens.
    private func showNature(
        _ header: ArraySlice<UInt8>, _ claims: JSONValue, _ outcome: inout Outcome, _ paint: Paint
    ) {
        var type: String?
        if case .value(let header) = Self.decode(header) { type = header["typ"]?.string }
        let lines = TokenNature(type: type, claims: claims).lines
        guard !lines.isEmpty else { return }
        outcome.output += "\n" + paint.heading("Nature") + "\n" + lines.joined(separator: "\n") + "\n"
    }

    private func showSignature(_ signature: ArraySlice<UInt8>?, _ outcome: inout Outcome, _ paint: Paint) {
        outcome.output += "\n" + paint.heading("Signature") + "\n"
        let broken: String
        switch signature {
        case nil: broken = "missing"
        case let part? where part.isEmpty: broken = "empty: the token is unsigned and must not be accepted"
        case let part?:
            if let bytes = Base64URL.decode(Array(part).span) {
                outcome.output += "\(bytes.count) bytes, not checked\n"
                return
            }
            broken = Self.whyNotBase64URL(part)
        }
        outcome.status = .refused
        outcome.output += paint.bad("broken: \(broken)") + "\n"
    }

    /// Shows the reasons for which a verifier refuses the token before it looks for a key.
    private func showForm(_ token: [UInt8], _ outcome: inout Outcome, _ paint: Paint) {
        do throws(JOSEError) {
            _ = try UnverifiedJWT(parsing: token, limit: TokenText.maximumBytes)
        } catch {
            outcome.output +=
                "\n" + paint.bad("Every verifier refuses its form: \(error.code): \(error.explanation)") + "\n"
        }
    }

    // MARK: Decoding

    private static func decode(_ part: ArraySlice<UInt8>) -> Part {
        guard !part.isEmpty else { return .broken("empty") }
        guard let bytes = Base64URL.decode(Array(part).span) else { return .broken(whyNotBase64URL(part)) }
        do throws(JSONDocument.ParseError) {
            // A verifier allows less nesting. Here, a deeper value must still be visible.
            let value = try JSONValue(parsing: bytes, limits: JSONDocument.Limits(maximumDepth: 64))
            guard value.object != nil else { return .broken("JSON, but not an object") }
            return .value(value)
        } catch {
            return .broken("not strict JSON (\(error.code) at byte \(error.offset))")
        }
    }

    /// The header with a `kid` of limited length.
    private static func shortened(_ header: Part) -> Part {
        guard case .value(.object(var object)) = header, let keyID = object["kid"]?.string else { return header }
        object["kid"] = .string(DisplayText.cut(keyID))
        return .value(.object(object))
    }

    private static func whyNotBase64URL(_ part: some Collection<UInt8>) -> String {
        if part.contains(UInt8(ascii: "=")) { return "not base64url: it has padding (=)" }
        if part.contains(UInt8(ascii: "+")) || part.contains(UInt8(ascii: "/")) {
            return "not base64url: + and / belong to plain base64"
        }
        if part.contains(where: { $0 <= 0x20 }) { return "not base64url: it has white space or line breaks" }
        let isWord = part.allSatisfy {
            ASCII.isDigit($0) || ASCII.isLetter($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
        if !isWord { return "not base64url: it has characters of another alphabet" }
        return "not base64url: truncated, or with unused bits that are not zero"
    }

    private static func whyNotDotted(_ token: [UInt8]) -> String {
        "broken: it has no dot, so it is not a JWT. Only the issuer can decode an opaque token (RFC 7662)."
    }

    private static func whyNotThree(_ count: Int) -> String {
        switch count {
        case 2: "broken: two parts instead of three."
        case 5: "An encrypted token (JWE, five parts): only its audience can read more than the header."
        default: "broken: \(count > 5 ? "more than five" : "\(count)") parts instead of three."
        }
    }
}
