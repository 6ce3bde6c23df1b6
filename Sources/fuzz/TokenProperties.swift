import CLibcrypto
import JOSE
import WireFormat

/// Compact tokens. A token is refused unless it equals one of the ``GoodTokens`` byte for byte.
enum TokenProperties {
    /// The good tokens whose algorithms the library verifies.
    static let good: [[UInt8]] = GoodTokens.all.filter { SignatureAlgorithm(name: $0.algorithm) != nil }
        .map { Array($0.token.utf8) }

    private static let validation: JWTValidation = {
        var policy = JWTPolicy(issuer: GoodTokens.issuer, resource: GoodTokens.resource)
        policy.algorithms = SignatureAlgorithm.all
        do {
            return try JWTValidation(policy)
        } catch {
            fatalError("the fixed policy is none")
        }
    }()

    private static let keys: JSONWebKeySet = {
        do {
            return try JSONWebKeySet(parsing: Array(GoodTokens.keySet.utf8), issuer: GoodTokens.issuer)
        } catch {
            fatalError("the fixed key set is none")
        }
    }()

    /// The headers of the good tokens, as far as they fit.
    private static let knownHeaders: KnownHeaders = {
        let known = KnownHeaders()
        for token in good {
            if let jwt = try? UnverifiedJWT(parsing: token, limit: 16_384) { known.keep(headerOf: jwt) }
        }
        return known
    }()

    /// The token as the library verifies it with these keys, by default the fixed ones; nil if the library refuses it.
    static func verified(_ token: [UInt8], keys: JSONWebKeySet = keys) throws(Violation) -> VerifiedJWT? {
        var verified: VerifiedJWT?
        if let jwt = try? UnverifiedJWT(parsing: token, limit: 16_384) {
            let passesPrecheck = (try? validation.precheck(jwt)) != nil
            verified = try? validation.verify(jwt, keys: keys, now: GoodTokens.now)
            try require(passesPrecheck || verified == nil, "what verifies has passed the precheck")
        }
        if let jwt = try? UnverifiedJWT(parsing: token, limit: 16_384, known: knownHeaders) {
            let again = try? validation.verify(jwt, keys: keys, now: GoodTokens.now)
            try require((again == nil) == (verified == nil), "a known header changes no verdict")
            try require(again?.claims.bytes == verified?.claims.bytes, "a known header changes no claims")
        } else {
            try require(verified == nil, "a token that verifies can be parsed with a known header")
        }
        try require(lcrypto_error_queue_length() == 0, "OpenSSL's error queue is empty")
        return verified
    }

    /// Whether a token is accepted with the fixed keys.
    static func isAccepted(_ token: [UInt8]) throws(Violation) -> Bool {
        try verified(token) != nil
    }

    /// Checks the input as a token.
    static func check(token: [UInt8]) throws(Violation) {
        // A second spelling of a good token would bypass caches and deny lists that use its text as the key. One other
        // signature does verify (n − s of ECDSA), but a fuzzer cannot find it.
        let isAccepted = try isAccepted(token)
        try require(isAccepted == good.contains(token), "a token is accepted exactly when it is a good one")
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let why = refusal(of: token, limit: 16_384)
        try require(why == refusal(of: token, limit: 16_384, known: knownHeaders), "a known header changes no reason")
        if token.count > 16_384 {
            return try require(why == .malformed(.tooLarge), "a token beyond the limit is refused unread")
        } else if parts.count == 5 {
            return try require(why == .malformed(.encrypted), "five parts are an encrypted token")
        } else if parts.count != 3 || parts.contains(where: \.isEmpty) {
            return try require(why == .malformed(.parts), "a token has three parts, none of them empty")
        }
        guard why == nil else { return }
        try require(refusal(of: token, limit: token.count) == nil, "a token of the size of the limit is taken")
        try require(refusal(of: token, limit: token.count - 1) == .malformed(.tooLarge), "the limit is exact")
        for part in parts {
            let bytes = Base64URL.decode(Array(part).span)
            try require(bytes.map { Array(Base64URL.encode($0).utf8) } == Array(part), "each part is canonical")
        }
        try checkForm(header: Base64URL.decode(Array(parts[0]).span), payload: Base64URL.decode(Array(parts[1]).span))
    }

    private static func refusal(of token: [UInt8], limit: Int, known: KnownHeaders? = nil) -> JOSEError? {
        do throws(JOSEError) {
            _ = try UnverifiedJWT(parsing: token, limit: limit, known: known)
            return nil
        } catch {
            return error
        }
    }

    /// Checks the rules for the header that no policy can change. It uses copied values instead of nodes.
    private static func checkForm(header: [UInt8]?, payload: [UInt8]?) throws(Violation) {
        let header = header.flatMap { ReferenceJSON.value(of: $0, maximumDepth: 16)?.object }
        let payload = payload.flatMap { ReferenceJSON.value(of: $0, maximumDepth: 16)?.object }
        try require(header != nil && payload != nil, "header and payload are objects")
        try require(header?["alg"]?.string != nil, "alg is a string")
        try require(header?["crit"] == nil, "crit is refused")
        try require(header?["b64"] == nil || header?["b64"] == .bool(true), "b64 is refused unless true")
        try require(header?["kid"] == nil || header?["kid"]?.string != nil, "kid is a string")
        try require((header?["kid"]?.string?.utf8.count ?? 0) <= 512, "kid is short")
        try require(header?["typ"] == nil || header?["typ"]?.string != nil, "typ is a string")
    }

    /// Checks the input as the decoded header of tokens whose other parts are good, and as members after the usual
    /// ones.
    static func check(header: [UInt8]) throws(Violation) {
        try check(wholeHeader: header)
        try check(wholeHeader: #"{"alg":"ES256","kid":"P-256","#.utf8 + header + [UInt8(ascii: "}")])
    }

    private static func check(wholeHeader header: [UInt8]) throws(Violation) {
        let part = Base64URL.encodedBytes(header.span)
        for token in good {
            guard let dot = token.firstIndex(of: UInt8(ascii: ".")) else { continue }
            let other = part + token[dot...]
            let isAccepted = try isAccepted(other)
            try require(isAccepted == (other == token), "a token is accepted exactly when its header is the signed one")
        }
        guard let token = good.first, let dot = token.firstIndex(of: UInt8(ascii: ".")) else { return }
        if (try? UnverifiedJWT(parsing: part + token[dot...], limit: .max)) != nil {
            try require(header.count <= 8_192, "a header beyond 8 KiB is refused")
            try checkForm(header: header, payload: Array("{}".utf8))
        }
    }
}
