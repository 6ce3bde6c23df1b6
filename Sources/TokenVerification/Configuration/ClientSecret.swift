internal import WireFormat

/// A secret with which this server authenticates itself (RFC 6749 §2.3.1, RFC 6750). Its descriptions are redacted.
public struct ClientSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The longest secret in bytes.
    public static let maximumBytes = 4_096

    /// Text without control characters, not empty.
    let text: String

    /// A secret that the program has read.
    ///
    /// - Throws: ``ConfigurationError`` when the text is empty, too long, or holds control characters. It does not show the
    ///   text.
    public init(_ text: String) throws(ConfigurationError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// The secret that is a file's content. One line break (LF or CR LF) at the end is not part of it.
    ///
    /// - Throws: ``ConfigurationError`` when the file cannot be used, or its content as above.
    public init(file path: String) throws(ConfigurationError) {
        // Room for the line break.
        var bytes = try OperatorFile.read(path, setting: Self.setting, limit: Self.maximumBytes + 2)
        // Exactly one line break: any other content around the secret is a mistake, which is reported and not repaired.
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
            throw fault("is empty", "put the secret there that the authorization server shows for this client")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw fault("is longer than \(String(Self.maximumBytes)) bytes", "put the client secret alone there")
        }
        // RFC 6749 appendix A.2 allows VSCHAR; appendix B says how to send more than that, which servers issue too.
        guard let text = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw fault(
                "holds a line break, a control character or bytes that are not UTF-8",
                "make the secret the whole content, with at most one line break behind it")
        }
        self.text = text
    }

    private static let setting: ConfigurationError.Path = "clientSecret"

    /// `<client secret>`
    public var description: String { "<client secret>" }
    /// `<client secret>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
