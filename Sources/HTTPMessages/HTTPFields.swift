import WireFormat

/// The field lines of a message: in order, duplicates kept, names compared without regard to ASCII case.
///
/// All lines share one byte buffer, so that a parsed head becomes fields without an allocation per line; a value turns
/// into a `String` only when somebody asks for it.
public struct HTTPFields: Sendable {
    /// Where one line's name and value stand in the shared buffer.
    package struct Line: Sendable {
        package var name: Range<Int>
        package var value: Range<Int>

        package init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    /// How often a field stands in a message, with its value when that is beyond doubt.
    public enum Occurrence: Sendable, Hashable {
        /// There is no such field line.
        case absent
        /// There is exactly one field line.
        case once(HTTPFieldValue)
        /// There are several field lines; picking one of them would be a guess.
        case repeated
    }

    package private(set) var buffer: [UInt8]
    package private(set) var lines: [Line]

    /// No fields.
    public init() {
        buffer = []
        lines = []
    }

    /// Fields of another HTTP library, in order, duplicates kept; nil when a name is no RFC 9110 §5.1 token or a value is
    /// none of RFC 9110 §5.5.
    public init?(_ pairs: some Sequence<(String, String)>) {
        self.init()
        for (name, value) in pairs {
            guard let name = HTTPFieldName(name), let value = HTTPFieldValue(value) else { return nil }
            append(name, value)
        }
    }

    /// Fields over a parsed head. The caller has checked names and values against RFC 9110 §5.1 and §5.5.
    package init(head: [UInt8], lines: [Line]) {
        buffer = head
        self.lines = lines
    }

    /// The number of field lines.
    public var count: Int { lines.count }

    /// Adds a line at the end; lines of the same name stay.
    public mutating func append(_ name: HTTPFieldName, _ value: HTTPFieldValue) {
        let nameStart = buffer.count
        buffer.append(contentsOf: name.spelling.utf8)
        let valueStart = buffer.count
        buffer.append(contentsOf: value.bytes)
        lines.append(Line(name: nameStart..<valueStart, value: valueStart..<buffer.count))
    }

    /// Removes every line of this name.
    public mutating func remove(_ name: HTTPFieldName) {
        lines = lines.filter { !matches($0, name) }
    }

    /// Whether there is a line of this name.
    public func contains(_ name: HTTPFieldName) -> Bool {
        lines.contains { matches($0, name) }
    }

    /// Whether the field is absent, stands once, or is repeated.
    public func occurrence(of name: HTTPFieldName) -> Occurrence {
        var found: Line?
        for line in lines where matches(line, name) {
            if found != nil { return .repeated }
            found = line
        }
        guard let found else { return .absent }
        return .once(HTTPFieldValue(validated: Array(buffer[found.value])))
    }

    /// The values of every line of this name, in order.
    public func values(of name: HTTPFieldName) -> [HTTPFieldValue] {
        lines.filter { matches($0, name) }.map { HTTPFieldValue(validated: Array(buffer[$0.value])) }
    }

    /// Whether the value of some line of this name passes. Shows them in order, without a copy, until one does.
    package func contains(_ name: HTTPFieldName, where passes: (ArraySlice<UInt8>) -> Bool) -> Bool {
        for line in lines where matches(line, name) {
            if passes(buffer[line.value]) { return true }
        }
        return false
    }

    /// The value of the only line of this name: nil when there is none and when there are several.
    /// Setting replaces every line of the name; setting nil removes them.
    public subscript(_ name: HTTPFieldName) -> HTTPFieldValue? {
        get {
            guard case .once(let value) = occurrence(of: name) else { return nil }
            return value
        }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// Every line as name and value text, for tests and diagnostics; obs-text that is not UTF-8 is replaced.
    public var pairs: [(name: String, value: String)] {
        lines.map {
            (String(decoding: buffer[$0.name], as: UTF8.self), String(decoding: buffer[$0.value], as: UTF8.self))
        }
    }

    private func matches(_ line: Line, _ name: HTTPFieldName) -> Bool {
        let wanted = name.lowercasedBytes
        guard line.name.count == wanted.count else { return false }
        let start = line.name.lowerBound
        for offset in wanted.indices where ASCII.lowercased(buffer[start + offset]) != wanted[offset] {
            return false
        }
        return true
    }
}
