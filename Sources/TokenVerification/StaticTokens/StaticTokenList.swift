internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// The list of access tokens that the operator has issued. It contains only their SHA-256, so that a reader of the list
/// cannot use the tokens.
///
/// The text has lines `name:hash` or `name:hash:scopes`. The name is 1…64 letters, digits, `.`, `_` and `-`. Several
/// lines may have the same name, so that a new token can replace an old one without interruption. The hash is the
/// SHA-256 of the whole token in 64 hexadecimal digits. The scopes are separated by spaces. Empty lines and lines that
/// begin with `#` are ignored. `mcp-auth static-token new` makes a token and its line.
public struct StaticTokenList: Sendable, CustomStringConvertible, CustomReflectable {
    /// The largest list in bytes.
    public static let maximumBytes = 1_048_576
    /// The largest number of tokens. Each request is compared with all of them.
    public static let maximumTokens = 1_000

    /// A line of the list.
    struct Entry: Sendable {
        let name: String
        let digest: SHA256Digest
        let scopes: ScopeSet
    }

    let entries: [Entry]

    /// Reads a list from a file.
    ///
    /// The file must be a regular file that neither its group nor others can write, and root or the user of this
    /// program must own it. If others can write its folder, the folder must have the sticky bit. A file or folder that
    /// is a mount point, as in containers, may have another owner, and the folder may be writable.
    ///
    /// - Throws: ``ConfigurationError`` when the file cannot be read, or with every fault of the list, by line number.
    public init(file path: String) throws(ConfigurationError) {
        try self.init(parsing: OperatorFile.read(path, setting: Self.setting, limit: Self.maximumBytes))
    }

    /// Parses a list.
    ///
    /// - Throws: ``ConfigurationError`` with every fault, by line number.
    public init(parsing text: [UInt8]) throws(ConfigurationError) {
        var entries: [Entry] = []
        var lines: [SHA256Digest: Int] = [:]
        var faults: ConfigurationFaults = []
        for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            // The line break may be CR LF.
            let line = line.last == 0x0D ? line.dropLast() : line
            guard !line.isEmpty, line.first != UInt8(ascii: "#") else { continue }
            do throws(LineFault) {
                let entry = try Self.entry(line)
                if let earlier = lines.updateValue(index + 1, forKey: entry.digest) { throw .repeated(line: earlier) }
                entries.append(entry)
            } catch {
                let line = ConfigurationError.Path([.line(index + 1)])
                faults.add(Self.setting + line, error.reason, error.remedy)
            }
        }
        if entries.isEmpty, faults.isEmpty {
            faults.add(
                Self.setting, "holds no token, so no request can be accepted",
                "make one with mcp-auth static-token new")
        }
        if entries.count > Self.maximumTokens {
            faults.add(
                Self.setting, "holds more than \(String(Self.maximumTokens)) tokens",
                "use an authorization server instead of static tokens")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.entries = entries
    }

    private static let setting: ConfigurationError.Path = "staticTokens"

    /// The fault of a line. No case contains text of the line, because it may be a token by mistake.
    private enum LineFault: Error {
        case fields
        case name
        case hash
        case token
        case scopes
        case repeated(line: Int)

        var reason: ConfigurationError.Text {
            switch self {
            case .fields: "is not name:hash or name:hash:scopes"
            case .name: "has a name that is not 1…64 letters, digits, '.', '_' and '-'"
            case .hash: "has a hash that is not 64 hexadecimal digits, the SHA-256 of the token"
            case .token: "holds a token where its hash belongs, so that every reader of this file can use it"
            case .scopes: "has a scope that is not printable ASCII without space, quote and backslash"
            case .repeated(let line): "has the hash of line \(String(line))"
            }
        }

        var remedy: ConfigurationError.Text {
            switch self {
            case .fields: "write a line as mcp-auth static-token new prints it"
            case .name: "choose another name"
            case .hash: "copy the line that mcp-auth static-token new prints"
            case .token: "throw the token away, and make another one with mcp-auth static-token new"
            case .scopes: "correct it"
            case .repeated: "remove one of them"
            }
        }
    }

    private static func entry(_ line: ArraySlice<UInt8>) throws(LineFault) -> Entry {
        // Only the first two colons separate fields: a scope may contain colons.
        let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count >= 2 else { throw .fields }
        let name = fields[0]
        guard (1...64).contains(name.count), name.allSatisfy(isNameByte) else { throw .name }
        guard !fields[1].starts(with: StaticToken.prefix.utf8) else { throw .token }
        guard let digest = digest(fields[1]) else { throw .hash }
        let scopes = ScopeSet(parsing: fields.count > 2 ? String(decoding: fields[2], as: UTF8.self) : "")
        guard let scopes else { throw .scopes }
        return Entry(name: String(decoding: name, as: UTF8.self), digest: digest, scopes: scopes)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: ASCII.isLetter(byte) || ASCII.isDigit(byte)
        }
    }

    private static func digest(_ text: ArraySlice<UInt8>) -> SHA256Digest? {
        guard text.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var index = text.startIndex
        while let octet = PercentEncoding.octet(in: text, at: index) {
            bytes.append(octet.byte)
            index = octet.end
        }
        return SHA256Digest(bytes: bytes)
    }

    /// The number of tokens only.
    public var description: String { "<\(entries.count) static tokens>" }
    /// A mirror without members, so that a dump does not show the list.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
