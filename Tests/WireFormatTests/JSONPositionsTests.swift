import Testing
import WireFormat

@Suite("JSON by position", .serialized)
struct JSONPositionsTests {
    private static let text = #"""
        {"alg":"RS256","kid":"k\u0065y","n":1.5,"big":12345678901234567890123,"long":"123456789","e":"","o":{"alg":1},
        "\u0061b":true}
        """#

    private static func positions(_ document: JSONDocument) -> [String: Int] {
        var positions: [String: Int] = [:]
        document.forEachMember(named: { _, position in
            positions[document.root.node(at: position - 1).string ?? ""] = position
        })
        return positions
    }

    @Test("A document answers about a position what the node there answers")
    func sameAsNodes() throws {
        let document = try JSONDocument(parsing: Array(Self.text.utf8))
        let positions = Self.positions(document)
        #expect(Set(positions.keys) == ["alg", "kid", "n", "big", "long", "e", "o", "ab"])
        #expect(document.kind == .object)
        for (name, position) in positions {
            let node = try #require(document.root[name])
            #expect(document.kind(at: position) == node.kind)
            #expect(document.double(at: position) == node.double)
            #expect(document.stringByteCount(at: position) == node.stringByteCount)
            let bytes = node.stringBytes ?? Array("no string".utf8)
            #expect(document.isString(at: position, bytes.span) == (node.kind == .string))
            #expect(!document.isString(at: position, "something else"))
        }
        #expect(document.isString(at: try #require(positions["kid"]), "key"))
        #expect(document.double(at: try #require(positions["n"])) == 1.5)
        #expect(document.double(at: try #require(positions["big"])) == 1.2345678901234568e22)
    }

    @Test("A string of at most seven bytes is a short text; nothing else is")
    func shortStrings() throws {
        let document = try JSONDocument(parsing: Array(Self.text.utf8))
        let positions = Self.positions(document)
        #expect(document.shortString(at: try #require(positions["alg"])) == "RS256")
        #expect(document.shortString(at: try #require(positions["kid"])) == "key")
        #expect(document.shortString(at: try #require(positions["e"])) == "")
        for name in ["n", "long", "o", "ab"] {
            #expect(document.shortString(at: try #require(positions[name])) == nil, "\(name)")
        }
    }

    @Test("A name of at most seven bytes after unescaping is a short text of its own, and a longer one is compared")
    func names() throws {
        let text = #"""
            {"iss":1,"\u0000iss":3,"":4,"at_hash":5,"client_i":6,"client_id":7,"a\u0075d":8,"client\u005fid_":9}
            """#
        let document = try JSONDocument(parsing: Array(text.utf8))
        var names: [ShortText?] = []
        var clients: [Double?] = []
        document.forEachMember(named: { name, value in
            names.append(name)
            if document.isMember(at: value, named: "client_id") { clients.append(document.double(at: value)) }
        })
        #expect(names == ["iss", "\0iss", "", "at_hash", nil, nil, "aud", nil])
        #expect(clients == [7])
    }

    @Test("A string without an escape is lent as it stands; no other value is")
    func plainStrings() throws {
        let document = try JSONDocument(parsing: Array(Self.text.utf8))
        let lent = try ["alg", "kid", "n", "long", "e", "o", "ab"].map { name in
            document.withPlainString(at: try #require(Self.positions(document)[name])) { String(copying: $0) }
        }
        #expect(lent == ["RS256", nil, nil, "123456789", "", nil, nil])
    }

    @Test("The position of a member of the outermost object is found by its name after unescaping")
    func positionOfName() throws {
        let document = try JSONDocument(parsing: Array(Self.text.utf8))
        let positions = Self.positions(document)
        #expect(document.position(of: "alg") == positions["alg"])
        #expect(document.position(of: "ab") == positions["ab"])
        #expect(document.position(of: "x") == nil)
        #expect(try JSONDocument(parsing: Array("[\"alg\",1]".utf8)).position(of: "alg") == nil)
    }

    @Test("The members of what is no object are none", arguments: ["[1,2]", "7", "\"alg\""])
    func noObject(text: String) throws {
        #expect(Self.positions(try JSONDocument(parsing: Array(text.utf8))).isEmpty)
    }

    @Test("Names of one tag are told apart, and an escaped name is found by its bytes")
    func tags() throws {
        // The names have the same length, first byte and last byte, and therefore the same tag.
        let document = try JSONDocument(parsing: Array(#"{"abcd":1,"aXYd":2,"a\u0051Qd":3}"#.utf8))
        #expect(document.root["abcd"]?.double == 1)
        #expect(document.root["aXYd"]?.double == 2)
        #expect(document.root["aQQd"]?.double == 3)
        #expect(document.root["aYXd"] == nil)
        let name = "aXYd"
        #expect(document.root[name]?.double == 2)
    }

    @Test("Among many names the second of two equal ones is found, of any length and spelling", arguments: 0...40)
    func manyNames(length: Int) throws {
        let name = String(repeating: "n", count: length)
        let others = (0..<100).map { #""\#($0)-\#(name)":0"# }.joined(separator: ",")
        let escaped = name.isEmpty ? "" : #"\u006e"# + name.dropFirst()
        _ = try JSONDocument(parsing: Array("{\"\(name)\":1,\(others)}".utf8))
        for second in [name, escaped] {
            let error = #expect(throws: JSONDocument.ParseError.self) {
                try JSONDocument(parsing: Array("{\"\(name)\":1,\(others),\"\(second)\":2}".utf8))
            }
            #expect(error?.reason == .duplicateMember)
        }
    }
}
