/// The properties of the value at a position, which ``JSONDocument/Node/forEachMember(named:)`` has given. They are
/// those of a node, but no node is made: each node retains the document.
///
/// The position must be one of this document. With any other the result is unspecified, or the program stops.
extension JSONDocument {
    /// The kind of the outermost value.
    package var kind: JSONDocument.Node.Kind { storage[entry: 0].kind }

    /// The kind of a value.
    package func kind(at position: Int) -> JSONDocument.Node.Kind {
        storage[entry: position].kind
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ bytes: Span<UInt8>) -> Bool {
        storage.isString(at: position, bytes)
    }

    /// Whether a value is a string with exactly these bytes after unescaping.
    package func isString(at position: Int, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe storage.isString(at: position, Span(_unsafeElements: $0)) }
    }

    /// Whether the value at a position is that of a member with exactly this name.
    package func isMember(at position: Int, named name: StaticString) -> Bool {
        // On the tape, the name of a member stands one before its value.
        isString(at: position - 1, name)
    }

    /// The number of UTF-8 bytes of a string after unescaping, or nil for another kind.
    package func stringByteCount(at position: Int) -> Int? {
        storage.stringByteCount(at: position)
    }

    /// A string of at most 7 bytes after unescaping; nil for a longer one and for another kind.
    package func shortString(at position: Int) -> ShortText? {
        let entry = storage[entry: position]
        guard entry.kind == .string else { return nil }
        return storage.withText { storage.shortText(of: entry, in: $0) }
    }

    /// A number as a finite Double, or nil for another kind.
    package func double(at position: Int) -> Double? {
        storage.double(at: position)
    }

    /// Calls `body` for each member of the outermost object.
    package func forEachMember(named body: MemberVisitor) {
        storage.forEachMember(of: 0, named: body)
    }
}

extension JSONDocument {
    /// Receives a member of an object.
    ///
    /// - Parameters:
    ///   - name: The name after unescaping; nil when it is longer than 7 bytes. ``isMember(at:named:)`` compares such a
    ///     name.
    ///   - value: The position of the value.
    package typealias MemberVisitor = (_ name: ShortText?, _ value: Int) -> Void
}

extension JSONDocument.Storage {
    func isString(at position: Int, _ wanted: Span<UInt8>) -> Bool {
        let entry = self[entry: position]
        return entry.kind == .string && withText { JSONDocument.Node.isString(entry, in: $0, wanted) }
    }

    /// The String of a range of the text, which the parser has checked to be UTF-8.
    func string(_ range: Range<Int>) -> String {
        withText { text in String(copying: text.extracting(range)) }
    }

    func stringByteCount(at position: Int) -> Int? {
        let entry = self[entry: position]
        guard entry.kind == .string else { return nil }
        guard entry.isEscaped else { return entry.content.count }
        return withText { text in
            var cursor = JSONStringCursor(entry.content)
            var count = 0
            while cursor.next(in: text) != nil { count += 1 }
            return count
        }
    }

    func double(at position: Int) -> Double? {
        let entry = self[entry: position]
        guard entry.kind == .number else { return nil }
        let range = Int(entry.start)..<Int(entry.end)
        return withText { text in
            if let integer = JSONDecimal.plainInteger(text, range) { return Double(integer) }
            // A String is made only when one operation does not give the nearest Double.
            return JSONDecimal(text, range).exactDouble
                ?? JSONDocument.Number(validated: String(copying: text.extracting(range))).double
        }
    }

    func forEachMember(of position: Int, named body: JSONDocument.MemberVisitor) {
        let object = self[entry: position]
        guard object.kind == .object else { return }
        withText { text in
            var index = position + 1
            while index < Int(object.next) {
                body(shortText(of: self[entry: index], in: text), index + 1)
                index = Int(self[entry: index + 1].next)
            }
        }
    }

    @inline(__always)
    fileprivate func shortText(of string: JSONTapeEntry, in text: Span<UInt8>) -> ShortText? {
        guard string.isEscaped else { return ShortText(text, string.content) }
        let unescaped = JSONStringCursor.unescaped(string.content, of: text)
        return ShortText(unescaped.span, unescaped.indices)
    }
}
