import JOSE
import WireFormat

/// Explains a refusal to a person who holds the token: the sentence for the code, and details from the token.
///
/// A resource server tells its clients less.
struct RefusalExplanation {
    var error: JOSEError
    var options: VerificationOptions
    /// The decoded token; nil if it could not be decoded.
    var jwt: UnverifiedJWT?
    var now: Double

    var text: String { ([error.explanation] + [detail].compactMap(\.self)).joined(separator: " ") }

    /// What was expected and what was found, for a mismatch that two values explain.
    var difference: (expected: JSONValue, found: JSONValue)? {
        guard let jwt else { return nil }
        let payload = jwt.payload.root
        switch error {
        case .claim(.aud, .mismatch):
            guard let found = payload["aud"]?.value else { return nil }
            return (expected: .string(options.audience), found: found)
        case .claim(.iss, .mismatch):
            guard let expected = options.issuer, let found = payload["iss"]?.value else { return nil }
            return (expected: .string(expected), found: found)
        case .header(.algorithmNotAllowed):
            guard let found = jwt.header.root["alg"]?.value else { return nil }
            return (expected: .array(options.algorithms.map { .string($0.name) }), found: found)
        case .claim(let name, .expired), .claim(let name, .notYetValid), .claim(let name, .issuedInFuture):
            guard let seconds = payload[name.rawValue]?.double, let found = DisplayTime.utc(seconds),
                let present = DisplayTime.utc(now)
            else { return nil }
            return (
                expected: .string("now: \(present), clocks may differ by \(options.skew) s"), found: .string(found)
            )
        default: return nil
        }
    }

    private var detail: String? {
        switch error {
        case .header(.algorithmNotAllowed):
            return "Allowed here: \(options.algorithms.map(\.name).joined(separator: ", ")); see --alg."
        case .header(.type) where options.profile == .rfc9068:
            return "RFC 9068 asks for at+jwt."
        case .claim(.exp, .expired), .claim(.nbf, .notYetValid), .claim(.iat, .issuedInFuture): return time
        case .claim(.iss, .mismatch): return issuerDifference
        case .claim(.aud, .mismatch): return audienceDifference
        default: return nil
        }
    }

    private var time: String? {
        guard case .claim(let name, _) = error, let seconds = jwt?.payload.root[name.rawValue]?.double,
            let text = DisplayTime.describe(seconds, now: now)
        else { return nil }
        return "\(name.rawValue) is \(text); clocks may differ by \(options.skew) s."
    }

    private var issuerDifference: String? {
        guard let expected = options.issuer, let claimed = jwt?.unverifiedIssuer else { return nil }
        switch JOSEError.IssuerDifference.between(claimed, expected) {
        case .trailingSlash: return "It differs only by a trailing slash."
        case .letterCase: return "It differs only by upper and lower case."
        case .defaultPort: return "It differs only by the default port."
        case .scheme: return "It differs only by the scheme."
        case .other: return nil
        }
    }

    private var audienceDifference: String? {
        guard let claim = jwt?.payload.root["aud"] else { return nil }
        var audiences = [claim.stringBytes]
        claim.forEachElement {
            audiences.append($0.stringBytes); return true
        }
        let wanted = Array(options.audience.utf8)
        let slash = UInt8(ascii: "/")
        guard audiences.contains(where: { $0 == wanted + [slash] || $0.map { $0 + [slash] } == wanted }) else {
            return nil
        }
        return "It differs only by a trailing slash, which a resource server forgives for its own identifier alone."
    }
}
