package import WireFormat

/// The host of a URL or of a request: a name or an IP address (RFC 3986 §3.2.2).
///
/// Two names are equal when they agree after folding A–Z to a–z. Two addresses are equal when they are the same
/// address, however they are spelled. An IPv4 address mapped into IPv6 is not equal to that IPv4 address.
///
/// **Checks** the same grammar as ``WireFormat/AbsoluteURL``: labels of letters, digits, `-` and `_`; no dot at the
/// end; a host whose last label is numeric must be a canonical dotted quad; no IPv6 zone.
/// **Does not check** whether the name exists, nor to which address it resolves.
public struct HTTPHost: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// A name in lower case; empty for an address.
    private let name: String
    /// An address of 4 or 16 bytes in network order; empty for a name.
    private let address: [UInt8]

    /// A host name, an IPv4 address, or an IPv6 address with or without brackets; nil for any other text, such as one
    /// with a port.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)[...]
        if let address = IPLiteral.parseIPv6(bytes) {
            self.init(name: "", address: address)
        } else {
            self.init(uriHost: bytes)
        }
    }

    /// A host in the spelling of a URI: an IPv6 address has brackets.
    package init?(uriHost bytes: ArraySlice<UInt8>) {
        if bytes.first == UInt8(ascii: "[") {
            guard bytes.last == UInt8(ascii: "]"), let address = IPLiteral.parseIPv6(bytes.dropFirst().dropLast())
            else {
                return nil
            }
            self.init(name: "", address: address)
            return
        }
        if let address = IPLiteral.parseIPv4(bytes) {
            self.init(name: "", address: address)
            return
        }
        guard URLGrammar.hostKind(of: bytes) == .name else { return nil }
        self.init(name: String(decoding: bytes.map { ASCII.lowercased($0) }, as: UTF8.self), address: [])
    }

    /// The host of a URL.
    package init(_ url: AbsoluteURL) {
        let address = url.addressBytes
        self.init(name: address == nil ? ASCII.lowercased(url.host) : "", address: address ?? [])
    }

    /// A host written in the program. A literal that is not a host is a programmer's mistake and stops the program.
    public init(stringLiteral text: StaticString) {
        guard let host = HTTPHost(text.description) else {
            preconditionFailure("A host literal must be a host name or an IP address, without a port.")
        }
        self = host
    }

    private init(name: String, address: [UInt8]) {
        self.name = name
        self.address = address
    }

    /// Whether the host is `localhost`, 127.0.0.0/8 or `::1`.
    package var isLoopback: Bool {
        address.isEmpty ? name.hasSameBytes(as: "localhost") : IPLiteral.isLoopback(address)
    }

    /// The host in the spelling of a URI, a name in lower case and an IPv6 address in brackets.
    public var description: String {
        address.isEmpty ? name : IPLiteral.uriText(of: address)
    }
}
