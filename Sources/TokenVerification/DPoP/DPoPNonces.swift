internal import JOSE
internal import WireFormat

/// Nonces for DPoP proofs that need no memory: a time and its MAC (RFC 9449 §8).
///
/// A nonce is good for ``lifetime`` after it was made, by any instance that has the same key. Immutable; any number of
/// tasks may use it.
public struct DPoPNonces: Sendable, CustomStringConvertible, CustomReflectable {
    /// How long a nonce is good, in seconds.
    public static let lifetime = 300
    /// The acceptable lengths of a key in bytes.
    public static let keyLengths = SecretKeyLines.lengths

    private static let domain = Array("dpop-nonce\0".utf8)
    private static let macBytes = 16
    private let keys: [[UInt8]]

    /// Makes nonces with a random key of this process.
    public init() {
        keys = [RandomBytes.make(32)]
    }

    /// Makes nonces with keys that several instances share.
    ///
    /// - Parameters:
    ///   - current: The key of new nonces, of ``keyLengths`` bytes. It should be random.
    ///   - previous: A key whose nonces are still good, for a rotation.
    /// - Throws: ``ConfigurationError`` with every fault. It contains no key.
    public init(current: [UInt8], previous: [UInt8]? = nil) throws(ConfigurationError) {
        keys = try SecretKeyLines(
            [current] + (previous.map { [$0] } ?? []), counts: Self.counts, setting: Self.setting
        ).all
    }

    /// Reads one or two keys from a file: one key a line, the current one first. A key is the line as it stands,
    /// without its line break, in visible ASCII characters. Empty lines and lines that begin with `#` are ignored.
    ///
    /// `openssl rand -base64 32` prints a line that is a key. Every instance of a server needs the same keys. Before
    /// the first one makes nonces with a new key, all others must accept it. Remove the old key ``lifetime`` seconds
    /// after its last use, or later.
    ///
    /// The file has the same rules as one of static tokens: see ``StaticTokenList``. Blocks on the file system: call it
    /// at start-up.
    ///
    /// - Throws: ``ConfigurationError`` when the file cannot be read, or with every fault of the keys, by line number.
    ///   It contains no key.
    public init(file path: String) throws(ConfigurationError) {
        keys = try SecretKeyLines(file: path, counts: Self.counts, setting: Self.setting).all
    }

    private static let counts = 1...2
    private static let setting: ConfigurationError.Path = "nonceKeys"

    /// A new nonce: 32 characters of base64url.
    ///
    /// - Parameter now: Seconds since 1970.
    public func make(now: Double) -> String {
        let time = Self.bytes(of: now)
        return Base64URL.encode(time + Self.mac(of: time, keys[0]))
    }

    /// Whether a nonce was made with one of the keys, at most ``lifetime`` ago. Nonces of the future are refused beyond
    /// the same time, because the clocks of instances differ.
    public func admits(_ nonce: String, now: Double) -> Bool { verdict(on: nonce, now: now) != nil }

    /// What an acceptable nonce is.
    enum Verdict: Sendable, Hashable {
        /// It is good for at least half of ``DPoPNonces/lifetime``.
        case fresh
        /// The client should get a new one.
        case expiresSoon
    }

    /// The verdict on a nonce; nil when it is not acceptable.
    func verdict(on nonce: String, now: Double) -> Verdict? {
        guard nonce.utf8.count == 32, let bytes = Base64URL.decode(nonce), bytes.count == 8 + Self.macBytes else {
            return nil
        }
        let time = Array(bytes.prefix(8))
        let mac = Array(bytes.suffix(Self.macBytes))
        guard let key = keys.firstIndex(where: { ConstantTime.equals(Self.mac(of: time, $0), mac) }) else { return nil }
        let made = time.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let age = now - Double(made)
        guard abs(age) <= Double(Self.lifetime) else { return nil }
        // The previous key may be removed soon.
        return key == 0 && age * 2 <= Double(Self.lifetime) ? .fresh : .expiresSoon
    }

    /// Shows no key.
    public var description: String { "<DPoP nonces>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func bytes(of now: Double) -> [UInt8] {
        let seconds = UInt64(max(0, now))
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: seconds >> UInt64($0)) }
    }

    private static func mac(of time: [UInt8], _ key: [UInt8]) -> [UInt8] {
        Array(HMACSHA256.code(of: domain + time, key: key).prefix(macBytes))
    }
}
