import JOSE
import WireFormat

/// Claims under a good signature: accepted claims satisfy the claim rules, which are checked on a copy of the values.
enum ClaimProperties {
    private static let key: SigningKey = {
        do {
            return try SigningKey.generate(.es256, keyID: "k")
        } catch {
            fatalError("no key could be made")
        }
    }()

    private static let keys: JSONWebKeySet = {
        do {
            let document = JSONValue.object(["keys": [.object(key.publicJWK)]])
            return try JSONWebKeySet(parsing: document.encoded(), issuer: GoodTokens.issuer)
        } catch {
            fatalError("the key set is none")
        }
    }()

    private static let header = Base64URL.encodedBytes(Array(#"{"alg":"ES256","kid":"k"}"#.utf8).span)

    /// The verified token with this payload and without `typ`; nil if the library refuses it.
    static func verified(_ payload: [UInt8]) throws(Violation) -> VerifiedJWT? {
        let signingInput = header + [UInt8(ascii: ".")] + Base64URL.encodedBytes(payload.span)
        guard let signature = try? key.sign(signingInput) else { throw Violation(property: "everything can be signed") }
        let token = signingInput + [UInt8(ascii: ".")] + Base64URL.encodedBytes(signature.span)
        return try TokenProperties.verified(token, keys: keys)
    }

    /// Checks the input as the payload, and as members after those that every token needs.
    static func check(_ input: [UInt8]) throws(Violation) {
        try check(payload: input)
        let needed = #"{"iss":"\#(GoodTokens.issuer)","aud":"\#(GoodTokens.resource)","exp":1800000600,"#
        try check(payload: needed.utf8 + input + [UInt8(ascii: "}")])
    }

    private static func check(payload: [UInt8]) throws(Violation) {
        guard let verified = try verified(payload) else { return }
        let now = GoodTokens.now
        guard let claims = ReferenceJSON.value(of: payload, maximumDepth: 16)?.object else {
            throw Violation(property: "claims are an object")
        }
        try require(claims["iss"] == .string(GoodTokens.issuer), "iss is the issuer")
        try require(claims["exp"]?.number != nil, "exp is a number")
        for name in ["exp", "nbf", "iat"] {
            // A time that is null counts as absent, apart from exp, which was checked above.
            guard let claim = claims[name], claim != .null else { continue }
            guard let time = claim.number.flatMap({ Double($0.text) }) else {
                throw Violation(property: "\(name) is a number")
            }
            try require(time.magnitude < 9_007_199_254_740_992, "a time is below 2^53")
            if name == "exp" {
                try require(now < time + 60, "exp has not come")
            } else {
                try require(time <= now + 60, "nbf and iat have come")
            }
        }
        let audiences = claims["aud"]?.array ?? claims["aud"].map { [$0] } ?? []
        try require(audiences.allSatisfy { $0.string != nil }, "aud is a string, or an array of strings")
        try require(
            audiences.contains(.string(GoodTokens.resource)) || audiences.contains(.string(GoodTokens.resource + "/")),
            "aud names the resource, with or without one slash more")
        for name in ["sub", "jti", "client_id"] {
            let claim = claims[name] ?? .null
            try require(claim == .null || claim.string != nil, "sub, jti and client_id are strings, null or absent")
        }
        for name in ["at_hash", "c_hash", "s_hash", "events"] {
            try require(claims[name] == nil, "an ID token or an event token is refused")
        }
        try require(claims["cnf"] == nil, "a binding that nobody satisfies is refused")

        try require(verified.claims.bytes == payload, "the claims are the signed bytes")
        try require(verified.issuer.hasSameBytes(as: GoodTokens.issuer), "issuer is the issuer")
        try require(verified.audience.map { .string($0) } == audiences, "audience is aud")
        try require(verified.subject.map { .string($0) } ?? .null == claims["sub"] ?? .null, "subject is sub")
        try require(verified.tokenID.map { .string($0) } ?? .null == claims["jti"] ?? .null, "tokenID is jti")
        let times = [("exp", verified.expiresAt), ("nbf", verified.notBefore), ("iat", verified.issuedAt)]
        for (name, time) in times {
            try require(time == (claims[name]?.number).flatMap { Double($0.text) }, "the times are the claims'")
        }
    }
}
