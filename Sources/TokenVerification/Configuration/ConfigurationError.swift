/// All faults of a configuration.
///
/// ``faults`` is data, for a program that displays the faults in its own way. ``lines`` is text with one line for each
/// fault. It uses the names that the operator knows: `tokens.issuers[0].keys` for a configuration from code,
/// `OAUTH_JWKS_URL` for one from the environment.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The faults; at least one.
    public let faults: [Fault]
    /// One line for each fault, in the same order, for the operator. No line contains a secret.
    public let lines: [String]

    /// Makes an error whose lines use the names of the code.
    public init(_ faults: [Fault]) {
        self.init(faults, shownBy: FaultRenderer.code)
    }

    /// Makes an error whose lines come from a renderer.
    package init(_ faults: [Fault], shownBy renderer: FaultRenderer) {
        self.faults = faults
        lines = faults.map(renderer.line)
    }

    /// The paths of the faults, as the code spells them.
    package var settings: [String] { faults.map { FaultRenderer.codeName($0.path) } }

    /// One line for each fault.
    public var description: String { lines.joined(separator: "\n") }
}

extension ConfigurationError {
    /// One fault: the setting, what is wrong, and what to do.
    public struct Fault: Sendable, Hashable {
        /// The setting that has the fault.
        public let path: Path
        /// What is wrong. The text continues a sentence that begins with the setting's name, such as "is empty".
        public let reason: Text
        /// What to do, in the imperative, such as "remove it".
        public let remedy: Text

        /// Makes a fault of a setting.
        public init(_ path: Path, _ reason: Text, _ remedy: Text) {
            self.path = path
            self.reason = reason
            self.remedy = remedy
        }

        /// The same fault with the path of an enclosing setting in front.
        package func inside(_ outer: Path) -> Fault {
            Fault(outer + path, reason, remedy)
        }
    }

    /// The path to a setting, outermost step first: `tokens`, `issuers`, element 1, `keys`.
    public struct Path: Sendable, Hashable, ExpressibleByStringLiteral {
        /// One step of a path.
        public enum Step: Sendable, Hashable {
            /// A member of a value.
            case member(String)
            /// An element of a list, counted from 0.
            case element(Int)
            /// A line of a file, counted from 1.
            case line(Int)
            /// An environment variable, for a fault that has no member in code, such as an unknown variable.
            case variable(String)
        }

        /// The steps, outermost first.
        public let steps: [Step]

        /// Makes a path of these steps.
        public init(_ steps: [Step]) {
            self.steps = steps
        }

        /// Makes a path of one member. For a member of a member, add two paths with `+`.
        public init(stringLiteral name: String) {
            steps = [.member(name)]
        }

        /// The path to an element of the list at this path, counted from 0.
        public subscript(index: Int) -> Path { Path(steps + [.element(index)]) }

        /// The path to `inner`, which is a setting inside `outer`.
        public static func + (outer: Path, inner: Path) -> Path { Path(outer.steps + inner.steps) }
    }

    /// A text that can contain names of settings and values. The renderer chooses their spelling.
    public struct Text: Sendable, Hashable, ExpressibleByStringInterpolation {
        /// One part of a text.
        public enum Piece: Sendable, Hashable {
            /// Words that are the same for every kind of configuration.
            case words(String)
            /// The name of a setting.
            case setting(Path)
            /// Words that differ between a configuration from code and one from the environment.
            case either(code: String, environment: String)
        }

        /// Collects the pieces of a string literal.
        public struct StringInterpolation: StringInterpolationProtocol {
            fileprivate var pieces: [Piece] = []

            /// Makes an empty collection.
            public init(literalCapacity: Int, interpolationCount: Int) {}

            /// Appends words.
            public mutating func appendLiteral(_ words: String) {
                if !words.isEmpty { pieces.append(.words(words)) }
            }

            /// Appends computed words, such as a range.
            public mutating func appendInterpolation(_ words: String) {
                appendLiteral(words)
            }

            /// Appends the name of a setting.
            public mutating func appendInterpolation(_ setting: Path) {
                pieces.append(.setting(setting))
            }

            /// Appends words that differ between code and environment.
            public mutating func appendInterpolation(code: String, environment: String) {
                pieces.append(.either(code: code, environment: environment))
            }
        }

        /// The pieces, in order.
        public let pieces: [Piece]

        /// Makes a text of fixed words.
        public init(stringLiteral words: String) {
            pieces = words.isEmpty ? [] : [.words(words)]
        }

        /// Makes a text of words, settings and values.
        public init(stringInterpolation: StringInterpolation) {
            pieces = stringInterpolation.pieces
        }

        /// Makes a text of computed words.
        public init(_ words: String) {
            self.init(stringLiteral: words)
        }

        /// The concatenation of two texts.
        public static func + (left: Text, right: Text) -> Text { Text(pieces: left.pieces + right.pieces) }

        private init(pieces: [Piece]) {
            self.pieces = pieces
        }
    }
}
