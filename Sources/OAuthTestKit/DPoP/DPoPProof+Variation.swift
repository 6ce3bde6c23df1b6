internal import JOSE
internal import WireFormat

extension DPoPProof {
    /// One unusual property of a good proof. A server must accept a proof with any of them: RFC 9449 allows it, or
    /// RFC 3986 §6.2 says that the spellings of the URL are equal.
    public enum Variation: String, Sendable, Hashable, CaseIterable {
        /// `typ` is `application/dpop+jwt`.
        case fullMediaType
        /// `typ` is in upper case: media types have no case.
        case typeInUpperCase
        /// The header has a parameter that no specification knows.
        case unknownParameter
        /// There is a `kid` beside `jwk`.
        case keyIDBesideKey
        /// There are `jku` and `x5c` beside `jwk`. A server must neither fetch nor use them.
        case keyLocationsBesideKey
        /// `jwk` has `alg`, `use`, `kid` and a member that no specification knows.
        case richKey
        /// There is a claim that no specification knows.
        case unknownClaim
        /// `jti` has 256 bytes.
        case longestTokenID
        /// `iat` has a fraction.
        case fractionOfSecond
        /// `iat` is 290 seconds in the past.
        case old
        /// `iat` is 290 seconds in the future.
        case early
        /// The scheme of `htu` is in upper case.
        case schemeInUpperCase
        /// The host of `htu` is in upper case.
        case hostInUpperCase
        /// `htu` names the port, even if it is the default port.
        case explicitPort
        /// `htu` has one more slash at the end.
        case slashAtEnd
        /// `htu` has dot segments.
        case dotSegments
        /// `htu` has an escape of a character that needs none.
        case needlessEscape

        /// Gives a good proof this property.
        public func vary(_ proof: inout DPoPProof) {
            switch self {
            case .fullMediaType: proof.header["typ"] = "application/dpop+jwt"
            case .typeInUpperCase: proof.header["typ"] = "DPOP+JWT"
            case .unknownParameter: proof.header["x"] = ["y": 1]
            case .keyIDBesideKey: proof.header["kid"] = "key-1"
            case .keyLocationsBesideKey:
                proof.header["jku"] = "https://client.example/jwks"
                proof.header["x5c"] = ["AAAA"]
            case .richKey:
                var jwk = proof.key.publicJWK
                jwk["alg"] = .string(proof.key.algorithm.name)
                jwk["use"] = "sig"
                jwk["kid"] = "key-1"
                jwk["other"] = 1
                proof.header["jwk"] = .object(jwk)
            case .unknownClaim: proof.claims["x"] = ["y": 1]
            case .longestTokenID:
                let id = proof.claims["jti"]?.string ?? ""
                proof.claims["jti"] = .string(id + String(repeating: "j", count: max(0, 256 - id.utf8.count)))
            case .fractionOfSecond: proof.issuedAt = proof.issuedAt.map { $0 + 0.25 }
            case .old: proof.issuedAt = proof.issuedAt.map { $0 - 290 }
            case .early: proof.issuedAt = proof.issuedAt.map { $0 + 290 }
            case .schemeInUpperCase, .hostInUpperCase, .explicitPort, .slashAtEnd, .dotSegments, .needlessEscape:
                if let url = proof.claims["htu"]?.string.flatMap({ try? AbsoluteURL(parsing: $0) }) {
                    proof.claims["htu"] = .string(respelled(url))
                }
            }
        }

        private func respelled(_ url: AbsoluteURL) -> String {
            let host = url.hostKind == .ipv6 ? "[\(url.host)]" : url.host
            let port = url.port.map { ":\($0)" } ?? ""
            let scheme = url.scheme.rawValue
            let path = url.path
            return switch self {
            case .schemeInUpperCase: "\(Self.uppercased(scheme))://\(host)\(port)\(path)"
            case .hostInUpperCase: "\(scheme)://\(Self.uppercased(host))\(port)\(path)"
            case .explicitPort: "\(scheme)://\(host):\(url.effectivePort)\(path)"
            case .slashAtEnd: path.utf8.last == UInt8(ascii: "/") ? url.text : url.text + "/"
            case .dotSegments: "\(scheme)://\(host)\(port)/other/../.\(path.isEmpty ? "/" : path)"
            case .needlessEscape: "\(scheme)://\(host)\(port)\(Self.escapingFirst(path))"
            default: url.text
            }
        }

        private static func uppercased(_ text: String) -> String {
            String(decoding: text.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
        }

        /// Writes the first letter or digit of a path as an escape.
        private static func escapingFirst(_ path: String) -> String {
            let bytes = Array(path.utf8)
            guard let index = bytes.firstIndex(where: { $0 != UInt8(ascii: "/") }),
                PercentEncoding.isUnreserved(bytes[index])
            else { return path }
            let digits = Array("0123456789ABCDEF".utf8)
            let escape = [UInt8(ascii: "%"), digits[Int(bytes[index] >> 4)], digits[Int(bytes[index] & 15)]]
            return String(decoding: bytes[..<index] + escape + bytes[(index + 1)...], as: UTF8.self)
        }
    }
}
