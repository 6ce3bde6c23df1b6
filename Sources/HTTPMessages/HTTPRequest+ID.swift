extension HTTPRequest {
    /// The identifier of a request, which an access log and the events of a guard share. It is the server's own: no
    /// client can choose it.
    public struct ID: Sendable, Hashable, CustomStringConvertible {
        /// The number.
        public let number: UInt64

        /// An identifier.
        public init(_ number: UInt64) {
            self.number = number
        }

        /// 16 hexadecimal digits.
        public var description: String {
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
    }
}
