internal import WireFormat

/// The secret with which this server authenticates to an authorization server (RFC 6749 §2.3.1, RFC 6750). Its
/// descriptions do not contain it.
public struct ClientSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The largest secret in bytes.
    public static let maximumBytes = 4_096

    /// The secret: a non-empty text without control characters.
    let text: String

    /// Makes a secret from a text that the program has read.
    ///
    /// - Throws: ``ConfigurationError`` when the text is empty, is too long, or contains control characters. The error
    ///   does not contain the text.
    public init(_ text: String) throws(ConfigurationError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// Reads a secret from a file. The secret is the whole content, without one line break (LF or CR LF) at the end.
    ///
    /// The file must be a regular file that neither its group nor others can write, and root or the user of this
    /// program must own it. If others can write its folder, the folder must have the sticky bit. A file or folder that
    /// is a mount point, as in containers, may have another owner, and the folder may be writable.
    ///
    /// - Throws: ``ConfigurationError`` when the file cannot be read, or when its content is not a secret: see
    ///   ``init(_:)``.
    public init(file path: String) throws(ConfigurationError) {
        // The limit leaves room for the line break.
        var bytes = try OperatorFile.read(path, setting: Self.setting, limit: Self.maximumBytes + 2)
        // Exactly one line break is removed. More of them are a mistake, which is reported and not repaired.
        if bytes.last == 0x0A {
            bytes.removeLast()
            if bytes.last == 0x0D { bytes.removeLast() }
        }
        try self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) throws(ConfigurationError) {
        func fault(_ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text) -> ConfigurationError {
            ConfigurationError([.init(Self.setting, reason, remedy)])
        }
        guard !bytes.isEmpty else {
            throw fault("is empty", "set it to the client secret that the authorization server shows for this client")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw fault("is longer than \(String(Self.maximumBytes)) bytes", "set it to the client secret only")
        }
        // RFC 6749 appendix A.2 allows only VSCHAR. Authorization servers also issue other characters, and appendix B
        // says how to send them.
        guard let text = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw fault(
                "holds a line break, a control character or bytes that are not UTF-8",
                "use a value that contains only the secret, with at most one line break at the end")
        }
        self.text = text
    }

    private static let setting: ConfigurationError.Path = "clientSecret"

    /// A fixed text, `<client secret>`.
    public var description: String { "<client secret>" }
    /// A fixed text, `<client secret>`.
    public var debugDescription: String { description }
    /// A mirror without members, so that a dump does not show the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
