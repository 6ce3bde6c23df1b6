internal import HTTPMessages
internal import WireFormat

/// The schemes in which an access token can be presented.
enum AccessTokenScheme: Sendable, Hashable, CaseIterable {
    /// RFC 6750 §2.1.
    case bearer
    /// RFC 9449 §7.1.
    case dpop

    /// The scheme with this name, compared without case; nil for every other one.
    init?(name: ArraySlice<UInt8>) {
        if ASCII.equalsIgnoringCase(name, lowercased: "bearer") {
            self = .bearer
        } else if ASCII.equalsIgnoringCase(name, lowercased: "dpop") {
            self = .dpop
        } else {
            return nil
        }
    }

    /// The scheme of the first `Authorization` field of a request; nil when there is none, or another scheme.
    init?(usedBy fields: HTTPFields) {
        var used: Self?
        _ = fields.contains(.authorization) { value in
            used = Self(name: value.prefix { ASCII.isTokenByte($0) })
            return true
        }
        guard let used else { return nil }
        self = used
    }
}
