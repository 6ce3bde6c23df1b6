internal import WireFormat

extension JOSEError {
    /// The difference between the `iss` of a token and a configured issuer: a hint for the operator. Every difference
    /// is refused.
    public enum IssuerDifference: String, Sendable, Hashable {
        /// They differ only by a trailing slash.
        case trailingSlash = "trailing_slash"
        /// They differ only by ASCII case.
        case letterCase = "letter_case"
        /// They differ only by a default port.
        case defaultPort = "default_port"
        /// They differ only by the scheme.
        case scheme = "scheme"
        /// They differ in another way.
        case other = "other"

        /// Classifies the difference between two issuers whose bytes differ.
        public static func between(_ claimed: String, _ configured: String) -> JOSEError.IssuerDifference {
            let left = Array(claimed.utf8)
            let right = Array(configured.utf8)
            if withoutSlash(left) == withoutSlash(right) { return .trailingSlash }
            if ASCII.equalsIgnoringCase(left, right) { return .letterCase }
            guard let claimed = try? AbsoluteURL(parsing: claimed),
                let configured = try? AbsoluteURL(parsing: configured),
                claimed.host.hasSameBytes(as: configured.host), claimed.path.hasSameBytes(as: configured.path)
            else { return .other }
            if claimed.scheme != configured.scheme { return claimed.port == configured.port ? .scheme : .other }
            return claimed.effectivePort == configured.effectivePort ? .defaultPort : .other
        }

        private static func withoutSlash(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
            bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
        }
    }
}
