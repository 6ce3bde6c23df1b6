import OAuthMetadata
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Absolute URLs: parsing loses, moves and repairs nothing. No host is accepted that a resolver would read as an IP
/// address and this library would not.
enum URLProperties {
    static func check(_ input: [UInt8]) throws(Violation) {
        try checkAddresses(input)
        guard let url = try? AbsoluteURL(parsing: String(decoding: input, as: UTF8.self)) else { return }
        try require(url.text.utf8.elementsEqual(input), "the text is kept byte for byte")
        try require(input.count <= 2_048 && input.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a URL is short and ASCII")

        let query = url.query.map { "?\($0)" } ?? ""
        let fragment = url.fragment.map { "#\($0)" } ?? ""
        try require((url.origin + url.path + query + fragment).hasSameBytes(as: url.text), "the parts are the text")
        let host = url.hostKind == .ipv6 ? "[\(url.host)]" : url.host
        let port = url.port.map { ":\($0)" } ?? ""
        let authority = "://\(host)\(port)"
        try require(
            ASCII.equalsIgnoringCase(url.origin.utf8.dropLast(authority.utf8.count), url.scheme.rawValue.utf8)
                && url.origin.utf8.suffix(authority.utf8.count).elementsEqual(authority.utf8),
            "the origin is scheme, host and port as spelled")
        try require(
            url.path.isEmpty || url.path.utf8.first == UInt8(ascii: "/"), "a path is empty or begins with a slash")
        try require(
            !url.path.utf8.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }, "a path ends at ? or #")
        try require(url.query?.utf8.contains(UInt8(ascii: "#")) != true, "a query ends at #")
        try require(!url.origin.utf8.contains(UInt8(ascii: "@")), "there is no userinfo")
        try require(url.effectivePort != 0 && url.port != 0, "a port is not 0")

        guard let origin = try? AbsoluteURL(parsing: url.origin) else {
            throw Violation(property: "the origin is a URL")
        }
        try require(
            origin.host.hasSameBytes(as: url.host) && origin.effectivePort == url.effectivePort
                && origin.path.isEmpty && origin.origin.hasSameBytes(as: url.origin),
            "the origin leads to the same place")
        try checkHost(url)
        try checkWellKnown(url)
    }

    /// The inverse of a well-known location has the location, and every resource and issuer is found from its own.
    private static func checkWellKnown(_ url: AbsoluteURL) throws(Violation) {
        let any = InsecureHTTP.dangerouslyAnyHost
        let resources = ResourceIdentifier.resources(ofMetadataURL: url, insecureHTTP: any)
        try require(
            resources.allSatisfy { $0.metadataURL.hasSameBytes(as: url.text) }, "a resource has the location")
        let issuers = IssuerIdentifier.issuers(ofMetadataURL: url, insecureHTTP: any)
        try require(issuers.allSatisfy { $0.metadataURLs.contains(url) }, "an issuer has the location")
        if let resource = try? ResourceIdentifier(url.text, insecureHTTP: any),
            let location = try? AbsoluteURL(parsing: resource.metadataURL)
        {
            let found = ResourceIdentifier.resources(ofMetadataURL: location, insecureHTTP: any)
            try require(found.contains(resource), "a resource is found from its location")
        }
        if let issuer = try? IssuerIdentifier(url.text, insecureHTTP: any) {
            for location in issuer.metadataURLs {
                let found = IssuerIdentifier.issuers(ofMetadataURL: location, insecureHTTP: any)
                try require(found.contains(issuer), "an issuer is found from its locations")
            }
        }
    }

    private static func checkHost(_ url: AbsoluteURL) throws(Violation) {
        let host = Array(url.host.utf8)
        let address = url.addressBytes
        switch url.hostKind {
        case .name:
            try require(address == nil && !host.isEmpty && host.count <= 253, "a name is no address, and not too long")
            try require(lenientIPv4(host) == nil, "a name is no address to a lenient reader either")
            try require(host.last != UInt8(ascii: ".") && !host.contains(UInt8(ascii: "%")), "a name has one spelling")
        case .ipv4:
            try require(address == lenientIPv4(host), "an IPv4 address means the same to a lenient reader")
            let quad = (address ?? []).map(String.init).joined(separator: ".")
            try require(quad.utf8.elementsEqual(host), "an IPv4 address is spelled canonically")
        case .ipv6:
            try require(address?.count == 16, "an IPv6 address has 16 bytes")
        }
        let isLoopback =
            address.map { $0.count == 4 ? $0[0] == 127 : $0 == [UInt8](repeating: 0, count: 15) + [1] }
            ?? ASCII.equalsIgnoringCase(host, "localhost".utf8)
        try require(url.isLoopback == isLoopback, "isLoopback agrees with the address")
        let segments = url.path.utf8.split(separator: UInt8(ascii: "/"))
        let hasDots = segments.contains { [".", ".."].contains(decodingDots($0)) }
        try require(url.hasDotSegments == hasDots, "hasDotSegments sees . and .. in every spelling")
    }

    /// Checks the input as an IP address.
    private static func checkAddresses(_ input: [UInt8]) throws(Violation) {
        // The C functions stop at a zero byte.
        guard !input.contains(0), input.count < 100 else { return }
        let text = String(decoding: input, as: UTF8.self)
        var ipv4 = [UInt8](repeating: 0, count: 4)
        let isIPv4 = unsafe inet_pton(AF_INET, text, &ipv4) == 1
        try require(IPLiteral.parseIPv4(input[...]) == (isIPv4 ? ipv4 : nil), "IPv4 is read as inet_pton does")
        var ipv6 = [UInt8](repeating: 0, count: 16)
        let isIPv6 = unsafe inet_pton(AF_INET6, text, &ipv6) == 1
        try require(IPLiteral.parseIPv6(input[...]) == (isIPv6 ? ipv6 : nil), "IPv6 is read as inet_pton does")
    }

    /// The address that `inet_aton` reads, which also accepts octal, hexadecimal and short spellings.
    private static func lenientIPv4(_ host: [UInt8]) -> [UInt8]? {
        var address = in_addr()
        guard unsafe inet_aton(String(decoding: host, as: UTF8.self), &address) != 0 else { return nil }
        return unsafe withUnsafeBytes(of: address.s_addr) { unsafe Array($0) }
    }

    private static func decodingDots(_ segment: Substring.UTF8View) -> String {
        var text = ""
        var rest = segment
        while let first = rest.first {
            if ASCII.equalsIgnoringCase(rest.prefix(3), "%2e".utf8) {
                text += "."
                rest = rest.dropFirst(3)
            } else {
                text.unicodeScalars.append(Unicode.Scalar(first))
                rest = rest.dropFirst()
            }
        }
        return text
    }
}
