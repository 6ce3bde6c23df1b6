internal import WireFormat

/// Why a text cannot be a client secret. No case holds the text.
public enum ClientSecretError: Error, Sendable, Hashable {
    /// There is nothing.
    case empty
    /// A line break, another control character, or bytes that are no UTF-8.
    case notText
    /// Longer than ``ClientSecret/maximumBytes``.
    case tooLong
    /// The file cannot be used.
    case file(OperatorFileError)

    /// What is wrong and what to do, for the operator.
    public var explanation: String {
        switch self {
        case .empty: "is empty; put the secret there that the authorization server shows for this client"
        case .notText:
            "holds a line break, a control character or bytes that are no text; the secret must be the whole content, "
                + "with one line break behind it at most"
        case .tooLong: "is longer than \(ClientSecret.maximumBytes) bytes, which no client secret is"
        case .file(let error): error.explanation
        }
    }
}

/// A secret with which this server authenticates itself (RFC 6749 §2.3.1, RFC 6750). Its descriptions are redacted.
public struct ClientSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The longest secret in bytes.
    public static let maximumBytes = 4_096

    /// Text without control characters, not empty.
    let text: String

    /// A secret at hand.
    ///
    /// - Throws: ``ClientSecretError``.
    public init(_ text: String) throws(ClientSecretError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// The secret that is a file's content. One line break (LF or CR LF) at the end is not part of it.
    ///
    /// - Throws: ``ClientSecretError``.
    public init(file path: String) throws(ClientSecretError) {
        var bytes: [UInt8]
        do throws(OperatorFileError) {
            // Room for the line break.
            bytes = try OperatorFile.read(path, limit: Self.maximumBytes + 2)
        } catch {
            throw .file(error)
        }
        // Exactly one: what else stands there is a mistake to be told, not to be repaired.
        if bytes.last == 0x0A {
            bytes.removeLast()
            if bytes.last == 0x0D { bytes.removeLast() }
        }
        try self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) throws(ClientSecretError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.maximumBytes else { throw .tooLong }
        // RFC 6749 appendix A.2 allows VSCHAR; appendix B says how to send more than that, which servers issue too.
        guard let text = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .notText
        }
        self.text = text
    }

    /// `<client secret>`
    public var description: String { "<client secret>" }
    /// `<client secret>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
