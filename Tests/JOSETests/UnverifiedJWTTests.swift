import JOSE
import Testing
import WireFormat

@Suite("UnverifiedJWT", .serialized)
struct UnverifiedJWTTests {
    private func malformation(_ text: String, limit: Int = 16_384) -> JOSEError? {
        do throws(JOSEError) {
            _ = try UnverifiedJWT(parsing: Array(text.utf8), limit: limit)
            return nil
        } catch {
            return error
        }
    }

    private static let parts = String(decoding: TokenMint.es256.token(), as: UTF8.self).split(separator: ".").map(
        String.init)
    private static var token: String { parts.joined(separator: ".") }

    @Test(
        "RFC 7515 §7.1: three parts, none empty",
        arguments: [
            ("", JOSEError.malformed(.parts)), (".", .malformed(.parts)), ("..", .malformed(.parts)),
            ("a", .malformed(.parts)), ("a.b", .malformed(.parts)), ("a.b.c.d", .malformed(.parts)),
            ("a.b.c.d.e", .malformed(.encrypted)), ("a.b.c.d.e.f", .malformed(.parts)),
            (".b.c", .malformed(.parts)), ("a..c", .malformed(.parts)), ("a.b.", .malformed(.parts)),
        ])
    func partCount(text: String, expected: JOSEError) {
        #expect(malformation(text) == expected)
    }

    @Test("Many dots are counted, not split")
    func dots() {
        #expect(malformation(String(repeating: ".", count: 16_384)) == .malformed(.parts))
    }

    @Test("The size limit holds before anything is parsed, at the limit and one beyond")
    func size() {
        let count = Self.token.utf8.count
        #expect(malformation(Self.token, limit: count) == nil)
        #expect(malformation(Self.token, limit: count - 1) == .malformed(.tooLarge))
    }

    @Test(
        "RFC 7515 §2: each part is canonical base64url without padding, white space or foreign characters",
        arguments: [0, 1, 2], ["=", "+", "/", " ", "\n", "\u{0}", "\u{301}", "%"])
    func base64(part: Int, extra: String) {
        var parts = Self.parts
        parts[part] += extra
        #expect(malformation(parts.joined(separator: ".")) == .malformed(.base64url))
    }

    @Test("RFC 4648 §3.5: a second spelling of a good token (unused bits set) is refused")
    func unusedBits() throws {
        // 86 characters encode 64 bytes and 4 unused bits, which are in the last character.
        var bytes = Array(Self.token.utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let last = try #require(alphabet.firstIndex(of: bytes[bytes.count - 1]))
        #expect(last % 16 == 0)
        for bits in 1..<16 {
            bytes[bytes.count - 1] = alphabet[last + bits]
            #expect(malformation(String(decoding: bytes, as: UTF8.self)) == .malformed(.base64url))
        }
    }

    @Test("POLICY §6: a header of 8 KiB, and one byte more; a kid of 512 bytes, and one more")
    func headerLimits() {
        let mint = TokenMint.es256
        func refusal(_ header: String) -> JOSEError? {
            TokenMint.refusal(of: mint.token(header: header), keys: mint.keySet)
        }
        func padded(_ count: Int) -> String {
            let frame = mint.header.replacing("{", by: #"{"x":"","#).utf8.count
            return mint.header.replacing("{", by: #"{"x":"\#(String(repeating: "x", count: count - frame))","#)
        }
        #expect(padded(8_192).utf8.count == 8_192)
        #expect(refusal(padded(8_192)) == nil)
        #expect(refusal(padded(8_193)) == .malformed(.headerTooLarge))
        #expect(refusal(mint.header.replacing("key-1", by: String(repeating: "k", count: 512))) == .key(.unknown))
        #expect(refusal(mint.header.replacing("key-1", by: String(repeating: "k", count: 513))) == .header(.keyID))
    }

    @Test(
        "No trimming: white space, quotes and Bearer around the token", arguments: [" ", "\n", "\"", "\t", "Bearer "])
    func noTrimming(prefix: String) {
        #expect(malformation(prefix + Self.token) == .malformed(.base64url))
    }

    @Test("RFC 7515 §7.2: the JSON serialisation is refused")
    func jsonSerialisation() {
        let text = #"{"protected":"\#(Self.parts[0])","payload":"\#(Self.parts[1])","signature":"\#(Self.parts[2])"}"#
        #expect(malformation(text) == .malformed(.parts))
    }

    @Test("Every truncation and every flipped bit of a good token is refused, and nothing traps")
    func mutations() {
        let mint = TokenMint.es256
        let token = mint.token()
        let keys = mint.keySet
        for count in 0..<token.count {
            #expect(TokenMint.refusal(of: Array(token.prefix(count)), keys: keys) != nil)
        }
        for index in token.indices {
            for bit in 0..<8 {
                var mutated = token
                mutated[index] ^= 1 << bit
                #expect(TokenMint.refusal(of: mutated, keys: keys) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("THREATS B12: no description and no mirror shows the token")
    func redacted() throws {
        let unverified = try UnverifiedJWT(parsing: Array(Self.token.utf8), limit: 16_384)
        #expect("\(unverified) \(String(reflecting: unverified))" == "<unverified JWT> <unverified JWT>")
        #expect(Mirror(reflecting: unverified).children.isEmpty)
    }
}
