internal import HTTPMessages
internal import WireFormat

/// Finds the one access token of a request in its `Authorization` field (RFC 6750 §2.1), or says why there is none.
///
/// Query, form body and cookies are never read for a token (RFC 9700 §4.3.2); one in the query or the body beside one in
/// the field makes the request malformed (RFC 6750 §2).
enum BearerCredential {
    private static let scheme = Array("bearer".utf8)

    static func extract(
        from fields: HTTPFields, query: String?, tokenLimit: Int
    ) throws(TokenRejection) -> PresentedToken {
        let value: [UInt8]
        switch fields.occurrence(of: .authorization) {
        case .absent: throw .missingCredentials
        case .repeated: throw .malformedRequest(.repeatedCredentials)
        case .once(let field): value = field.bytes
        }
        let schemeEnd = value.firstIndex { !ASCII.isTokenByte($0) } ?? value.endIndex
        let isBearer = ASCII.equalsIgnoringCase(value[..<schemeEnd], scheme)
        // Sizes before anything walks the value.
        guard value.count - schemeEnd <= tokenLimit + 1 else {
            throw isBearer ? .invalid(.tooLong) : .malformedRequest(.authorizationTooLong)
        }
        guard !holdsSecondCredential(value[schemeEnd...]) else { throw .malformedRequest(.repeatedCredentials) }
        guard isBearer else { throw .missingCredentials }
        if let query, namesAccessToken(query.utf8) { throw .malformedRequest(.tokenInTwoPlaces) }

        let token = value[schemeEnd...].drop { $0 == 0x20 }
        guard token.startIndex > schemeEnd, isBase64Token(token) else { throw .invalid(.syntax) }
        return PresentedToken(Array(token))
    }

    /// Whether an `application/x-www-form-urlencoded` text has a parameter `access_token`.
    static func namesAccessToken(_ form: some Sequence<UInt8>) -> Bool {
        Array(form).split(separator: UInt8(ascii: "&")).contains { parameter in
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            return percentDecoded(name).elementsEqual("access_token".utf8)
        }
    }

    /// RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
    private static func isBase64Token(_ bytes: ArraySlice<UInt8>) -> Bool {
        let padding = UInt8(ascii: "=")
        let body = bytes.prefix { $0 != padding }
        guard !body.isEmpty, bytes.dropFirst(body.count).allSatisfy({ $0 == padding }) else { return false }
        return body.allSatisfy { byte in
            if ASCII.isDigit(byte) || ASCII.isLetter(byte) { return true }
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"),
                UInt8(ascii: "/"):
                return true
            default: return false
            }
        }
    }

    /// Whether a comma outside quotes is followed by another scheme: `token SP`. Parameters of one credential
    /// (`a="b", c="d"`) have `=` there.
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
                let next = rest[index...].drop { $0 == 0x20 || $0 == 0x09 }
                let name = next.prefix { ASCII.isTokenByte($0) }
                if !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == 0x20 { return true }
            }
        }
        return false
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = ASCII.hexValue(rest[rest.startIndex]),
                let low = ASCII.hexValue(rest[rest.startIndex + 1])
            {
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}
