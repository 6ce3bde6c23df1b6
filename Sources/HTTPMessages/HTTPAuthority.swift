import WireFormat

/// The authority that a request names: `uri-host [ ":" port ]` (RFC 9110 §7.2), in `Host` and in the absolute form of a
/// request target (RFC 9112 §3.2.2).
///
/// **Checks** more than the RFC. The host must not be empty. A port, if present, is 1…65535 without leading zeros. An
/// IP literal must be an IPv6 address without a zone. User information is refused.
///
/// A name may be any `reg-name` of RFC 3986 §3.2.2 here, because a valid `Host` such as `example.com.` must not make a
/// request malformed. ``host`` has the stricter grammar of ``HTTPHost``. Where a host is compared or contacted, only
/// ``host`` counts: the absolute form of a target and the defence against DNS rebinding refuse an authority without it.
package struct HTTPAuthority: Sendable {
    /// The authority as sent.
    package let bytes: ArraySlice<UInt8>
    private let hostEnd: Int
    /// The port as sent; nil when there is none.
    package let port: UInt16?

    /// Reads a whole authority; nil when it is not valid.
    package init?(bytes: ArraySlice<UInt8>) {
        guard let end = Self.endOfHost(bytes) else { return nil }
        let rest = bytes[end...]
        if rest.isEmpty {
            port = nil
        } else {
            guard rest.first == UInt8(ascii: ":"), let port = URLGrammar.port(rest.dropFirst()) else { return nil }
            self.port = port
        }
        self.bytes = bytes
        hostEnd = end
    }

    /// The host; nil for a name that only the wider grammar admits.
    package var host: HTTPHost? { HTTPHost(uriHost: bytes[..<hostEnd]) }

    /// Whether two authorities are the same text when A–Z are folded to a–z. A default port is not added.
    package func isSpelled(like other: HTTPAuthority) -> Bool {
        ASCII.equalsIgnoringCase(bytes, other.bytes)
    }

    private static func endOfHost(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.first == UInt8(ascii: "[") else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            let name = bytes[..<end]
            return !name.isEmpty && URLGrammar.isRegisteredName(name) ? end : nil
        }
        guard let close = bytes.firstIndex(of: UInt8(ascii: "]")),
            IPLiteral.parseIPv6(bytes[..<close].dropFirst()) != nil
        else { return nil }
        return close + 1
    }
}
