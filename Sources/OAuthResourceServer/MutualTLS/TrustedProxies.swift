internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

/// The places from which a proxy may pass on certificates.
struct TrustedProxies: Sendable {
    /// A range of addresses: those that agree with `first` in the bits of `mask`.
    private struct Range: Sendable, Hashable {
        let first: UInt128
        let mask: UInt128

        func contains(_ peer: HTTPRequest.PeerAddress) -> Bool { peer.number & mask == first }
    }

    private var ranges: [Range] = []
    private var isUnixSocketTrusted = false

    /// The most entries. Every request with the field is compared with all of them.
    static let maximumEntries = 256
    /// The widest ranges. Of a wider one, strangers may be a part.
    static let shortestPrefix = 8

    /// Checks the entries of a setting. Faulty ones are left out.
    init(_ entries: [String], at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        if entries.isEmpty { faults.add(setting, "is empty", "name the addresses of the proxy") }
        if entries.count > Self.maximumEntries {
            faults.add(setting, "has more than \(String(Self.maximumEntries)) entries", "use ranges")
        }
        for (index, entry) in entries.prefix(Self.maximumEntries).enumerated() {
            if entry.hasSameBytes(as: "unix") {
                isUnixSocketTrusted = true
                continue
            }
            do throws(Fault) {
                ranges.append(try Self.range(entry))
            } catch {
                faults.add(setting[index], error.reason, error.remedy)
            }
        }
    }

    /// Whether a request comes from one of these places. An unknown peer is in none of them.
    func contain(_ request: GuardedRequest) -> Bool {
        if request.listener == .unixSocket { return isUnixSocketTrusted }
        guard let peer = request.peer else { return false }
        return ranges.contains { $0.contains(peer) }
    }

    private struct Fault: Error {
        let reason: ConfigurationError.Text
        let remedy: ConfigurationError.Text
    }

    private static func range(_ entry: String) throws(Fault) -> Range {
        let text = Array(entry.utf8)
        let slash = text.firstIndex(of: UInt8(ascii: "/"))
        let literal = text[..<(slash ?? text.endIndex)]
        let bytes = IPLiteral.parseIPv4(literal) ?? IPLiteral.parseIPv6(literal)
        guard let bytes, let address = HTTPRequest.PeerAddress(bytes: bytes) else {
            throw Fault(
                reason: "is not an IP address, a range of addresses, or unix",
                remedy: "write it like 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, without brackets, port and zone")
        }
        let width = bytes.count * 8
        var prefix = width
        if let slash {
            let digits = text[(slash + 1)...]
            guard digits.count <= 3, digits.first != UInt8(ascii: "0") || digits.count == 1,
                let length = ASCII.parseDecimal(digits), length <= width
            else {
                throw Fault(
                    reason: "has a / without a length of 0 to \(String(width)) bits", remedy: "write it like 10.0.0.0/8"
                )
            }
            prefix = length
        }
        // An IPv4 address is compared as ::ffff:0:0/96, in either spelling.
        let common = prefix + (128 - width)
        guard common >= (address.isIPv4 ? 96 : 0) + shortestPrefix, address.isIPv4 || !holdsIPv4(address, common) else {
            throw Fault(
                reason: "is wider than /\(String(shortestPrefix)), so that strangers may be in it",
                remedy: "name the network of the proxy alone")
        }
        let mask = UInt128.max << UInt128(128 - common)
        guard address.number & ~mask == 0 else {
            throw Fault(
                reason: "has bits after its first \(String(prefix)) bits",
                remedy: "set them to 0, or write the address without a /")
        }
        // RFC 4291 §2.5.6: fe80::/10 is the same range on every link, and the peer of a request has no zone.
        let linkLocal = UInt128(0xFE80) << 112
        let linkMask = UInt128.max << UInt128(128 - min(common, 10))
        guard address.number & linkMask != linkLocal & linkMask else {
            throw Fault(
                reason: "holds link-local addresses, which hosts on every link can have",
                remedy: "let the proxy connect from another address")
        }
        return Range(first: address.number, mask: mask)
    }

    /// Whether an IPv6 range with this prefix holds all IPv4 addresses: it is a part of `::/96` or contains it.
    private static func holdsIPv4(_ address: HTTPRequest.PeerAddress, _ common: Int) -> Bool {
        common < 96 && address.number >> UInt128(128 - common) == 0xFFFF_0000_0000 >> UInt128(128 - common)
    }
}
