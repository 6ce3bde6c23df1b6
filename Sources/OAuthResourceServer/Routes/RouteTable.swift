internal import WireFormat

/// Finds the rule for a path, on bytes that are not percent-decoded.
struct RouteTable: Sendable {
    private struct Route {
        let area: PathArea
        let access: RouteRule.Access
    }

    private let routes: [Route]

    /// Takes checked rules: no two rules have the same area, and a rule inside another one is never stricter.
    init(_ rules: [RouteRule]) {
        // The longest match decides. Between two of the same length, the exact one does.
        routes = rules.map { Route(area: PathArea($0), access: $0.access) }.sorted { $0.area.isFiner(than: $1.area) }
    }

    /// The areas of the rules.
    var loosenedAreas: [PathArea] { routes.map(\.area) }

    /// What a request to the path needs.
    func access(to path: String) -> RouteRule.Access {
        guard !routes.isEmpty, !PathArea.isAmbiguous(path) else { return .required }
        return routes.first { $0.area.covers(path) }?.access ?? .required
    }
}

/// A path, or a path and everything below it. Compared as bytes.
struct PathArea: Sendable, Hashable {
    /// The path. For the extent `below`, it has no slash at the end; the empty path then covers all paths.
    let bytes: [UInt8]
    let extent: RouteRule.Extent

    init(_ rule: RouteRule) {
        self.init(rule.path, rule.extent)
    }

    init(_ path: String, _ extent: RouteRule.Extent) {
        let endsInSlash = path.utf8.last == UInt8(ascii: "/")
        bytes = Array(extent == .below && endsInSlash ? path.utf8.dropLast() : path.utf8[...])
        self.extent = extent
    }

    func covers(_ path: String) -> Bool {
        let path = path.utf8
        guard path.starts(with: bytes) else { return false }
        switch extent {
        case .exact: return path.count == bytes.count
        case .below: return path.count == bytes.count || path.dropFirst(bytes.count).first == UInt8(ascii: "/")
        }
    }

    /// Whether this area covers everything that the other one covers.
    func contains(_ other: PathArea) -> Bool {
        extent == .below ? covers(String(decoding: other.bytes, as: UTF8.self)) : self == other
    }

    /// Whether this area comes before the other one in the search for the best match.
    func isFiner(than other: PathArea) -> Bool {
        if bytes.count != other.bytes.count { return bytes.count > other.bytes.count }
        return extent == .exact && other.extent == .below
    }

    /// The path without one slash at its end, as bytes.
    static func withoutSlash(_ path: String) -> Substring.UTF8View {
        path.utf8.last == UInt8(ascii: "/") ? path.utf8.dropLast() : path.utf8[...]
    }

    /// Whether a reader that decodes, merges slashes, removes dot segments or removes path parameters would see another
    /// path.
    static func isAmbiguous(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/") else { return true }
        let segments = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.dropLast().contains(where: \.isEmpty) { return true }
        if segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) { return true }
        if bytes.contains(where: { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\\") }) { return true }
        guard bytes.contains(UInt8(ascii: "%")) else { return false }
        // RFC 3986 §6.2.2.2: an unreserved byte needs no escape. Other escapes are refused when a reader may take the
        // decoded byte for a delimiter. Overlong forms are refused because they are not UTF-8.
        guard let decoded = PercentEncoding.decode(bytes, plus: .plus),
            String(validating: decoded, as: UTF8.self) != nil
        else { return true }
        return zip(bytes.indices, bytes).contains { index, byte in
            guard byte == UInt8(ascii: "%"), let octet = PercentEncoding.octet(in: bytes, at: index + 1)?.byte else {
                return false
            }
            return octet < 0x20 || octet == 0x7F || PercentEncoding.isUnreserved(octet)
                || "/\\;%?#".utf8.contains(octet)
        }
    }
}
