extension IssuerConfiguration {
    /// A sentence about something that often goes wrong with the tokens of a product, for the operator.
    public struct Hint: Sendable, Hashable {
        /// The code of the refusal to which the hint belongs: see ``TokenRejection/code``.
        public let code: String
        /// The most likely cause, and what to do: one sentence. It is a constant of the program.
        public let sentence: String

        /// Makes a hint.
        public init(_ code: String, _ sentence: String) {
            self.code = code
            self.sentence = sentence
        }
    }
}
