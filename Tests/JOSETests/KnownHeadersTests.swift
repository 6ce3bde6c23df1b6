import Testing
import WireFormat

@testable import JOSE

@Suite("KnownHeaders", .serialized)
struct KnownHeadersTests {
    private func parsed(_ token: [UInt8], _ known: KnownHeaders) throws -> UnverifiedJWT {
        try UnverifiedJWT(parsing: token, limit: 16_384, known: known)
    }

    @Test("A kept header is used for every token that has it, byte for byte, and gives the same token")
    func kept() throws {
        let known = KnownHeaders()
        let token = TokenMint.es256.token()
        let first = try parsed(token, known)
        #expect(!first.jws.isHeaderKnown)
        known.keep(headerOf: first)
        let other = TokenMint.es256.token(payload: TokenMint.payload.replacing("alice", by: "bob"))
        let second = try parsed(other, known)
        #expect(second.jws.isHeaderKnown)
        let keys = TokenMint.es256.keySet
        let verified = try TokenMint.validation().verify(second, keys: keys, now: TokenMint.now)
        #expect(verified.subject == "bob")
    }

    @Test("A header that differs in one byte is parsed, and refused for its own reason")
    func different() throws {
        let known = KnownHeaders()
        known.keep(headerOf: try parsed(TokenMint.es256.token(), known))
        let header = TokenMint.es256.header
        let spaced = try parsed(TokenMint.es256.token(header: header.replacing(#","kid""#, by: #", "kid""#)), known)
        #expect(!spaced.jws.isHeaderKnown)
        let critical = TokenMint.es256.token(header: header.replacing("}", by: #","crit":["b64"]}"#))
        #expect(throws: JOSEError.header(.critical)) { try parsed(critical, known) }
        let other = TokenMint.es256.token(header: header.replacing("key-1", by: "key-2"))
        let jwt = try parsed(other, known)
        #expect(throws: JOSEError.key(.unknown)) {
            try TokenMint.validation().verify(jwt, keys: TokenMint.es256.keySet, now: TokenMint.now)
        }
    }

    @Test("A known header makes no signature good")
    func signature() throws {
        let known = KnownHeaders()
        let token = TokenMint.es256.token()
        known.keep(headerOf: try parsed(token, known))
        let foreign = TokenMint(.es256).token()
        let jwt = try parsed(foreign, known)
        #expect(jwt.jws.isHeaderKnown)
        #expect(throws: JOSEError.badSignature) {
            try TokenMint.validation().verify(jwt, keys: TokenMint.es256.keySet, now: TokenMint.now)
        }
    }

    @Test("At most eight headers of at most 512 characters are kept, and the oldest goes first")
    func bounds() throws {
        let known = KnownHeaders()
        func token(_ keyID: String) -> [UInt8] {
            TokenMint.es256.token(header: TokenMint.es256.header.replacing("key-1", by: keyID))
        }
        for number in 0..<9 { known.keep(headerOf: try parsed(token("key-\(100 + number)"), known)) }
        #expect(try !parsed(token("key-100"), known).jws.isHeaderKnown)
        for number in 1..<9 { #expect(try parsed(token("key-\(100 + number)"), known).jws.isHeaderKnown) }
        let long = token(String(repeating: "k", count: 400))
        known.keep(headerOf: try parsed(long, known))
        #expect(try !parsed(long, known).jws.isHeaderKnown)
    }
}
