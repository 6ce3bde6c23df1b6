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
