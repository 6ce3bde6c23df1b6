public import OAuthMetadata
internal import WireFormat

/// An entry in a list of hosts: one host, or all hosts below a domain.
///
/// `app.example.com` is that host alone. `*.example.com` is every host below it, and not `example.com` itself. Labels
/// are compared one by one, without regard to ASCII case: `evilexample.com` is not below `example.com`. No rule matches
/// an IPv6 address.
public struct DomainRule: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not a domain rule.
    public enum Fault: String, Error, Sendable, Hashable {
        /// The text is not a host name, or it has a scheme, a port or a path.
        case notAHost = "not_a_host"
        /// A `*` is not the whole first label, or an address follows it.
        case wildcard
        /// Fewer than two labels follow the `*`, so that the rule would match a whole top-level domain.
        case tooWide = "too_wide"
    }

    /// The rule as configured.
    public let text: String
    private let labels: [[UInt8]]
    private let isBelow: Bool

    /// Parses a rule, such as `app.example.com` or `*.example.com`.
    ///
    /// - Throws: ``Fault`` for the first fault.
    public init(_ text: String) throws(Fault) {
        self.text = text
        var bytes = Array(text.utf8)[...]
        isBelow = bytes.starts(with: "*.".utf8)
        if isBelow { bytes = bytes.dropFirst(2) }
        guard !bytes.contains(UInt8(ascii: "*")) else { throw .wildcard }
        guard URLGrammar.hostKind(of: bytes) != nil else { throw .notAHost }
        labels = Self.labels(of: bytes)
        guard !isBelow || labels.count >= 2 else { throw .tooWide }
        guard !isBelow || URLGrammar.hostKind(of: bytes) == .name else { throw .wildcard }
    }

    /// Whether the rule matches the host of a client.
    public func matches(_ client: ClientIdentifierURL) -> Bool {
        guard client.url.hostKind != .ipv6 else { return false }
        let host = Self.labels(of: Array(client.url.host.utf8)[...])
        guard isBelow else { return host == labels }
        return host.count > labels.count && host.suffix(labels.count).elementsEqual(labels)
    }

    /// The rule as configured.
    public var description: String { text }

    private static func labels(of host: ArraySlice<UInt8>) -> [[UInt8]] {
        host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { label in
            label.map { ASCII.lowercased($0) }
        }
    }
}
