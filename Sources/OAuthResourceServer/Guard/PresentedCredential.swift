internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

/// The access token of a request, and the scheme in which its `Authorization` field presents it: `Bearer` (RFC 6750
/// §2.1), or `DPoP` where the configuration accepts it (RFC 9449 §7.1).
///
/// No token is taken from the query, the form body or cookies (RFC 9700 §4.3.2). A token in the query or the form body,
/// in addition to one in the field, makes the request malformed (RFC 6750 §2).
struct PresentedCredential: Sendable {
    /// A word of at least this many bytes in place of a scheme is a token whose scheme is missing.
    private static let shortestToken = 20

    private(set) var token: PresentedToken
    let scheme: AccessTokenScheme

    /// Extracts the credential, or throws the reason why there is none.
    ///
    /// - Parameter acceptsDPoP: Whether `DPoP` is a scheme of access tokens here. Otherwise it is a foreign scheme.
    init(
        from fields: HTTPFields, query: String?, tokenLimit: Int, acceptsDPoP: Bool
    ) throws(ResourceServer.Refusal) {
        let value: ArraySlice<UInt8>
        switch fields.place(of: .authorization) {
        case .absent: throw query.map { Self.namesAccessToken($0.utf8) } == true ? .tokenInQuery : .missingCredentials
        case .repeated: throw .malformedRequest(.repeatedCredentials)
        case .once(let range): value = fields.buffer[range]
        }
        let schemeEnd = value.firstIndex { !ASCII.isTokenByte($0) } ?? value.endIndex
        var named = AccessTokenScheme(name: value[..<schemeEnd])
        if named == .dpop, !acceptsDPoP { named = nil }
        // Check the size before any loop over the value.
        guard value.endIndex - schemeEnd <= tokenLimit + 1 else {
            throw named != nil ? .token(.invalid(.tooLong)) : .malformedRequest(.authorizationTooLong)
        }
        let token = value[schemeEnd...].drop { $0 == 0x20 }
        let isWellFormed = named != nil && token.startIndex > schemeEnd && Base64Token.matches(token.span)
        // A well-formed token has no comma, so that no second credential can follow it.
        guard isWellFormed || !Self.holdsSecondCredential(value[schemeEnd...]) else {
            throw .malformedRequest(.repeatedCredentials)
        }
        guard let scheme = named else {
            if value.isEmpty { throw .missingCredentials }
            // A token is one long word, and a scheme has its credentials after a space.
            throw value.contains(0x20) || value.count < Self.shortestToken ? .otherScheme : .schemeMissing
        }
        if let query, Self.namesAccessToken(query.utf8) { throw .malformedRequest(.tokenInTwoPlaces) }
        guard isWellFormed else { throw .token(.invalid(.syntax)) }
        self.token = PresentedToken(Array(token))
        self.scheme = scheme
    }

    /// The same credential, whose token has its digest.
    func withDigest() -> PresentedCredential {
        var credential = self
        credential.token = token.withDigest()
        return credential
    }

    /// Whether an `application/x-www-form-urlencoded` text has a parameter `access_token`. It makes one pass over the
    /// bytes, since the text can be as long as a body.
    static func namesAccessToken(_ form: some Collection<UInt8>) -> Bool {
        var index = form.startIndex
        while index < form.endIndex {
            if isAccessToken(in: form, at: &index) { return true }
            while index < form.endIndex, form[index] != UInt8(ascii: "&") { form.formIndex(after: &index) }
            if index < form.endIndex { form.formIndex(after: &index) }
        }
        return false
    }

    /// Whether the parameter that begins here is named `access_token` after percent-decoding. Stops at the first byte
    /// that differs.
    private static func isAccessToken<Form: Collection<UInt8>>(in form: Form, at index: inout Form.Index) -> Bool {
        for wanted in "access_token".utf8 {
            guard index < form.endIndex else { return false }
            var byte = form[index]
            var next = form.index(after: index)
            if byte == UInt8(ascii: "%"), let octet = PercentEncoding.octet(in: form, at: next) {
                (byte, next) = (octet.byte, octet.end)
            }
            guard byte == wanted else { return false }
            index = next
        }
        return index == form.endIndex || form[index] == UInt8(ascii: "=") || form[index] == UInt8(ascii: "&")
    }

    /// Whether a comma outside quotes is followed by another scheme: `token 1*SP` and no `=`. Parameters of one
    /// credential (`a="b", c = "d"`, RFC 9110 §11.2) have an `=` there.
    private static func holdsSecondCredential(_ rest: ArraySlice<UInt8>) -> Bool {
        var index = rest.startIndex
        var quoted = false
        while index < rest.endIndex {
            let byte = rest[index]
            index += 1
            if quoted, byte == 0x5C {
                index += 1
            } else if byte == 0x22 {
                quoted.toggle()
            } else if byte == UInt8(ascii: ","), !quoted {
                let next = rest[index...].drop(while: OptionalWhiteSpace.contains)
                let name = next.prefix { ASCII.isTokenByte($0) }
                let behind = rest[name.endIndex...].drop(while: OptionalWhiteSpace.contains)
                let isSeparate = behind.startIndex > name.endIndex
                if !name.isEmpty, isSeparate, let byte = behind.first, byte != UInt8(ascii: "=") { return true }
            }
        }
        return false
    }
}
