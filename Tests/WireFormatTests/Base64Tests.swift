import Testing
import WireFormat

@Suite("Base64 (RFC 4648 §4)", .serialized)
struct Base64Tests {
    static let vectors: [(bytes: String, text: String)] = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("RFC 4648 §10: the vectors", arguments: vectors)
    func vector(bytes: String, text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(text) == Array(bytes.utf8))
    }

    @Test("RFC 4648 §4: values 62 and 63 are + and /")
    func lastLetters() {
        #expect(Base64.encode([3, 236, 255, 224, 193]) == "A+z/4ME=")
        #expect(Base64.decode("A+z/4ME=") == [3, 236, 255, 224, 193])
    }

    @Test(
        "THREATS J6–J8: anything but the one spelling is refused",
        arguments: [
            "Zg", "Zg=", "Zm8", "Zg===", "Zm8==", "Zm9v=", "Zm9v====", "=", "==", "===", "====", "Z===",  // padding
            "Zg==Zg==", "Zg=v", "=Zg=", "Zm=8",  // padding inside
            "A-z_4ME=", "AA-A", "AA_A",  // the other alphabet
            " Zm8=", "Zm8= ", "Zm 8", "Zm8\n", "Zm9v\r\nZm9v", "Zm9v\n",  // white space
            "Zh==", "Zv==", "Zm9=", "Zm/=", "Zm9vYh==",  // unused bits not zero
            "Zm8\0", "\0\0\0\0", "Zm\"8", "Zm.v", "Ｚm8=", "\u{212A}g", "\u{FEFF}Z",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("In every place of a text each of the 256 bytes is accepted exactly if it belongs to the alphabet")
    func everyPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for place in 0..<8 {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: UInt8(ascii: "A"), count: 8)
                text[place] = byte
                // At the end, `=` is padding, and the A before it has no unused bits.
                let isAdmitted = alphabet.contains(byte) || place == 7 && byte == UInt8(ascii: "=")
                let bytes = Base64.decode(text.span)
                #expect((bytes != nil) == isAdmitted, "\(place) \(byte)")
            }
        }
    }

    @Test("What is encoded comes back, for every length up to 200")
    func roundTrip() {
        var random = SeededGenerator(seed: 2)
        for count in 0...200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}
