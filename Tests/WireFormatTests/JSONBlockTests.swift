import Testing
import WireFormat

/// The parser looks at many bytes at once. These tests move each kind of byte over the edges of its blocks.
@Suite("JSON at the edges of blocks", .serialized)
struct JSONBlockTests {
    private func fault(_ text: [UInt8]) -> JSONDocument.ParseError? {
        do throws(JSONDocument.ParseError) {
            _ = try JSONDocument(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test("A string of any length is read whole, at any distance from the end of the text", arguments: 0...40)
    func strings(length: Int) throws {
        let content = (0..<length).map { UInt8(0x61 + $0 % 26) }
        for behind in 0...20 {
            let text = Array(#"{"name":""#.utf8) + content + Array(#""}"#.utf8) + Array(repeating: 0x20, count: behind)
            #expect(try JSONDocument(parsing: text).root["name"]?.stringBytes == content)
            let name = Array(#"{""#.utf8) + content + Array(#"":1}"#.utf8) + Array(repeating: 0x0A, count: behind)
            var names: [[UInt8]?] = []
            let document = try JSONDocument(parsing: name)
            document.forEachMember(named: { member, position in
                names.append(document.root.node(at: position - 1).stringBytes)
                #expect(document.kind(at: position) == .number)
                #expect(member?.text == (length <= 7 ? String(decoding: content, as: UTF8.self) : nil))
            })
            #expect(names == [content])
        }
    }

    @Test(
        "A byte that no string may hold is found at its place, wherever it stands",
        arguments: [
            (0x1F, JSONDocument.ParseError.Reason.controlCharacter), (0x00, .controlCharacter),
            (0x0A, .controlCharacter),
            (0x80, .invalidUTF8), (0xC1, .invalidUTF8), (0xFF, .invalidUTF8), (0x5C, .invalidEscape),
        ] as [(UInt8, JSONDocument.ParseError.Reason)])
    func badBytes(byte: UInt8, reason: JSONDocument.ParseError.Reason) {
        for length in 1...40 {
            for place in 0..<length {
                var text = [UInt8](repeating: 0x61, count: length)
                text[place] = byte
                for behind in [0, 17] {
                    let whole = [0x22] + text + [0x61, 0x22] + Array(repeating: 0x20, count: behind)
                    let fault = fault(whole)
                    #expect(fault?.reason == reason && fault?.offset == 1 + place)
                }
            }
        }
    }

    @Test("Bytes that a string may hold, and that are next to those that end it, do not end it")
    func goodBytes() throws {
        for byte in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7E, 0x7F] as [UInt8] {
            for place in 0..<20 {
                var content = [UInt8](repeating: 0x61, count: 20)
                content[place] = byte
                #expect(try JSONDocument(parsing: [0x22] + content + [0x22]).root.stringBytes == content)
            }
        }
    }

    @Test("A number of any length is read whole; the byte before the digits and the one after them end it")
    func numbers() throws {
        for length in 1...20 {
            let digits = (0..<length).map { UInt8(0x31 + $0 % 9) }
            for behind in 0...9 {
                let text = digits + Array(repeating: 0x20, count: behind)
                let expected = Double(String(decoding: digits, as: UTF8.self))
                #expect(try JSONDocument(parsing: text).root.double == expected)
            }
            for place in 1..<max(2, length) where place < length {
                for byte in [0x2F, 0x3A, 0xB1, 0x00, 0x61] as [UInt8] {
                    var text = digits
                    text[place] = byte
                    #expect(fault(text)?.offset == place)
                }
            }
        }
    }

    @Test(
        "A repeated name is found behind and inside of objects and arrays, escaped or not",
        arguments: [
            #"{"a":{"x":1},"a":2}"#, #"{"a":[{"x":1}],"a":2}"#, #"{"b":{"a":1,"a":2}}"#, #"[{"a":1},{"a":1,"a":2}]"#,
            #"{"a":1,"b":{},"a":2}"#, #"{"a":1,"b":[],"\u0061":2}"#, #"{"\u0061":1,"b":{"a":3},"a":2}"#,
            #"{"x":{"a":{"c":1},"b":[{"a":1}],"a":2}}"#, #"{"":1,"b":{"":3},"":2}"#,
        ])
    func repeatedNames(text: String) {
        #expect(fault(Array(text.utf8))?.reason == .duplicateMember)
    }

    @Test("Equal names in different objects are no repetition")
    func equalNames() {
        for text in [#"{"a":{"a":{"a":1}},"b":{"a":1}}"#, #"[{"a":1},{"a":1}]"#, #"{"b":[{"a":1},{"a":2}],"a":3}"#] {
            #expect(fault(Array(text.utf8)) == nil)
        }
    }
}
