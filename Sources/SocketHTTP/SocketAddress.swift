internal import CSystemCalls
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages

/// An address of a socket, as the bytes of a `sockaddr`.
package struct SocketAddress {
    /// What counts as one peer: an IPv4 address, or the first 64 bits of an IPv6 address, which usually belong to one
    /// host or site.
    struct Network: Hashable {
        private let prefix: UInt64
        private let isIPv6: Bool

        init(of peer: HTTPRequest.PeerAddress) {
            isIPv6 = !peer.isIPv4
            prefix = UInt64(truncatingIfNeeded: isIPv6 ? peer.number >> 64 : peer.number)
        }
    }

    private var bytes: [UInt8]

    /// An IPv4 or IPv6 address; nil when the text is neither.
    init?(host: String, port: UInt16) {
        let portBytes = [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)]
        var address = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, host, &address) == 1 {
            bytes = Self.family(AF_INET) + portBytes + address.prefix(4) + [UInt8](repeating: 0, count: 8)
        } else if unsafe inet_pton(AF_INET6, host, &address) == 1 {
            bytes = Self.family(AF_INET6) + portBytes + [0, 0, 0, 0] + address + [0, 0, 0, 0]
        } else {
            return nil
        }
        setLength()
    }

    /// The path of a Unix-domain socket; nil when it is empty, too long for the system, or holds NUL.
    init?(path: String) {
        #if canImport(Darwin)
            let limit = 103
        #else
            let limit = 107
        #endif
        guard (1...limit).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
        bytes = Self.family(AF_UNIX) + Array(path.utf8) + [0]
        setLength()
    }

    /// The local address of a socket.
    init?(localOf descriptor: Int32) {
        unsafe self.init { unsafe getsockname(descriptor, $0, $1) }
    }

    private init?(_ ask: (UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>) -> Int32) {
        bytes = [UInt8](repeating: 0, count: 128)
        var length = socklen_t(bytes.count)
        let result = unsafe bytes.withUnsafeMutableBytes {
            unsafe ask($0.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
        }
        guard result == 0 else { return nil }
    }

    /// Passes the address to `connect` or `bind`.
    func with(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32) -> Int32 {
        unsafe bytes.withUnsafeBytes {
            unsafe body($0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
    }

    /// The kind of a listener at this address; nil for a family that is not served.
    var kind: HTTPRequest.ListenerKind? {
        switch family {
        case AF_INET: bytes[4] == 127 ? .loopback : .network
        case AF_INET6:
            if let v4 = embeddedIPv4 {
                v4.first == 127 ? .loopback : .network
            } else {
                bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1 ? .loopback : .network
            }
        case AF_UNIX: .unixSocket
        default: nil
        }
    }

    var family: Int32 {
        #if canImport(Darwin)
            Int32(bytes[1])
        #else
            Int32(unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: sa_family_t.self) })
        #endif
    }

    /// The port; 0 for a path.
    var port: UInt16 {
        family == AF_UNIX ? 0 : UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// `127.0.0.1:80`, `[::1]:80`, or the path.
    var text: String {
        guard family != AF_UNIX else { return String(decoding: bytes[2...].prefix { $0 != 0 }, as: UTF8.self) }
        var text = [UInt8](repeating: 0, count: 64)
        let isIPv6 = family == AF_INET6
        _ = unsafe bytes.withUnsafeBytes { address in
            unsafe text.withUnsafeMutableBytes {
                unsafe inet_ntop(
                    family, address.baseAddress?.advanced(by: isIPv6 ? 8 : 4),
                    $0.assumingMemoryBound(to: CChar.self).baseAddress, socklen_t($0.count))
            }
        }
        let host = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        return isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// RFC 4291 §2.5.5.2: the IPv4 address in `::ffff:0:0/96`, as a socket for both families reports it.
    private var embeddedIPv4: ArraySlice<UInt8>? {
        bytes[8..<18].allSatisfy { $0 == 0 } && bytes[18] == 0xFF && bytes[19] == 0xFF ? bytes[20..<24] : nil
    }

    private static func family(_ family: Int32) -> [UInt8] {
        #if canImport(Darwin)
            [0, UInt8(truncatingIfNeeded: family)]
        #else
            unsafe withUnsafeBytes(of: sa_family_t(truncatingIfNeeded: family)) { unsafe Array($0) }
        #endif
    }

    private mutating func setLength() {
        #if canImport(Darwin)
            bytes[0] = UInt8(truncatingIfNeeded: bytes.count)
        #endif
    }
}

extension HTTPRequest.PeerAddress {
    /// The address that the system has written; nil for another family than IPv4 and IPv6.
    init?(_ address: sockaddr_storage) {
        switch Int32(address.ss_family) {
        case AF_INET:
            // The address follows the family and the port.
            self.init(
                ipv4: unsafe withUnsafeBytes(of: address) {
                    UInt32(bigEndian: unsafe $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                })
        case AF_INET6:
            // The address follows the family, the port and the flow information.
            let (high, low) = unsafe withUnsafeBytes(of: address) { bytes in
                unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                )
            }
            self.init(high: high, low: low)
        default: return nil
        }
    }
}
