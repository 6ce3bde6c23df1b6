import Testing

@testable import OAuthResourceServer

/// Exemptions for URIs against URL parsers in use: what a rule opens must be open by the reading of each of them.
@Suite("Open resources and other URL parsers")
struct OpenURIDifferentialTests {
    /// An exemption, and what it opens, written without the code under test.
    struct Exemption: Sendable, CustomTestStringConvertible {
        let pattern: String
        let scheme: String
        let host: String
        /// The beginning of an open path.
        let folder: String

        var testDescription: String { pattern }

        func opens(_ reading: ForeignURLParsers.Reading) -> Bool {
            guard reading.scheme == scheme, reading.host == host, reading.port == nil || reading.port == 443 else {
                return false
            }
            // However often a handler decodes the path, and whatever it removes afterwards.
            var path = reading.path
            for _ in 0..<6 {
                let slashed = path.replacing("\\", with: "/")
                for spelling in [path, slashed, Self.withoutParameters(slashed), Self.withoutEmptySegments(slashed)] {
                    guard Self.withoutDotSegments(spelling).hasPrefix(folder) else { return false }
                }
                guard let decoded = path.removingPercentEncodingLoosely, decoded != path else { break }
                path = decoded
            }
            return true
        }

        private static func segments(_ path: String) -> [Substring] {
            Array(path.split(separator: "/", omittingEmptySubsequences: false).dropFirst())
        }

        private static func withoutParameters(_ path: String) -> String {
            "/" + segments(path).map { $0.prefix { $0 != ";" } }.joined(separator: "/")
        }

        private static func withoutEmptySegments(_ path: String) -> String {
            "/" + segments(path).filter { !$0.isEmpty }.joined(separator: "/")
        }

        private static func withoutDotSegments(_ path: String) -> String {
            var kept: [Substring] = []
            for segment in segments(path) {
                if segment == ".." { _ = kept.popLast() } else if segment != "." { kept.append(segment) }
            }
            return "/" + kept.joined(separator: "/")
        }
    }

    static let exemptions = [
        Exemption(pattern: "docs://public/**", scheme: "docs", host: "public", folder: "/"),
        Exemption(pattern: "docs://team/public/**", scheme: "docs", host: "team", folder: "/public/"),
        Exemption(pattern: "https://docs.example/public/**", scheme: "https", host: "docs.example", folder: "/public/"),
        Exemption(pattern: "file:///public/**", scheme: "file", host: "", folder: "/public/"),
    ]

    private static let pieces = [
        "a", "b.md", "..", ".", "", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%25252e%2e", "%2f", "%2F..", "..%2f",
        "%5c", "\\", "..\\", "..;", ";x=1", ";/..", "?", "?q=1", "#", "#/..", "%", "%2", "%zz", "%25", "%20", " ",
        "%00", "public", "private", "@", ":80", "//", "%C3%A9", "é", "%EF%BC%8E", "．．", "%c0%ae", "~", "$&+,=",
        "%3b", "%3f", "%23", "%40", "...", ".hidden", "a..b", "{x}", "|", "^", "c:", "c|",
    ]

    private static func uris(_ count: Int, for exemption: Exemption) -> [String] {
        var state: UInt64 = 20_261_129
        func number(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let stem = String(exemption.pattern.dropLast(2))
        return (0..<count).map { _ in
            var uri = stem
            for _ in 0...number(below: 4) {
                uri += pieces[number(below: pieces.count)] + (number(below: 2) == 0 ? "/" : "")
            }
            if number(below: 5) == 0 {
                let place = uri.index(uri.startIndex, offsetBy: number(below: uri.count))
                uri.insert(contentsOf: pieces[number(below: pieces.count)], at: place)
            }
            return uri
        }
    }

    @Test("POLICY §11: what is open is open by the reading of Foundation and libcurl", arguments: exemptions)
    func differential(exemption: Exemption) {
        let pattern = ResourceURIPattern(exemption.pattern)
        var open = 0
        var closed = 0
        for uri in Self.uris(3_000, for: exemption) {
            let readings = ResourceURIReadings(Array(uri.utf8), .uri)
            guard pattern.matchesCertainly(readings) else {
                closed += 1
                continue
            }
            open += 1
            // What is open by every reading is matched by some reading.
            #expect(pattern.matches(readings))
            for reading in ForeignURLParsers.readings(of: uri) where !exemption.opens(reading) {
                Issue.record("\(uri.debugDescription) is read as \(reading)")
            }
        }
        // Otherwise the test would show nothing.
        #expect(open > 100)
        #expect(closed > 1_000)
    }
}

extension String {
    /// One round of percent-decoding, in which other bytes than UTF-8 become U+FFFD; nil without an escape.
    fileprivate var removingPercentEncodingLoosely: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "%"), rest.count >= 2,
                let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(first)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
