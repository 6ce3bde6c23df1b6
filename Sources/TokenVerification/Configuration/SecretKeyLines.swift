internal import JOSE
internal import WireFormat

/// Secret keys that an operator keeps, the current one first: for MCP sessions, and for nonces of DPoP proofs.
///
/// No fault contains a key.
package struct SecretKeyLines: Sendable {
    /// The acceptable lengths of a key in bytes.
    package static let lengths = 32...1_024
    /// The largest key file in bytes.
    package static let maximumFileBytes = 16_384

    /// The keys, at least one.
    package let all: [[UInt8]]

    /// Checks keys that the program has read.
    ///
    /// - Parameters:
    ///   - keys: The keys, the current one first.
    ///   - counts: The acceptable numbers of keys.
    ///   - setting: What faults name.
    package init(
        _ keys: [[UInt8]], counts: ClosedRange<Int>, setting: ConfigurationError.Path
    ) throws(ConfigurationError) {
        try self.init(keys.enumerated().map { (setting[$0.offset], $0.element) }, counts, setting)
    }

    /// Reads keys from a file: one key a line, the current one first. A key is the line as it stands, without its line
    /// break, in visible ASCII characters. Empty lines and lines that begin with `#` are ignored. Blocks on the file
    /// system.
    package init(
        file path: String, counts: ClosedRange<Int>, setting: ConfigurationError.Path
    ) throws(ConfigurationError) {
        let text = try OperatorFile.read(path, setting: setting, limit: Self.maximumFileBytes)
        var keys: [(ConfigurationError.Path, [UInt8])] = []
        var faults: ConfigurationFaults = []
        for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            // The line break may be CR LF.
            let line = line.last == 0x0D ? line.dropLast() : line
            guard !line.isEmpty, line.first != UInt8(ascii: "#") else { continue }
            let path = setting + .init([.line(index + 1)])
            keys.append((path, Array(line)))
            if !line.allSatisfy({ (0x21...0x7E).contains($0) }) {
                faults.add(path, "holds bytes that are not visible ASCII characters", Self.remedy)
            }
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        try self.init(keys, counts, setting)
    }

    private init(
        _ keys: [(path: ConfigurationError.Path, key: [UInt8])], _ counts: ClosedRange<Int>,
        _ setting: ConfigurationError.Path
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        for (index, entry) in keys.enumerated() {
            if !Self.lengths.contains(entry.key.count) {
                faults.add(entry.path, "is a key of a length outside \(Self.lengths.text) bytes", Self.remedy)
            } else if keys[..<index].contains(where: { ConstantTime.equals($0.key, entry.key) }) {
                faults.add(entry.path, "repeats an earlier key", "name each key once")
            }
        }
        if !counts.contains(keys.count) {
            faults.add(
                setting, "has a number of keys outside \(counts.text)",
                keys.isEmpty ? Self.remedy : "remove old keys")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        all = keys.map(\.key)
    }

    private static let remedy: ConfigurationError.Text = "make a key with: openssl rand -base64 32"
}
