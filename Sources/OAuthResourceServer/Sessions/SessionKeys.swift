internal import JOSE
public import TokenVerification
internal import WireFormat

/// The secret keys with which a guard binds MCP sessions to their owners: see ``SessionBinding``.
///
/// The first key binds new sessions. Sessions of the further keys are still accepted, so that a key can be replaced
/// without ending sessions: put the new key first, and remove the old one when its sessions are over. Every instance
/// of a server needs the same keys. Before the first one binds with a new key, all others must accept it.
///
/// The descriptions contain no key.
public struct SessionKeys: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The acceptable lengths of a key in bytes.
    public static let lengths = SecretKeyLines.lengths
    /// The acceptable numbers of keys. Each request with an unknown session is compared with all of them.
    public static let counts = 1...8
    /// The keys, the current one first.
    let all: [[UInt8]]

    /// A random key of this process, the same for every guard. The sessions end with the process.
    public static let ofThisProcess = SessionKeys(all: [RandomBytes.make(32)])

    /// Keys that the program has read.
    ///
    /// - Parameters:
    ///   - current: The key for new sessions, of ``lengths`` bytes. It should be random.
    ///   - previous: Keys whose sessions are still accepted.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault. It contains no key.
    public init(current: [UInt8], previous: [[UInt8]] = []) throws(ConfigurationError) {
        all = try SecretKeyLines([current] + previous, counts: Self.counts, setting: Self.setting).all
    }

    /// Reads keys from a file: one key a line, the current one first. A key is the line as it stands, without its line
    /// break, in visible ASCII characters. Empty lines and lines that begin with `#` are ignored.
    ///
    /// `openssl rand -base64 32` prints a line that is a key.
    ///
    /// It must be a regular file of at most 16,384 bytes that neither its group nor others can write, and root or the
    /// user of this program must own it. If others can write its folder, the folder must have the sticky bit. A file or
    /// folder that is a mount point, as in containers, may have another owner, and the folder may be writable. Blocks
    /// on the file system: call it at start-up.
    ///
    /// - Throws: ``TokenVerification/ConfigurationError`` when the file cannot be read, or with every fault of the
    ///   keys, by line number. It contains no key.
    public init(file path: String) throws(ConfigurationError) {
        all = try SecretKeyLines(file: path, counts: Self.counts, setting: Self.setting).all
    }

    private init(all: [[UInt8]]) {
        self.all = all
    }

    private static let setting: ConfigurationError.Path = "sessionKeys"

    /// The number of keys only.
    public var description: String { "<\(all.count) session keys>" }
    /// The number of keys only.
    public var debugDescription: String { description }
    /// A mirror without members, so that a dump does not show a key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
