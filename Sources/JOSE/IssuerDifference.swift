internal import WireFormat

/// How a token's `iss` differs from a configured issuer: a hint for the operator. A difference is never accepted.
public enum IssuerDifference: String, Sendable, Hashable {
    /// Only by a trailing slash.
    case trailingSlash = "trailing_slash"
    /// Only by ASCII case.
    case letterCase = "letter_case"
    /// Only by a default port.
    case defaultPort = "default_port"
    /// Only by the scheme.
    case scheme = "scheme"
    /// In any other way.
    case other = "other"

    /// Compares two issuers that are not the same bytes.
    public static func between(_ claimed: String, _ configured: String) -> IssuerDifference {
        let left = Array(claimed.utf8)
        let right = Array(configured.utf8)
        if withoutSlash(left) == withoutSlash(right) { return .trailingSlash }
        if ASCII.equalsIgnoringCase(left, right) { return .letterCase }
        guard let claimed = try? AbsoluteURL(parsing: claimed), let configured = try? AbsoluteURL(parsing: configured),
            claimed.host.hasSameBytes(as: configured.host), claimed.path.hasSameBytes(as: configured.path)
        else { return .other }
        if claimed.scheme != configured.scheme { return claimed.port == configured.port ? .scheme : .other }
        return claimed.effectivePort == configured.effectivePort ? .defaultPort : .other
    }

    private static func withoutSlash(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
    }
}
