internal import CHiredis

/// The commands that a store sends, in the bytes of the protocol.
enum ServerCommand {
    /// Records a key unless it exists: the server answers `OK` or nil. Returns nil when memory is exhausted.
    static func setIfAbsent(_ key: String, milliseconds: Int64) -> [UInt8]? {
        encode(["SET", key, "1", "NX", "PX", String(milliseconds)])
    }

    /// Writes a key, whether it exists or not. The answer is `OK`.
    static func set(_ key: String, milliseconds: Int64) -> [UInt8]? {
        encode(["SET", key, "1", "PX", String(milliseconds)])
    }

    /// Sends the password. The answer is `OK`. Without a user it is understood by servers before Redis 6 too.
    static func authenticate(user: String?, password: String) -> [UInt8]? {
        encode(["AUTH"] + (user.map { [$0] } ?? []) + [password])
    }

    /// Chooses the database. The answer is `OK`.
    static func select(_ database: Int) -> [UInt8]? {
        encode(["SELECT", String(database)])
    }

    /// Asks for the limits of the server's memory. The answer is a text.
    static func memory() -> [UInt8]? {
        encode(["INFO", "memory"])
    }

    private static func encode(_ parts: [String]) -> [UInt8]? {
        let bytes = parts.flatMap { $0.utf8 }
        let lengths = parts.map(\.utf8.count)
        // The protocol adds a line for the number of parts, and one for the length of each part.
        let capacity = bytes.count + 32 * (parts.count + 1)
        var isEncoded = false
        let encoded = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            // The arrays live during the call, and the lengths are those of the bytes.
            let written = unsafe chiredis_encode(bytes, lengths, lengths.count, buffer.baseAddress, capacity)
            isEncoded = written >= 0
            count = max(0, Int(written))
        }
        return isEncoded ? encoded : nil
    }
}
