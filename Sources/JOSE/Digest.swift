internal import CLibcrypto

/// SHA-256 (FIPS 180-4).
package enum Digest {
    /// The 32 bytes.
    package static func sha256(_ message: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let done = unsafe message.withUnsafeBufferPointer { message -> Int32 in
                guard let out = buffer.baseAddress else { return -1 }
                return unsafe lcrypto_sha256(message.baseAddress, message.count, out)
            }
            precondition(done == 1, "libcrypto has no SHA-256; nothing can be verified without it.")
            count = 32
        }
    }
}

/// A SHA-256 value, made, compared and looked up without an allocation.
package struct SHA256Digest: Sendable, Hashable {
    /// The first 8 bytes, big-endian. As good as random, unless somebody searched for a message.
    package let prefix: UInt64
    private let second, third, fourth: UInt64

    private init(_ words: (UInt64, UInt64, UInt64, UInt64)) {
        prefix = UInt64(bigEndian: words.0)
        second = UInt64(bigEndian: words.1)
        third = UInt64(bigEndian: words.2)
        fourth = UInt64(bigEndian: words.3)
    }

    /// The digest of a message.
    package init(of message: [UInt8]) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let done = unsafe withUnsafeMutableBytes(of: &words) { words -> Int32 in
            unsafe message.withUnsafeBufferPointer { message -> Int32 in
                // The four words are 32 bytes, as many as are written.
                guard let out = unsafe words.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return -1 }
                return unsafe lcrypto_sha256(message.baseAddress, message.count, out)
            }
        }
        precondition(done == 1, "libcrypto has no SHA-256; nothing can be verified without it.")
        self.init(words)
    }

    /// The digest that these bytes are; nil unless there are 32.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
        self.init(words)
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    package func equalsInConstantTime(_ other: SHA256Digest) -> Bool {
        let difference =
            (prefix ^ other.prefix) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth)
        return difference == 0
    }
}

/// Random bytes from libcrypto's generator.
package enum RandomBytes {
    /// `count` bytes. Stops the program when the generator fails: guessable secrets are worse.
    package static func make(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let out = buffer.baseAddress, count > 0 {
                let done = unsafe lcrypto_random(out, count)
                precondition(done == 1, "libcrypto's random generator failed.")
            }
            initialized = count
        }
    }
}

/// Comparison of secrets.
package enum ConstantTime {
    /// Whether both are the same bytes, in a time that depends on their lengths alone.
    package static func equals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe lcrypto_equal(left.baseAddress, right.baseAddress, left.count) == 1
            }
        }
    }
}
