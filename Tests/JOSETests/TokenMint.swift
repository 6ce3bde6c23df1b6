import JOSE
import Testing
import WireFormat

/// Signs any text, so that a test can make a token with exactly one defect.
struct TokenMint: Sendable, CustomTestStringConvertible {
    static let issuer = "https://issuer.example"
    static let resource = "https://mcp.example/mcp"
    static let now = 1_800_000_000.0

    let key: SigningKey
    var testDescription: String { key.algorithm.name }
    let keyID = "key-1"

    init(_ algorithm: SignatureAlgorithm) {
        do {
            key = try SigningKey.generate(algorithm, keyID: keyID)
        } catch {
            preconditionFailure("no key could be made")
        }
    }

    static let rs256 = TokenMint(.rs256)
    static let es256 = TokenMint(.es256)
    static let edDSA = TokenMint(.edDSA)
    /// One mint for each row of the algorithm table.
    static let all =
        [rs256, es256, edDSA]
        + SignatureAlgorithm.all.filter { ![.rs256, .es256, .edDSA].contains($0) }.map { TokenMint($0) }

    var header: String { #"{"alg":"\#(key.algorithm.name)","kid":"\#(keyID)","typ":"at+jwt"}"# }

    static let payload = """
        {"iss":"\(issuer)","sub":"alice","aud":"\(resource)","exp":1800000600,"nbf":1799999990,"iat":1799999990,\
        "jti":"j1","client_id":"c1","scope":"mcp:use"}
        """

    func token(header: String? = nil, payload: String = payload) -> [UInt8] {
        token(headerBytes: Array((header ?? self.header).utf8), payloadBytes: Array(payload.utf8))
    }

    func token(headerBytes: [UInt8], payloadBytes: [UInt8]) -> [UInt8] {
        let input = Base64URL.encode(headerBytes) + "." + Base64URL.encode(payloadBytes)
        return sign(input)
    }

    /// Signs a signing input without changing it, and appends the signature.
    func sign(_ input: String, as algorithm: SignatureAlgorithm? = nil) -> [UInt8] {
        guard let signature = try? key.sign(Array(input.utf8), as: algorithm) else {
            preconditionFailure("signing failed")
        }
        return Array((input + "." + Base64URL.encode(signature)).utf8)
    }

    var keySet: JSONWebKeySet { Self.keySet([key.publicJWK]) }

    static func keySet(_ keys: [JSONDocument.Object]) -> JSONWebKeySet {
        let document: JSONDocument.Object = ["keys": .array(keys.map { .object($0) })]
        do {
            return try JSONWebKeySet(parsing: JSONValue.object(document).encoded(), issuer: issuer)
        } catch {
            preconditionFailure("the key set of the test is malformed")
        }
    }

    /// The policy of the tests, changed by `edit`.
    static func validation(_ edit: (inout JWTPolicy) -> Void = { _ in }) -> JWTValidation {
        var policy = JWTPolicy(issuer: issuer, resource: resource)
        policy.algorithms = SignatureAlgorithm.all
        edit(&policy)
        do {
            return try JWTValidation(policy)
        } catch {
            preconditionFailure("the policy of the test is malformed")
        }
    }

    /// Parses and verifies a token. Returns the error; nil if the token is accepted.
    static func refusal(
        of token: [UInt8], keys: JSONWebKeySet, validation: JWTValidation = validation(), now: Double = now,
        limit: Int = 16_384
    ) -> JOSEError? {
        do throws(JOSEError) {
            let jwt = try UnverifiedJWT(parsing: token, limit: limit)
            _ = try validation.verify(jwt, keys: keys, now: now)
            return nil
        } catch {
            return error
        }
    }
}

extension String {
    /// The text with one part replaced. The text must contain the part.
    func replacing(_ part: String, by other: String) -> String {
        guard let range = self.range(of: part) else { preconditionFailure("the part to replace is not there") }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }

    private func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
