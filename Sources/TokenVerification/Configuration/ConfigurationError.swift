/// Everything that is wrong with a configuration, at once.
///
/// ``faults`` is the data, for a program that shows it in its own way. ``lines`` is one line for each fault, with the names that
/// the operator used: `tokens.issuers[0].keys` for a configuration from code, `OAUTH_JWKS_URL` for one from the environment.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The faults, at least one.
    public let faults: [Fault]
    /// What to show: one line for each fault, in the same order. No line holds a secret.
    public let lines: [String]

    /// An error of several faults, shown with the names of the code.
    public init(_ faults: [Fault]) {
        self.init(faults, shownBy: FaultRenderer.code)
    }

    /// An error of several faults, shown by another renderer.
    package init(_ faults: [Fault], shownBy renderer: FaultRenderer) {
        self.faults = faults
        lines = faults.map(renderer.line)
    }

    /// The settings of the faults, as the code spells them.
    package var settings: [String] { faults.map { FaultRenderer.codeName($0.path) } }

    /// One line for each fault.
    public var description: String { lines.joined(separator: "\n") }
}

extension ConfigurationError {
    /// One fault: where it is, what is wrong, and what to do.
    public struct Fault: Sendable, Hashable {
        /// The setting.
        public let path: Path
        /// What is wrong: the predicate of a sentence about the setting.
        public let reason: Text
        /// What to do: an imperative.
        public let remedy: Text

        /// A fault of a setting.
        public init(_ path: Path, _ reason: Text, _ remedy: Text) {
            self.path = path
            self.reason = reason
            self.remedy = remedy
        }

        /// The same fault of a setting inside another one.
        package func inside(_ outer: Path) -> Fault {
            Fault(outer + path, reason, remedy)
        }
    }

    /// The place of a setting, from the outside in: `tokens`, `issuers`, element 1, `keys`.
    public struct Path: Sendable, Hashable, ExpressibleByStringLiteral {
        /// One step inwards.
        public enum Step: Sendable, Hashable {
            /// A member of a value.
            case member(String)
            /// An element of a list, counted from 0.
            case element(Int)
            /// A line of a file, counted from 1.
            case line(Int)
            /// An environment variable, for a fault that only the environment can have.
            case variable(String)
        }

        /// The steps, outermost first.
        public let steps: [Step]

        /// A path of these steps.
        public init(_ steps: [Step]) {
            self.steps = steps
        }

        /// A member; a member of a member is a path of its own, added with `+`.
        public init(stringLiteral name: String) {
            steps = [.member(name)]
        }

        /// An element of the list at this path, counted from 0.
        public subscript(index: Int) -> Path { Path(steps + [.element(index)]) }

        /// A setting inside the one at the left.
        public static func + (outer: Path, inner: Path) -> Path { Path(outer.steps + inner.steps) }
    }

    /// A text that may name settings and values. A renderer chooses how they are spelled.
    public struct Text: Sendable, Hashable, ExpressibleByStringInterpolation {
        /// A part of the text.
        public enum Piece: Sendable, Hashable {
            /// Words that do not depend on where the configuration comes from.
            case words(String)
            /// The name of a setting.
            case setting(Path)
            /// Words that differ: how the code says it, and how the environment says it.
            case either(code: String, environment: String)
        }

        /// Collects the pieces of a literal.
        public struct StringInterpolation: StringInterpolationProtocol {
            fileprivate var pieces: [Piece] = []

            /// An empty collection.
            public init(literalCapacity: Int, interpolationCount: Int) {}

            /// Words.
            public mutating func appendLiteral(_ words: String) {
                if !words.isEmpty { pieces.append(.words(words)) }
            }

            /// Words that are computed, such as a range.
            public mutating func appendInterpolation(_ words: String) {
                appendLiteral(words)
            }

            /// The name of a setting.
            public mutating func appendInterpolation(_ setting: Path) {
                pieces.append(.setting(setting))
            }

            /// Words that differ between code and environment.
            public mutating func appendInterpolation(code: String, environment: String) {
                pieces.append(.either(code: code, environment: environment))
            }
        }

        /// The parts, in order.
        public let pieces: [Piece]

        /// A text of words.
        public init(stringLiteral words: String) {
            pieces = words.isEmpty ? [] : [.words(words)]
        }

        /// A text of words, settings and values.
        public init(stringInterpolation: StringInterpolation) {
            pieces = stringInterpolation.pieces
        }

        /// A text that is computed.
        public init(_ words: String) {
            self.init(stringLiteral: words)
        }

        /// One text behind another.
        public static func + (left: Text, right: Text) -> Text { Text(pieces: left.pieces + right.pieces) }

        private init(pieces: [Piece]) {
            self.pieces = pieces
        }
    }
}
