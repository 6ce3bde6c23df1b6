import Testing
import WireFormat

@Suite("Base64url (RFC 4648 §5, RFC 7515 §2)", .serialized)
struct Base64URLTests {
    static let vectors: [(bytes: String, text: String)] = [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("RFC 4648 §10: the vectors, without padding", arguments: vectors)
    func vector(bytes: String, text: String) {
        #expect(Base64URL.encode(Array(bytes.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(bytes.utf8))
    }

    @Test("RFC 7515 appendix C: the octets 3 236 255 224 193")
    func appendixC() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test(
        "THREATS J6–J8: anything but the one spelling is refused",
        arguments: [
            "Zg==", "Zm8=", "Zm9v=", "=", "====",  // padding
            "A+z/4ME", "A+AA", "AA/A",  // the other alphabet
            "Z", "Zm9vY", "Zm9vZm9vZ",  // 1 mod 4
            " Zm8", "Zm8 ", "Zm 8", "Zm8\n", "Zm\r\n", "\tZm8", "Zm9v\n",  // white space
            "Zh", "Zv", "Z_", "Zm9vYh",  // 4 unused bits not zero
            "Zm9", "Zm-", "Zm9vYmF",  // 2 unused bits not zero
            "Zm8\0", "\0", "Zm\"8", "Zm.8", "Zm,v", "{}==", "Zm9v.Zm9v",
            "Ｚm8v", "Zg\u{301}", "\u{212A}g", "\u{FEFF}Zg",
        ])
    func refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("Of the 65,536 spellings of one byte exactly 256 are accepted, and each is what the encoder writes")
    func oneByte() {
        var accepted: Set<[UInt8]> = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let text = [first, second]
                guard let bytes = Self.decode(text) else { continue }
                accepted.insert(bytes)
                #expect(Array(Base64URL.encode(bytes).utf8) == text)
            }
        }
        #expect(accepted.count == 256)
    }

    @Test("In every place of a text each of the 256 bytes is accepted exactly if it belongs to the alphabet")
    func everyPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        // Vector instructions decode the front of a text of 43 or more characters.
        for (count, place) in [8, 43, 75, 108].flatMap({ count in (0..<count).map { (count, $0) } }) {
            // The unused bits of the last character must be zero; see below.
            if count % 4 != 0, place == count - 1 { continue }
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: UInt8(ascii: "A"), count: count)
                text[place] = byte
                #expect((Self.decode(text) != nil) == alphabet.contains(byte), "\(place) \(byte)")
            }
        }
    }

    @Test("What is encoded comes back, for every length up to 200")
    func roundTrip() {
        var random = SeededGenerator(seed: 1)
        for count in 0...200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(Base64URL.decodedCount(of: text.utf8.count) == count)
        }
    }

    @Test("Decoding into a buffer of the caller: a part of a text, into a part of a buffer")
    func intoBuffer() {
        var buffer = [UInt8](repeating: 0xEE, count: 8)
        #expect(Self.decode("xx.Zm9vYmFy.yy", 3..<11, into: &buffer) == 6)
        #expect(buffer == Array("foobar".utf8) + [0xEE, 0xEE])
    }

    @Test("Decoding into a buffer: exactly enough room is enough, one byte less is refused, nothing is written beyond")
    func room() {
        for size in 0...7 {
            var buffer = [UInt8](repeating: 0xEE, count: size)
            #expect(Self.decode("Zm9vYmFy", 0..<8, into: &buffer) == (size >= 6 ? 6 : nil))
            if size == 7 { #expect(buffer[6] == 0xEE) }
        }
        var none: [UInt8] = []
        #expect(Self.decode("", 0..<0, into: &none) == 0)
        #expect(Self.decode("AA", 0..<2, into: &none) == nil)
    }

    @Test("A refused text is refused into a buffer too", arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm8\n"])
    func refusedIntoBuffer(text: String) {
        var buffer = [UInt8](repeating: 0, count: 64)
        #expect(Self.decode(text, 0..<text.utf8.count, into: &buffer) == nil)
    }

    // `#expect` cannot contain a span.

    private static func decode(_ text: [UInt8]) -> [UInt8]? { Base64URL.decode(text.span) }

    private static func decode(_ text: String, _ range: Range<Int>, into buffer: inout [UInt8]) -> Int? {
        let bytes = Array(text.utf8)
        var target = buffer.mutableSpan
        return Base64URL.decode(bytes.span.extracting(range), into: &target)
    }
}
