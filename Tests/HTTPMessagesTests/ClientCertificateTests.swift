import HTTPMessages
import Testing

@Suite("The certificate of a client")
struct ClientCertificateTests {
    /// A SEQUENCE of `count` zero bytes, with its length in the shortest form.
    private static func sequence(_ count: Int) -> [UInt8] {
        let length: [UInt8] =
            count < 0x80
            ? [UInt8(count)] : count < 0x100 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
        return [0x30] + length + [UInt8](repeating: 0, count: count)
    }

    @Test("X.690: one SEQUENCE of any length up to 16 KiB is taken", arguments: [1, 127, 128, 255, 256, 428, 16_380])
    func taken(count: Int) {
        #expect(HTTPRequest.ClientCertificate(der: Self.sequence(count))?.der == Self.sequence(count))
    }

    @Test("More than 16 KiB are refused")
    func tooLarge() {
        #expect(HTTPRequest.ClientCertificate(der: Self.sequence(16_381)) == nil)
        #expect(HTTPRequest.ClientCertificate(der: Self.sequence(65_535)) == nil)
        #expect(
            HTTPRequest.ClientCertificate(der: [0x30, 0x83, 1, 0, 0] + [UInt8](repeating: 0, count: 65_536)) == nil)
    }

    @Test(
        "X.690 §8.1.3, §10.1: another tag, another length than the bytes, a long form of a short length, or BER",
        arguments: [
            [], [0x30], [0x30, 0], [0x30, 1], [0x30, 2, 0], [0x30, 1, 0, 0], [0x31, 1, 0], [0x04, 1, 0],
            [0x30, 0x80, 0, 0], [0x30, 0x80, 5, 0, 0, 0], [0x30, 0x81, 1, 0], [0x30, 0x82, 0, 1, 0], [0x30, 0x81],
            [0x30, 0x82, 1], [0x30, 0x81, 0], [0x30, 0xFF, 1], [0x30, 0x84, 0, 0, 0, 1, 0],
            [0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xB0, 1, 0],
        ] as [[UInt8]])
    func refused(bytes: [UInt8]) {
        #expect(HTTPRequest.ClientCertificate(der: bytes) == nil)
    }

    @Test("One byte more or less, at the boundaries of the forms of a length", arguments: [127, 128, 255, 256, 1_000])
    func offByOne(count: Int) {
        #expect(HTTPRequest.ClientCertificate(der: Self.sequence(count) + [0]) == nil)
        #expect(HTTPRequest.ClientCertificate(der: Self.sequence(count).dropLast()) == nil)
    }

    @Test("Descriptions show nothing of a certificate")
    func descriptions() throws {
        let certificate = try #require(HTTPRequest.ClientCertificate(der: [0x30, 2, 0x58, 0x59]))
        for text in ["\(certificate)", String(reflecting: certificate)] { #expect(text == "<client certificate>") }
        var dumped = ""
        dump(certificate, to: &dumped)
        #expect(!dumped.contains("88") && !dumped.contains("der"))
    }
}
