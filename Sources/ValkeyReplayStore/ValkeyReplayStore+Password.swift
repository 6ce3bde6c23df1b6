public import TokenVerification

extension ValkeyReplayStore {
    /// The password of a server. Its descriptions do not contain it.
    public struct Password: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// The largest password in bytes.
        public static let maximumBytes = 4_096

        private enum Source {
            case text(String)
            case file(String)
        }

        private let source: Source

        /// Makes a password from a text that the program has read.
        ///
        /// - Throws: ``TokenVerification/ConfigurationError`` when the text is empty, is too long, or contains control
        ///   characters. The error does not contain the text.
        public init(_ text: String) throws(ConfigurationError) {
            source = .text(try Self.checked(Array(text.utf8)))
        }

        /// Names a file whose content is the password, without one line break (LF or CR LF) at the end. It is read now,
        /// and again for each connection, so that the password can be changed while the program runs.
        ///
        /// The file must be a regular file that neither its group nor others can write, and root or the user of this
        /// program must own it.
        ///
        /// - Throws: ``TokenVerification/ConfigurationError`` when the file cannot be read, or when its content is not
        ///   a password: see ``init(_:)``.
        public init(file path: String) throws(ConfigurationError) {
            _ = try Self.read(path)
            source = .file(path)
        }

        /// The password now; nil when its file cannot be used any more. Blocks on the file system.
        func present() -> String? {
            switch source {
            case .text(let text): text
            case .file(let path): try? Self.read(path)
            }
        }

        private static let setting: ConfigurationError.Path = "password"

        private static func read(_ path: String) throws(ConfigurationError) -> String {
            // The limit leaves room for the line break.
            var bytes = try OperatorFile.read(path, setting: setting, limit: maximumBytes + 2)
            if bytes.last == 0x0A {
                bytes.removeLast()
                if bytes.last == 0x0D { bytes.removeLast() }
            }
            return try checked(bytes)
        }

        private static func checked(_ bytes: [UInt8]) throws(ConfigurationError) -> String {
            guard (1...maximumBytes).contains(bytes.count), let text = String(validating: bytes, as: UTF8.self),
                bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else {
                throw ConfigurationError([
                    .init(
                        setting, "is empty, too long, or holds a control character or bytes that are not UTF-8",
                        "use a value that contains only the password, with at most one line break at the end")
                ])
            }
            return text
        }

        /// A fixed text, `<password>`.
        public var description: String { "<password>" }
        /// A fixed text, `<password>`.
        public var debugDescription: String { description }
        /// A mirror without members, so that a dump does not show the password.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}
