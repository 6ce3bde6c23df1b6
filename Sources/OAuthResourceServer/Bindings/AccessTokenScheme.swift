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
        guard let scheme = Self.allCases.first(where: { ASCII.equalsIgnoringCase(name, $0.name) }) else { return nil }
        self = scheme
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

    private var name: [UInt8] { self == .bearer ? Self.bearerName : Self.dpopName }
    private static let bearerName = Array("bearer".utf8)
    private static let dpopName = Array("dpop".utf8)
}
