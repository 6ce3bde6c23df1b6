internal import CLibcrypto
internal import WireFormat

/// A public key, imported once, with a verification context prepared for each algorithm that it may verify.
///
/// Immutable after construction; any number of threads may verify with it at once.
struct VerificationKey: Sendable {
    private let storage: Storage

    /// Imports RSA numbers after the checks that libcrypto leaves out (it takes an even modulus and exponent 1).
    init(modulus: [UInt8], exponent: [UInt8], algorithms: [SignatureAlgorithm]) throws(KeyDefect) {
        let modulus = modulus.drop { $0 == 0 }
        let exponent = exponent.drop { $0 == 0 }
        guard let top = modulus.first, let low = modulus.last, let exponentLow = exponent.last else {
            throw .malformed
        }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        // RFC 7518 §3.3: 2048 bits or more. Above 8192 one verification costs more than a request may.
        guard bits >= 2048 else { throw .modulusTooSmall }
        guard bits <= 8192 else { throw .modulusTooLarge }
        guard low & 1 == 1 else { throw .modulusEven }
        // RFC 8017 §3.1: odd, at least 3. At most 2^32 (so 32 bits, as it is odd): a long exponent costs 75 times as much.
        guard exponent.count <= 4, exponentLow & 1 == 1, exponent.count > 1 || exponentLow >= 3 else { throw .exponent }

        let modulusBytes = Array(modulus)
        let exponentBytes = Array(exponent)
        let imported = unsafe modulusBytes.withUnsafeBufferPointer { n in
            unsafe exponentBytes.withUnsafeBufferPointer { e -> OpaquePointer? in
                guard let nBase = n.baseAddress, let eBase = e.baseAddress else { return nil }
                return unsafe lcrypto_rsa_import(nBase, n.count, eBase, e.count)
            }
        }
        guard let imported = unsafe imported else { throw .refusedByLibrary }
        unsafe storage = try Storage(takingOver: imported, algorithms: algorithms)
    }

    /// Imports a point given by its two coordinates.
    init(curve: EllipticCurve, x: [UInt8], y: [UInt8], algorithms: [SignatureAlgorithm]) throws(KeyDefect) {
        // RFC 7518 §6.2.1.2: the full size of a coordinate, never shorter or longer.
        guard x.count == curve.coordinateBytes, y.count == curve.coordinateBytes else { throw .point }
        let imported = unsafe x.withUnsafeBufferPointer { x in
            unsafe y.withUnsafeBufferPointer { y -> OpaquePointer? in
                guard let xBase = x.baseAddress, let yBase = y.baseAddress else { return nil }
                return unsafe lcrypto_ec_import(curve.native, xBase, yBase, x.count)
            }
        }
        guard let imported = unsafe imported else { throw .point }
        unsafe storage = try Storage(takingOver: imported, algorithms: algorithms)
    }

    /// The algorithms that the key may verify.
    var algorithms: [SignatureAlgorithm] { storage.verifiers.map(\.algorithm) }

    /// Whether the signature over the first `count` bytes of `token` is this key's.
    ///
    /// - Throws: ``JOSEError/cryptographyUnavailable`` when libcrypto could not do its work.
    func verifies(
        _ signature: [UInt8], over token: [UInt8], count: Int, algorithm: SignatureAlgorithm
    ) throws(JOSEError) -> Bool {
        guard count <= token.count, let verifier = storage.verifiers.first(where: { $0.algorithm == algorithm }) else {
            return false
        }
        let result = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe token.withUnsafeBufferPointer { token -> Int32 in
                guard let signatureBase = signature.baseAddress, let tokenBase = token.baseAddress else { return 0 }
                return unsafe lcrypto_verify(verifier.context, signatureBase, signature.count, tokenBase, count)
            }
        }
        guard result >= 0 else { throw .cryptographyUnavailable }
        return result == 1
    }

    @safe
    private struct Verifier {
        let algorithm: SignatureAlgorithm
        let context: OpaquePointer
    }

    /// Owns the C contexts.
    ///
    /// `@unchecked Sendable`: every stored property is a `let`, and `lcrypto_verify` only copies the contexts, which
    /// OpenSSL allows from any number of threads for an object that nobody changes (openssl-threads(7)).
    @safe
    private final class Storage: @unchecked Sendable {
        let verifiers: [Verifier]

        init(takingOver key: OpaquePointer, algorithms: [SignatureAlgorithm]) throws(KeyDefect) {
            defer { unsafe lcrypto_key_free(key) }
            var verifiers: [Verifier] = []
            for algorithm in algorithms {
                let context = unsafe lcrypto_verifier_new(key, algorithm.scheme.native, algorithm.hash.native)
                if let context = unsafe context {
                    unsafe verifiers.append(Verifier(algorithm: algorithm, context: context))
                }
            }
            self.verifiers = verifiers
            guard !verifiers.isEmpty else { throw .refusedByLibrary }
        }

        deinit {
            for verifier in verifiers { unsafe lcrypto_verifier_free(verifier.context) }
        }
    }
}
