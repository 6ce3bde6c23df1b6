internal import CLibcrypto

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1), for values that this program makes and later gets back.
///
/// It does not belong to the algorithms of tokens: ``SignatureAlgorithm`` cannot represent HMAC, so no token can be
/// verified with a shared key.
package enum HMACSHA256 {
    /// Whether libcrypto has the algorithm. Ask before the first use, which would end the program otherwise.
    package static var isAvailable: Bool { codeOrNil(of: [], key: [0]) != nil }

    /// Returns the 32 bytes of the code.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        guard let code = codeOrNil(of: message, key: key) else {
            preconditionFailure(
                "HMAC-SHA-256 is not available in libcrypto; install an OpenSSL with its default provider.")
        }
        return code
    }

    private static func codeOrNil(of message: [UInt8], key: [UInt8]) -> [UInt8]? {
        var isDone = false
        let code = unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let done = unsafe message.withUnsafeBufferPointer { message -> Int32 in
                unsafe key.withUnsafeBufferPointer { key in
                    // The C function writes 32 bytes: the capacity of the buffer.
                    guard let out = buffer.baseAddress else { return -1 }
                    return unsafe lcrypto_hmac_sha256(
                        key.baseAddress, key.count, message.baseAddress, message.count, out)
                }
            }
            isDone = done == 1
            count = isDone ? 32 : 0
        }
        return isDone ? code : nil
    }
}
