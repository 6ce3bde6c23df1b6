internal import WireFormat

extension HTTPRequest {
    /// The IP address from which a connection came: that of a client, or of the proxy in front of the server.
    ///
    /// An IPv4 address inside an IPv6 address (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is the same as the IPv4 address,
    /// because a socket for both versions shows it so.
    public struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
        // The bytes as two numbers: a connection and its requests hold them without an allocation.
        private let high: UInt64
        private let low: UInt64

        /// The IP address of a peer, as another HTTP library gives it, without port.
        ///
        /// A zone (`fe80::1%eth0`) is dropped. Nil for text that is not an IP address, such as the path of a
        /// Unix-domain socket.
        public init?(_ ipAddress: String) {
            let text = Array(ipAddress.utf8)[...]
            if let address = IPLiteral.parseIPv4(text) {
                self.init(bytes: address)
                return
            }
            guard let address = IPLiteral.parseIPv6(text.prefix { $0 != UInt8(ascii: "%") }) else { return nil }
            self.init(bytes: address)
        }

        /// The address of 4 or 16 bytes in network byte order; nil for another number of bytes.
        package init?(bytes: some Collection<UInt8>) {
            func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
            switch bytes.count {
            case 4: self.init(ipv4: UInt32(truncatingIfNeeded: number(bytes)))
            case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.suffix(8)))
            default: return nil
            }
        }

        /// The IPv6 address of these numbers.
        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        /// The IPv4 address of this number.
        package init(ipv4: UInt32) {
            self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(ipv4))
        }

        /// Whether it is an IPv4 address.
        package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
        /// The 16 bytes as one number. An IPv4 address is in `::ffff:0:0/96`.
        package var number: UInt128 { UInt128(high) << 64 | UInt128(low) }

        /// The address without brackets and port, in its canonical spelling: a dotted quad, or RFC 5952 §4.
        public var description: String {
            let bytes = stride(from: isIPv4 ? 24 : 120, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: number >> UInt128($0))
            }
            let text = IPLiteral.uriText(of: bytes)
            return isIPv4 ? text : String(text.dropFirst().dropLast())
        }
    }
}
