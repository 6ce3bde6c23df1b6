internal import WireFormat

/// The names under which a server on a loopback address is meant: loopback ones, and the resource's own for a proxy in front
/// that keeps `Host`. A page that was served under another name and then resolved to this machine (DNS rebinding) still
/// sends that other name.
struct HostNames: Sendable {
    private let own: [UInt8]
    private let ownAddress: [UInt8]?

    init(_ resource: AbsoluteURL) {
        own = Array(resource.host.utf8)
        ownAddress = resource.addressBytes
    }

    /// Whether `uri-host [ ":" port ]` (RFC 9110 §7.2) names this server, on any port.
    ///
    /// Strict: no userinfo, no dot at the end, no empty port, no spelling of an address that only some readers take.
    func admit(_ authority: ArraySlice<UInt8>) -> Bool {
        guard let first = authority.first else { return false }
        let host: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return false }
            host = authority[..<end].dropFirst()
            rest = authority[end...].dropFirst()
        } else {
            host = authority.prefix { $0 != UInt8(ascii: ":") }
            rest = authority[host.endIndex...]
        }
        guard Self.isPort(rest) else { return false }
        if first == UInt8(ascii: "[") {
            guard let address = IPLiteral.parseIPv6(host) else { return false }
            return address == Self.loopback || address == ownAddress
        }
        if ASCII.equalsIgnoringCase(host, Self.localhost) || ASCII.equalsIgnoringCase(host, own) { return true }
        return IPLiteral.parseIPv4(host)?.first == 127
    }

    private static let localhost = Array("localhost".utf8)
    private static let loopback = [UInt8](repeating: 0, count: 15) + [1]

    /// Nothing, or a colon and a port.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        guard colon == UInt8(ascii: ":"), bytes.count <= 6, let port = ASCII.parseDecimal(bytes.dropFirst()) else {
            return false
        }
        return (1...65_535).contains(port)
    }
}
