internal import WireFormat

// Fields of other HTTP libraries, whose names and values are text.
extension HTTPFields {
    /// A line of another HTTP library that HTTP does not allow. It does not hold the value.
    public struct InvalidLine: Error, Sendable, Hashable, CustomStringConvertible {
        /// The position of the line, counted from 0.
        public let index: Int
        /// The name of the field; nil when the name itself is not a token (RFC 9110 §5.1).
        public let name: HTTPFields.Name?

        /// One line: the position, and the name or that it is malformed. A name that may be a secret is left out.
        public var description: String {
            guard name != nil else { return "field line \(index) has a name that is not a token" }
            return "field line \(index), \(nameForLogs), has a value with a control character"
        }

        /// The name for the operator. A name of more than 40 bytes, or with other bytes than letters and `-`, is
        /// `other`: a broken client may send a token as a name.
        package var nameForLogs: String {
            guard let spelling = name?.spelling else { return "malformed" }
            let isHarmless =
                spelling.utf8.count <= 40 && spelling.utf8.allSatisfy { ASCII.isLetter($0) || $0 == UInt8(ascii: "-") }
            return isHarmless ? spelling : "other"
        }
    }

    /// Fields of another HTTP library, in order and with duplicates. White space around a value is not a part of it
    /// (RFC 9110 §5.5), and is removed.
    ///
    /// - Throws: ``InvalidLine`` for the first line whose name is not a token (RFC 9110 §5.1) or whose value is not a
    ///   field value (RFC 9110 §5.5).
    public init(_ pairs: some Sequence<(String, String)>) throws(InvalidLine) {
        var first: InvalidLine?
        self.init(keepingValid: pairs) { first = first ?? $0 }
        if let first { throw first }
    }

    /// The fields of another HTTP library that HTTP allows. In a request, refuse when `whenInvalid` was called: a
    /// request without that line could mean something else to another reader.
    ///
    /// - Parameters:
    ///   - pairs: Names and values, in order and with duplicates. White space around a value is removed.
    ///   - whenInvalid: Receives each line that is left out.
    public init(keepingValid pairs: some Sequence<(String, String)>, whenInvalid: (InvalidLine) -> Void) {
        self.init()
        for (index, (name, value)) in pairs.enumerated() {
            guard let name = HTTPFields.Name(name) else {
                whenInvalid(InvalidLine(index: index, name: nil))
                continue
            }
            guard let value = HTTPFields.Value(bytes: Array(OptionalWhiteSpace.trimmed(Array(value.utf8)))) else {
                whenInvalid(InvalidLine(index: index, name: name))
                continue
            }
            append(name, value)
        }
    }
}
