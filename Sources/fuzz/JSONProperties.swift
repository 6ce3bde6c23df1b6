import WireFormat

/// RFC 8259, strictly: which texts are accepted, and that every way to read a value gives the same result.
enum JSONProperties {
    static func check(_ text: [UInt8]) throws(Violation) {
        let expected = ReferenceJSON.value(of: text, maximumDepth: 16)
        let document: JSONDocument
        do throws(JSONDocument.ParseError) {
            document = try JSONDocument(parsing: text)
        } catch {
            try require((0...text.count).contains(error.offset), "the offset of a fault lies in the text")
            try require(expected == nil, "what RFC 8259 admits is accepted")
            return
        }
        guard let expected else { throw Violation(property: "what RFC 8259 and the limits exclude is refused") }
        let value = document.root.value
        try require(value == expected, "the value is what a slow and simple parser reads")
        let encoded = value.encoded()
        try require(encoded == expected.encoded(), "members and elements keep their order")
        let again = try? JSONValue(parsing: encoded)
        try require(again == value, "a value that was written reads as the same value")
        try require(again?.encoded() == encoded, "a value that was read is written the same way again")
        try check(document.root, is: value, within: text.indices, of: text)
        var areSame = true
        document.forEachMember(named: { _, position in
            guard let lent = document.withPlainString(at: position, { Array(copying: $0) }) else { return }
            areSame = areSame && document.root.node(at: position).stringBytes == lent
        })
        try require(areSame, "a plain string stands in the text as it is")
    }

    /// Compares a node's accessors with the copied value.
    private static func check(
        _ node: JSONDocument.Node, is value: JSONValue, within parent: Range<Int>, of text: [UInt8]
    ) throws(Violation) {
        let range = node.range
        try require(!range.isEmpty && range.clamped(to: parent) == range, "a node's text lies in its parent's")
        try require(node.value == value, "a node's value is its part of the whole value")
        try require(node.bool == value.bool, "bool agrees with the value")
        try checkString(node, value.string)
        try checkNumber(node, value.number, of: text)
        try require(
            node.count == value.array?.count ?? value.object?.members.count ?? 0,
            "count is the number of elements or members")

        var children: [(node: JSONDocument.Node, value: JSONValue)] = []
        var violated = false
        node.forEachElement { element in
            guard let elements = value.array, children.count < elements.count else { return false }
            children.append((element, elements[children.count]))
            return true
        }
        node.forEachMember { name, member in
            guard let members = value.object?.members, children.count < members.count else { return false }
            let expected = members[children.count]
            // A look-up takes time in proportion to the members, so only the first members are looked up.
            if !name.hasSameBytes(as: expected.name)
                || children.count < 32 && node[name]?.range != member.range
            {
                violated = true
            }
            children.append((member, expected.value))
            return true
        }
        if let members = value.object?.members {
            var position = 0
            node.forEachMember(named: { name, value in
                guard position < min(members.count, children.count) else {
                    violated = true
                    return
                }
                let expected = members[position].name
                let isSame = node.node(at: value - 1).stringBytes == Array(expected.utf8)
                let isShort = expected.utf8.count <= 7
                if !isSame || node.node(at: value).range != children[position].node.range { violated = true }
                if name.map({ !$0.text.hasSameBytes(as: expected) }) ?? isShort { violated = true }
                position += 1
            })
            try require(position == members.count, "walking by position finds every member")
        }
        try require(!violated && children.count == node.count, "walking and looking up find every child")
        for child in children {
            try check(child.node, is: child.value, within: range, of: text)
        }
    }

    private static func checkString(_ node: JSONDocument.Node, _ string: String?) throws(Violation) {
        let bytes = string.map { Array($0.utf8) }
        try require(node.string.map { Array($0.utf8) } == bytes, "string agrees with the value")
        try require(node.stringBytes == bytes, "stringBytes agrees with the value")
        try require(node.stringByteCount == bytes?.count, "stringByteCount agrees with the value")
        guard let bytes else { return }
        try require(node.isString(bytes.span), "isString knows the string")
        try require(!node.isString((bytes + [0]).span), "isString knows a longer string from it")
    }

    private static func checkNumber(_ node: JSONDocument.Node, _ number: JSONDocument.Number?, of text: [UInt8])
        throws(Violation)
    {
        try require(node.number == number, "number agrees with the value")
        guard let number else { return try require(node.double == nil, "only numbers have a double") }
        try require(number.text.utf8.elementsEqual(text[node.range]), "a number stands in the text as it is")
        let double = Double(number.text)
        try require(double?.isFinite == true, "a number is finite")
        try require(node.double?.bitPattern == double?.bitPattern, "double is the nearest one")
        try require(number.double.bitPattern == double?.bitPattern, "double is the nearest one, from the text too")
        // Other forms (fractions, exponents) are compared as Double, which is exact below 2^53.
        if number.text.utf8.allSatisfy({ ASCII.isDigit($0) || $0 == UInt8(ascii: "-") }) {
            try require(number.int64 == Int64(number.text), "int64 is the integer of plain digits")
        } else if let double, double.magnitude < 9_007_199_254_740_992 {
            if let integer = number.int64 { try require(Double(integer) == double, "int64 is the same number") }
        }
    }
}
