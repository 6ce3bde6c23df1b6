/// The properties of the value at a position, which ``JSONDocument/Node/forEachMember(named:)`` has given. They are
/// those of a node, but no node is made: each node retains the document.
///
/// The position must be one of this document. With any other the result is unspecified, or the program stops.
extension JSONDocument {
    /// The kind of the outermost value.
    package var kind: JSONDocument.Node.Kind { storage.tape[0].kind }

    /// The kind of a value.
    package func kind(at position: Int) -> JSONDocument.Node.Kind {
        storage.tape[position].kind
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ bytes: Span<UInt8>) -> Bool {
        storage.isString(at: position, bytes)
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe storage.isString(at: position, Span(_unsafeElements: $0)) }
    }

    /// The number of UTF-8 bytes of a string after unescaping, or nil for another kind.
    package func stringByteCount(at position: Int) -> Int? {
        storage.stringByteCount(at: position)
    }

    /// A string of 1…8 bytes as a number whose highest byte is the first one; nil for another kind or length, and for a
    /// string with an escape. Without an escape a string holds no NUL, so no two strings give the same number.
    package func packedString(at position: Int) -> UInt64? {
        let entry = storage.tape[position]
        guard entry.kind == .string, !entry.isEscaped, (1...8).contains(entry.content.count) else { return nil }
        let document = storage.bytes
        var packed: UInt64 = 0
        for index in entry.content { packed = packed << 8 | UInt64(document[index]) }
        return packed
    }

    /// A number as a finite Double, or nil for another kind.
    package func double(at position: Int) -> Double? {
        storage.double(at: position)
    }

    /// Calls `body` with the unescaped name and the position of the value of each member of the outermost object.
    package func forEachMember(named body: (_ name: Span<UInt8>, _ value: Int) -> Void) {
        storage.forEachMember(of: 0, named: body)
    }
}

extension JSONDocument.Storage {
    func isString(at position: Int, _ wanted: Span<UInt8>) -> Bool {
        let document = bytes
        let entry = tape[position]
        return entry.kind == .string && JSONDocument.Node.isString(entry, in: document.span, wanted)
    }

    func stringByteCount(at position: Int) -> Int? {
        let entry = tape[position]
        guard entry.kind == .string else { return nil }
        guard entry.isEscaped else { return entry.content.count }
        let document = bytes
        let text = document.span
        var cursor = JSONStringCursor(entry.content)
        var count = 0
        while cursor.next(in: text) != nil { count += 1 }
        return count
    }

    func double(at position: Int) -> Double? {
        let entry = tape[position]
        guard entry.kind == .number else { return nil }
        let document = bytes
        let range = Int(entry.start)..<Int(entry.end)
        if let integer = JSONDecimal.plainInteger(document.span, range) { return Double(integer) }
        // A String is made only for a number of more than 19 digits or with a large exponent.
        return JSONDecimal(document.span, range).exactDouble
            ?? JSONDocument.Number(validated: String(decoding: document[range], as: UTF8.self)).double
    }

    @inline(__always)
    func forEachMember(of position: Int, named body: (_ name: Span<UInt8>, _ value: Int) -> Void) {
        let document = bytes
        let text = document.span
        guard tape[position].kind == .object else { return }
        let end = Int(tape[position].next)
        var index = position + 1
        while index < end {
            let entry = tape[index]
            if entry.isEscaped {
                let name = JSONDocument.Node(storage: self, index: index).stringBytes ?? []
                body(name.span, index + 1)
            } else {
                body(text.extracting(entry.content), index + 1)
            }
            index = Int(tape[index + 1].next)
        }
    }
}
