/// The properties of the value at a position, which ``JSONDocument/Node/forEachMember(named:)`` has given. They are
/// those of a node, but no node is made: each node retains the document.
///
/// The position must be one of this document. With any other the result is unspecified, or the program stops.
extension JSONDocument {
    /// The kind of the outermost value.
    package var kind: JSONDocument.Node.Kind { tape[0].kind }

    /// The kind of a value.
    package func kind(at position: Int) -> JSONDocument.Node.Kind {
        tape[position].kind
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ wanted: Span<UInt8>) -> Bool {
        let entry = tape[position]
        return entry.kind == .string && JSONDocument.Node.isString(entry, in: bytes.span, wanted)
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe isString(at: position, Span(_unsafeElements: $0)) }
    }

    /// Whether the value of a member, whose position ``forEachMember(named:)`` has given, has exactly this name.
    package func isMember(at position: Int, named name: StaticString) -> Bool {
        // On the tape, the name of a member stands one before its value.
        isString(at: position - 1, name)
    }

    /// Lends a string's bytes as they stand in the text. Nil for a string with an escape, whose value is other bytes,
    /// and for another kind.
    package func withPlainString<R>(at position: Int, _ body: (Span<UInt8>) -> R) -> R? {
        let entry = tape[position]
        guard entry.kind == .string, !entry.isEscaped else { return nil }
        return body(bytes.span.extracting(entry.content))
    }

    /// The number of UTF-8 bytes of a string after unescaping, or nil for another kind.
    package func stringByteCount(at position: Int) -> Int? {
        let entry = tape[position]
        guard entry.kind == .string else { return nil }
        guard entry.isEscaped else { return entry.content.count }
        let text = bytes.span
        var cursor = JSONStringCursor(entry.content)
        var count = 0
        while cursor.next(in: text) != nil { count += 1 }
        return count
    }

    /// A string of at most 7 bytes after unescaping; nil for a longer one and for another kind.
    package func shortString(at position: Int) -> ShortText? {
        let entry = tape[position]
        return entry.kind == .string ? shortText(of: entry) : nil
    }

    /// A number as a finite Double, or nil for another kind.
    package func double(at position: Int) -> Double? {
        let entry = tape[position]
        guard entry.kind == .number else { return nil }
        let range = Int(entry.start)..<Int(entry.end)
        let text = bytes.span
        if let integer = JSONDecimal.plainInteger(text, range) { return Double(integer) }
        // A String is made only when one operation does not give the nearest Double.
        return JSONDecimal(text, range).exactDouble ?? JSONDocument.Number(validated: string(range)).double
    }

    /// The position of the value that the outermost object has under this name; nil when it has none.
    package func position(of name: StaticString) -> Int? {
        name.withUTF8Buffer { unsafe position(of: Span(_unsafeElements: $0), in: 0) }
    }

    /// The position of the value that the object at a position has under this name. Nil when it has none, and for
    /// another kind.
    func position(of wanted: Span<UInt8>, in position: Int) -> Int? {
        let object = tape[position]
        guard object.kind == .object else { return nil }
        let text = bytes.span
        let tag = JSONNameTag.of(wanted, from: 0, to: wanted.count)
        var name = position + 1
        while name < Int(object.next) {
            let candidate = tape[name]
            if candidate.isEscaped || candidate.tag == tag, JSONDocument.Node.isString(candidate, in: text, wanted) {
                return name + 1
            }
            name = Int(tape[name + 1].next)
        }
        return nil
    }

    /// Receives a member of an object.
    ///
    /// - Parameters:
    ///   - name: The name after unescaping; nil when it is longer than 7 bytes. ``isMember(at:named:)`` compares such a
    ///     name.
    ///   - value: The position of the value.
    package typealias MemberVisitor = (_ name: ShortText?, _ value: Int) -> Void

    /// Calls `body` for each member of the outermost object.
    package func forEachMember(named body: MemberVisitor) {
        forEachMember(of: 0, named: body)
    }

    /// Calls `body` for each member of the object at a position. For another kind it does nothing.
    func forEachMember(of position: Int, named body: MemberVisitor) {
        let object = tape[position]
        guard object.kind == .object else { return }
        var name = position + 1
        while name < Int(object.next) {
            body(shortText(of: tape[name]), name + 1)
            name = Int(tape[name + 1].next)
        }
    }

    /// The String of a range of the text, which the parser has checked to be UTF-8.
    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    @inline(__always)
    private func shortText(of string: JSONTapeEntry) -> ShortText? {
        guard string.isEscaped else { return ShortText(bytes.span, string.content) }
        let unescaped = JSONStringCursor.unescaped(string.content, of: bytes.span)
        return ShortText(unescaped.span, unescaped.indices)
    }
}
