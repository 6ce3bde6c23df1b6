import Testing
import WireFormat

@Suite("ASCII rules", .serialized)
struct ASCIITests {
    @Test("THREATS P2: case is folded for A–Z only, over all 256 bytes")
    func fold() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = (0x41...0x5A).contains(byte)
            #expect(ASCII.lowercased(byte) == (isUpper ? byte + 32 : byte))
        }
        #expect(ASCII.lowercased("AZaz@[`{É") == "azaz@[`{É")
    }

    @Test(
        "THREATS P1, P2: what Unicode takes for equal stays different",
        arguments: [
            ("K", "\u{212A}"), ("k", "\u{212A}"), ("s", "\u{17F}"), (";", "\u{37E}"), ("`", "\u{1FEF}"),
            ("\u{E9}", "e\u{301}"), ("Å", "\u{212B}"), ("a", "Ａ"), ("i", "İ"),
        ])
    func notEqual(left: String, right: String) {
        #expect(!left.hasSameBytes(as: right))
        #expect(!ASCII.equalsIgnoringCase(left.utf8, right.utf8))
        #expect(!ASCII.lowercased(left).hasSameBytes(as: ASCII.lowercased(right)))
    }

    @Test("Equality that ignores case needs the same length")
    func lengths() {
        #expect(ASCII.equalsIgnoringCase("Bearer".utf8, "bEARER".utf8))
        #expect(!ASCII.equalsIgnoringCase("Bearer".utf8, "Bearer ".utf8))
        #expect(!ASCII.equalsIgnoringCase("Bearer".utf8, "Beare".utf8))
        #expect(ASCII.equalsIgnoringCase("".utf8, "".utf8))
        #expect(!ASCII.equalsIgnoringCase("@".utf8, "`".utf8))
    }

    @Test("RFC 9110 §5.6.2: token bytes")
    func token() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max { #expect(ASCII.isTokenByte(byte) == token.contains(byte), "\(byte)") }
    }

    @Test("Hexadecimal digits, over all 256 bytes")
    func hex() {
        let digits = Array("0123456789abcdef".utf8)
        for byte in UInt8.min...UInt8.max {
            let lower = (0x41...0x5A).contains(byte) ? byte + 32 : byte
            #expect(ASCII.hexValue(byte).map(Int.init) == digits.firstIndex(of: lower), "\(byte)")
        }
    }

    @Test(
        "THREATS P9: decimal numbers are digits and nothing else",
        arguments: [
            ("0", 0), ("5", 5), ("007", 7), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("99999999999999999999999", nil), ("", nil), ("+5", nil), ("-0", nil), ("-5", nil), (" 5", nil),
            ("5 ", nil),
            ("5\n", nil), ("0x5", nil), ("1_000", nil), ("1e3", nil), ("٥", nil), ("５", nil), ("5\0", nil),
        ] as [(String, Int?)])
    func decimal(text: String, value: Int?) {
        #expect(ASCII.parseDecimal(text.utf8) == value)
    }
}
