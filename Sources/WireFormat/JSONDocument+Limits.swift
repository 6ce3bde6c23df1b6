extension JSONDocument {
    /// The limits of the JSON parser.
    public struct Limits: Sendable, Hashable {
        /// The deepest nesting of arrays and objects; default 16. A negative value counts as 0. A value above 128
        /// counts as 128, so that no walk over a JSON value exhausts the stack.
        public var maximumDepth: Int
        /// The largest text in bytes, checked first; default 1 MiB. A value above 4 GiB − 1 counts as 4 GiB − 1.
        public var maximumBytes: Int

        /// Limits.
        public init(maximumDepth: Int = 16, maximumBytes: Int = 1_048_576) {
            self.maximumDepth = maximumDepth
            self.maximumBytes = maximumBytes
        }

        var effectiveDepth: Int { min(max(maximumDepth, 0), 128) }
        var effectiveBytes: Int { min(max(maximumBytes, 0), Int(UInt32.max)) }
    }
}
