import Testing
import WireFormat

/// For any bytes, the parser returns a value or throws an error. Nothing traps, and every walk ends.
@Suite("Broken JSON", .serialized)
struct JSONMutationTests {
    static let sample = """
        {"iss":"https://issuer.example","aud":["https://rs.example/mcp",1],"exp":1700000000.5e0,"n":-12,\
        "\\u0061":"\\ud83d\\ude00\\n\\"é€😀","t":[true,false,null,{},[]],"o":{"p":{"q":[[1e-2]]}}, "long":"0123456789abcdef"}
        """

    /// Calls every accessor of a node.
    private func walk(_ node: JSONDocument.Node, in bytes: [UInt8]) -> Int {
        var nodes = 1
        #expect(node.range.lowerBound >= 0 && node.range.upperBound <= bytes.count && !node.range.isEmpty)
        #expect((node.string?.utf8.count ?? 0) == (node.stringByteCount ?? 0))
        #expect(node.double?.isFinite ?? true)
        _ = (node.bool, node.number?.int64, node.stringBytes, node["iss"], node.isString("x"))
        node.forEachElement {
            nodes += walk($0, in: bytes); return true
        }
        node.forEachMember { name, value in
            #expect(node[name]?.range == value.range)
            nodes += walk(value, in: bytes)
            return true
        }
        return nodes
    }

    private func parse(_ bytes: [UInt8]) -> Bool {
        do throws(JSONDocument.ParseError) {
            let document = try JSONDocument(parsing: bytes)
            #expect(walk(document.root, in: bytes) <= bytes.count)
            let value = document.root.value
            #expect((try? JSONValue(parsing: value.encoded())) == value)
            return true
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            return false
        }
    }

    @Test("The sample itself is accepted")
    func sample() {
        #expect(parse(Array(Self.sample.utf8)))
    }

    @Test("Every truncation is refused")
    func truncations() {
        let bytes = Array(Self.sample.utf8)
        for count in bytes.indices { #expect(!parse(Array(bytes[..<count])), "\(count)") }
    }

    @Test("Every single byte replaced by each of 256, removed, or doubled")
    func singleBytes() {
        let bytes = Array(Self.sample.utf8)
        var accepted = 0
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var mutated = bytes
                mutated[index] = byte
                if parse(mutated) { accepted += 1 }
            }
            var shorter = bytes
            shorter.remove(at: index)
            _ = parse(shorter)
            var longer = bytes
            longer.insert(bytes[index], at: index)
            _ = parse(longer)
        }
        // Letters in strings and digits may change; most other bytes may not.
        #expect(accepted > bytes.count)
        #expect(accepted < bytes.count * 256)
    }

    @Test("Random bytes of JSON's own alphabet", arguments: [UInt64(21), 22, 23, 24])
    func soup(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\",:\\u0d8c1e-+.tfn ".utf8) + [0xC3, 0xA9, 0x00, 0xFF]
        for _ in 0..<5000 {
            let count = Int.random(in: 0...24, using: &random)
            _ = parse((0..<count).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
        }
    }
}
