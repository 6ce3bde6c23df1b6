import Testing
import WireFormat

@Suite("b64token (RFC 6750 §2.1)")
struct Base64TokenTests {
    @Test("In every place each of the 256 bytes is accepted exactly if it belongs to the alphabet")
    func everyPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/".utf8)
        // Vector instructions look at groups of 32.
        for (count, place) in [1, 31, 32, 33, 100].flatMap({ count in (0..<count).map { (count, $0) } }) {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: UInt8(ascii: "z"), count: count)
                text[place] = byte
                let isPadding = byte == UInt8(ascii: "=") && place == count - 1 && count > 1
                #expect(
                    Base64Token.matches(text.span) == (alphabet.contains(byte) || isPadding),
                    "\(byte) in place \(place) of \(count)")
            }
        }
    }

    @Test(
        "Padding stands at the end, and not alone",
        arguments: [("a=", true), ("a==", true), ("a=b", false), ("=", false), ("", false)])
    func padding(text: String, isToken: Bool) {
        #expect(Base64Token.matches(Array(text.utf8).span) == isToken)
        let long = String(repeating: "a", count: 64) + text
        #expect(Base64Token.matches(Array(long.utf8).span) == (text.isEmpty || text == "=" || isToken))
    }
}
