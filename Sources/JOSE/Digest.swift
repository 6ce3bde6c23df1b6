internal import CLibcrypto
internal import WireFormat

/// SHA-256 (FIPS 180-4).
package enum Digest {
    /// Returns the 32 bytes of the digest.
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

/// A SHA-256 digest that is made, compared and looked up without an allocation.
///
/// `@usableFromInline`: otherwise the compiler would not inline the comparison into other modules.
@usableFromInline
package struct SHA256Digest: Sendable, Hashable {
    /// The first 8 bytes as a big-endian number. Evenly distributed, unless an attacker searches for messages with a
    /// chosen prefix.
    @usableFromInline package let prefix: UInt64
    @usableFromInline let second, third, fourth: UInt64

    private init(_ words: (UInt64, UInt64, UInt64, UInt64)) {
        prefix = UInt64(bigEndian: words.0)
        second = UInt64(bigEndian: words.1)
        third = UInt64(bigEndian: words.2)
        fourth = UInt64(bigEndian: words.3)
    }

    /// Computes the digest of a message.
    package init(of message: borrowing [UInt8]) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let done = unsafe withUnsafeMutableBytes(of: &words) { words -> Int32 in
            unsafe message.withUnsafeBufferPointer { message -> Int32 in
                // The C function writes 32 bytes: the size of the four words.
                guard let out = unsafe words.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return -1 }
                return unsafe lcrypto_sha256(message.baseAddress, message.count, out)
            }
        }
        precondition(done == 1, "libcrypto has no SHA-256; nothing can be verified without it.")
        self.init(words)
    }

    /// Takes the one base64url spelling of a digest; nil for every other text.
    package init?(base64URL text: Span<UInt8>) {
        guard Base64URL.decodedCount(of: text.count) == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let written = unsafe withUnsafeMutableBytes(of: &words) { words -> Int? in
            // The memory of the four words is used as 32 bytes, and as nothing else.
            let target = unsafe words.assumingMemoryBound(to: UInt8.self)
            return unsafe text.withUnsafeBufferPointer { unsafe Base64URL.decode($0, into: target) }
        }
        guard written == 32 else { return nil }
        self.init(words)
    }

    /// Takes the 32 bytes of a digest; nil for another number of bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
        self.init(words)
    }

    /// The 32 bytes of the digest.
    package var bytes: [UInt8] {
        let words = (prefix.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
        return unsafe withUnsafeBytes(of: words) { unsafe Array($0) }
    }

    /// The one base64url spelling of the digest.
    package var base64URL: String { Base64URL.encode(bytes) }

    /// Whether both digests are equal.
    @inlinable
    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
        left.prefix == right.prefix && left.second == right.second && left.third == right.third
            && left.fourth == right.fourth
    }

    /// Whether both digests are equal. The time does not depend on where they differ.
    package func equalsInConstantTime(_ other: SHA256Digest) -> Bool {
        let difference =
            (prefix ^ other.prefix) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth)
        return difference == 0
    }
}

/// Random bytes from libcrypto's generator.
package enum RandomBytes {
    /// Returns `count` random bytes. Stops the program when the generator fails, because a secret would be guessable.
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

/// Comparison of secrets in constant time.
package enum ConstantTime {
    /// Whether both have the same bytes. The time depends only on the lengths.
    package static func equals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe lcrypto_equal(left.baseAddress, right.baseAddress, left.count) == 1
            }
        }
    }
}
