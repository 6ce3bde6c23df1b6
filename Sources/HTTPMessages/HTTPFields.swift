import WireFormat

/// The field lines of a message, in order and with duplicates. Names are compared without regard to ASCII case.
///
/// All lines share one byte buffer, so a parsed head becomes fields without an allocation for each line. A value
/// becomes a `String` only when it is asked for.
public struct HTTPFields: Sendable, ExpressibleByDictionaryLiteral {
    /// The ranges of the name and the value of one line in the shared buffer.
    package struct Line: Sendable {
        package var name: Range<Int>
        package var value: Range<Int>

        package init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    /// How often a message holds a field, with the value when there is exactly one.
    public enum Occurrence: Sendable, Hashable {
        /// There is no such field line.
        case absent
        /// There is exactly one field line.
        case once(HTTPFields.Value)
        /// There are several field lines. Which of them another recipient would use is unknown.
        case repeated
    }

    package private(set) var buffer: [UInt8]
    package private(set) var lines: [Line]

    /// No fields.
    public init() {
        buffer = []
        lines = []
    }

    /// The lines of a literal, in order and with duplicates: `[.accept: "text/html", "X-Note": "1"]`.
    ///
    /// Names and values are checked as everywhere, so that a literal cannot split a message either.
    public init(dictionaryLiteral lines: (HTTPFields.Name, HTTPFields.Value)...) {
        self.init()
        for (name, value) in lines { append(name, value) }
    }

    /// The fields of a parsed head. The caller has checked names and values against RFC 9110 §5.1 and §5.5.
    package init(head: [UInt8], lines: [Line]) {
        buffer = head
        self.lines = lines
    }

    /// The number of field lines.
    public var count: Int { lines.count }

    /// Adds a line at the end. Lines of the same name are kept.
    public mutating func append(_ name: HTTPFields.Name, _ value: HTTPFields.Value) {
        if lines.isEmpty {
            // Room for a usual response, so that the next lines cost no allocation.
            buffer.reserveCapacity(256)
            lines.reserveCapacity(8)
        }
        // In the form in which a line is sent, so that a server can send it as it is: see `wholeLine(_:)`.
        let nameStart = buffer.count
        buffer.append(contentsOf: name.spelling.utf8)
        let nameEnd = buffer.count
        buffer.append(0x3A)
        buffer.append(0x20)
        buffer.append(contentsOf: value.bytes)
        lines.append(Line(name: nameStart..<nameEnd, value: nameEnd + 2..<buffer.count))
        buffer.append(0x0D)
        buffer.append(0x0A)
    }

    /// The part of the buffer that holds a line as `name: value` with its CRLF; nil when the line has another form
    /// there.
    package func wholeLine(_ line: Line) -> Range<Int>? {
        let (colon, end) = (line.name.upperBound, line.value.upperBound)
        guard line.value.lowerBound == colon + 2, end + 2 <= buffer.count, buffer[colon] == 0x3A,
            buffer[colon + 1] == 0x20, buffer[end] == 0x0D, buffer[end + 1] == 0x0A
        else { return nil }
        return line.name.lowerBound..<end + 2
    }

    /// Removes every line of this name.
    public mutating func remove(_ name: HTTPFields.Name) {
        guard contains(name) else { return }
        lines = lines.filter { !matches($0, name) }
    }

    /// Whether there is a line of this name.
    public func contains(_ name: HTTPFields.Name) -> Bool {
        lines.contains { matches($0, name) }
    }

    /// Where the value of a field is in ``buffer``.
    package enum Place {
        case absent
        case once(Range<Int>)
        case repeated
    }

    /// Where the value of the field is, without a copy.
    package func place(of name: HTTPFields.Name) -> Place {
        var found: Range<Int>?
        for index in lines.indices where matches(lines[index], name) {
            if found != nil { return .repeated }
            found = lines[index].value
        }
        return found.map { .once($0) } ?? .absent
    }

    /// Whether the field is absent, occurs once, or is repeated.
    public func occurrence(of name: HTTPFields.Name) -> Occurrence {
        switch place(of: name) {
        case .absent: .absent
        case .once(let range): .once(HTTPFields.Value(validated: Array(buffer[range])))
        case .repeated: .repeated
        }
    }

    /// The values of every line of this name, in order.
    public func values(of name: HTTPFields.Name) -> [HTTPFields.Value] {
        lines.filter { matches($0, name) }.map { HTTPFields.Value(validated: Array(buffer[$0.value])) }
    }

    /// Whether `passes` is true for the value of some line of this name. The values are passed in order and without a
    /// copy, up to the first for which it is true.
    package func contains(_ name: HTTPFields.Name, where passes: (ArraySlice<UInt8>) -> Bool) -> Bool {
        for line in lines where matches(line, name) {
            if passes(buffer[line.value]) { return true }
        }
        return false
    }

    /// The bytes of the value, without a copy, if exactly one line has this name; otherwise nil.
    package func onlyValue(of name: HTTPFields.Name) -> ArraySlice<UInt8>? {
        guard case .once(let range) = place(of: name) else { return nil }
        return buffer[range]
    }

    /// The value of the field, if exactly one line has this name; otherwise nil.
    ///
    /// Setting a value replaces every line of the name; setting nil removes them.
    public subscript(_ name: HTTPFields.Name) -> HTTPFields.Value? {
        get {
            guard case .once(let value) = occurrence(of: name) else { return nil }
            return value
        }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// The name and the value of every line as text, for tests and diagnostics. Bytes that are not UTF-8 are replaced.
    public var pairs: [(name: String, value: String)] {
        lines.map {
            (String(decoding: buffer[$0.name], as: UTF8.self), String(decoding: buffer[$0.value], as: UTF8.self))
        }
    }

    private func matches(_ line: Line, _ name: HTTPFields.Name) -> Bool {
        let wanted = name.lowercasedBytes
        guard line.name.count == wanted.count else { return false }
        let start = line.name.lowerBound
        for offset in wanted.indices where ASCII.lowercased(buffer[start + offset]) != wanted[offset] {
            return false
        }
        return true
    }
}
