extension JSONDocument {
    /// One value inside a ``JSONDocument``. It is a position, not a copy.
    public struct Node: Sendable {
        /// The kind of a value.
        public enum Kind: UInt8, Sendable, Hashable {
            /// `null`
            case null
            /// `true` or `false`
            case bool
            /// A number.
            case number
            /// A string.
            case string
            /// An array.
            case array
            /// An object.
            case object
        }

        let document: JSONDocument
        let index: Int

        /// In bounds: the parser makes at least one entry, and every node is made for an entry that exists.
        private var entry: JSONTapeEntry { document.tape[index] }

        /// The kind.
        public var kind: Kind { entry.kind }

        /// The range of the value's text in the document, with the quotes of a string.
        public var range: Range<Int> {
            let entry = entry
            return Int(entry.start)..<Int(entry.end)
        }

        /// The value of an object's member, the name compared as unescaped bytes; nil when absent or not an object.
        ///
        /// This is the cheapest look-up of a name that is written in the program.
        public subscript(_ name: StaticString) -> JSONDocument.Node? {
            name.withUTF8Buffer { wanted in
                unsafe firstMember(Span(_unsafeElements: wanted))
            }
        }

        /// The value of an object's member, the name compared as unescaped bytes; nil when absent or not an object.
        @_disfavoredOverload
        public subscript(_ name: String) -> JSONDocument.Node? {
            // A string whose UTF-8 is contiguous, as nearly all are, is not copied.
            var name = name
            return name.withUTF8 { wanted in
                unsafe firstMember(Span(_unsafeElements: wanted))
            }
        }

        /// Whether this is a string with exactly these bytes after unescaping. No String is made.
        public func isString(_ bytes: Span<UInt8>) -> Bool { document.isString(at: index, bytes) }

        /// Whether this is a string with exactly these bytes after unescaping. No String is made.
        public func isString(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { unsafe isString(Span(_unsafeElements: $0)) }
        }

        /// Whether this is a string with exactly these bytes after unescaping. No String is made.
        @_disfavoredOverload
        public func isString(_ text: String) -> Bool {
            var text = text
            return text.withUTF8 { unsafe isString(Span(_unsafeElements: $0)) }
        }

        /// The string, or nil for another kind.
        public var string: String? {
            entry.kind == .string ? text(of: entry) : nil
        }

        /// The UTF-8 bytes of the string after unescaping, or nil for another kind.
        public var stringBytes: [UInt8]? {
            entry.kind == .string ? unescaped(entry) : nil
        }

        /// The number of UTF-8 bytes of the string after unescaping, or nil for another kind.
        public var stringByteCount: Int? { document.stringByteCount(at: index) }

        /// The Boolean, or nil for another kind. A number is never a Boolean.
        public var bool: Bool? {
            let entry = entry
            return entry.kind == .bool ? document.bytes[Int(entry.start)] == UInt8(ascii: "t") : nil
        }

        /// The number, or nil for another kind.
        public var number: JSONDocument.Number? {
            guard entry.kind == .number else { return nil }
            return JSONDocument.Number(validated: document.string(range))
        }

        /// The number as a finite Double, or nil for another kind. A String is made only for a number with many digits
        /// or a large exponent.
        public var double: Double? { document.double(at: index) }

        /// The number of elements of an array or of members of an object; 0 for another kind.
        public var count: Int {
            var count = 0
            switch entry.kind {
            case .array:
                forEachElementIndex { _ in
                    count += 1; return true
                }
            case .object:
                forEachMemberIndex { _ in
                    count += 1; return true
                }
            default: break
            }
            return count
        }

        /// Calls `body` with each element of an array until it returns false. For another kind it does nothing.
        public func forEachElement(_ body: (JSONDocument.Node) -> Bool) {
            forEachElementIndex { body(JSONDocument.Node(document: document, index: $0)) }
        }

        /// Calls `body` with the unescaped name and value of each member until it returns false. For another kind it
        /// does nothing.
        public func forEachMember(_ body: (String, JSONDocument.Node) -> Bool) {
            forEachMemberIndex {
                body(text(of: document.tape[$0]), JSONDocument.Node(document: document, index: $0 + 1))
            }
        }

        /// The value, copied out.
        public var value: JSONValue {
            switch kind {
            case .null: return .null
            case .bool: return .bool(bool ?? false)
            case .number: return number.map { .number($0) } ?? .null
            case .string: return .string(text(of: entry))
            case .array:
                // The recursion is as deep as the nesting, which the parser has limited.
                var elements: [JSONValue] = []
                forEachElement {
                    elements.append($0.value); return true
                }
                return .array(elements)
            case .object:
                var members: [(name: String, value: JSONValue)] = []
                forEachMember {
                    members.append(($0, $1.value)); return true
                }
                return .object(JSONDocument.Object(unique: members))
            }
        }

        // MARK: Walking the tape

        private func forEachElementIndex(_ body: (Int) -> Bool) {
            let entry = entry
            guard entry.kind == .array else { return }
            var child = index + 1
            while child < Int(entry.next), body(child) { child = Int(document.tape[child].next) }
        }

        /// Calls `body` with the index of each name. The next index is that of the value.
        func forEachMemberIndex(_ body: (Int) -> Bool) {
            let entry = entry
            guard entry.kind == .object else { return }
            var name = index + 1
            while name < Int(entry.next), body(name) { name = Int(document.tape[name + 1].next) }
        }

        private func firstMember(_ wanted: Span<UInt8>) -> JSONDocument.Node? {
            document.position(of: wanted, in: index).map(node(at:))
        }

        @inline(__always)
        static func isString(_ entry: JSONTapeEntry, in text: Span<UInt8>, _ wanted: Span<UInt8>) -> Bool {
            let content = entry.content
            if entry.isEscaped { return isEscapedString(content, in: text, wanted) }
            return content.count == wanted.count && text.extracting(content).hasSameBytes(as: wanted)
        }

        private static func isEscapedString(_ content: Range<Int>, in text: Span<UInt8>, _ wanted: Span<UInt8>) -> Bool
        {
            var cursor = JSONStringCursor(content)
            for index in wanted.indices where cursor.next(in: text) != wanted[index] { return false }
            return cursor.next(in: text) == nil
        }

        private func text(of entry: JSONTapeEntry) -> String {
            // The parser has checked the UTF-8, so the decoder never has to repair it.
            entry.isEscaped
                ? String(decoding: unescaped(entry), as: UTF8.self)
                : document.string(entry.content)
        }

        func unescaped(_ entry: JSONTapeEntry) -> [UInt8] {
            guard entry.isEscaped else { return Array(document.bytes[entry.content]) }
            return JSONStringCursor.unescaped(entry.content, of: document.bytes.span)
        }
    }
}
