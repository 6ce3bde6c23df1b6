internal import CLibcrypto

/// A public key in libcrypto, imported once, with a verification context prepared for each algorithm that it may
/// verify.
///
/// Immutable after construction: any number of threads may verify with it at once.
struct VerificationKey: Sendable {
    private let storage: Storage

    /// Imports a key.
    ///
    /// - Throws: ``JSONWebKey/Defect/point`` for a point that is not on its curve;
    ///   ``JSONWebKey/Defect/refusedByLibrary`` for every other key that libcrypto refuses.
    init(_ key: PublicKey, algorithms: [SignatureAlgorithm]) throws(JSONWebKey.Defect) {
        let imported: OpaquePointer?
        switch key {
        case .rsa(let modulus, let exponent):
            unsafe imported = lcrypto_rsa_import(modulus, modulus.count, exponent, exponent.count)
        case .ec(let curve, let x, let y):
            unsafe imported = lcrypto_ec_import(curve.libcrypto, x, y, x.count)
        case .ed25519(let x):
            unsafe imported = lcrypto_ed25519_import(x, x.count)
        }
        guard let imported = unsafe imported else {
            if case .rsa = key { throw .refusedByLibrary }
            throw .point
        }
        unsafe storage = try Storage(takingOver: imported, algorithms: algorithms)
    }

    /// The algorithms that the key may verify.
    var algorithms: [SignatureAlgorithm] { storage.verifiers.map(\.algorithm) }

    /// Whether the key may verify this algorithm.
    func verifies(_ algorithm: SignatureAlgorithm) -> Bool {
        storage.verifiers.contains { $0.algorithm == algorithm }
    }

    /// Whether this key made the signature of the first `count` bytes of `token`.
    ///
    /// - Returns: False also for an algorithm that the key may not verify.
    /// - Throws: ``JOSEError/cryptographyUnavailable`` when libcrypto failed.
    func verifies(
        _ signature: [UInt8], over token: [UInt8], count: Int, algorithm: SignatureAlgorithm
    ) throws(JOSEError) -> Bool {
        guard count <= token.count, let verifier = storage.verifiers.first(where: { $0.algorithm == algorithm }) else {
            return false
        }
        let result = unsafe lcrypto_verify(verifier.context, signature, signature.count, token, count)
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
    /// `@unchecked Sendable`: every stored property is a `let`. `lcrypto_verify` may be called from any number of
    /// threads: it works with a session that it took out of an atomic slot, or copied from a template that never
    /// changes (openssl-threads(7)).
    @safe
    private final class Storage: @unchecked Sendable {
        let verifiers: [Verifier]

        init(takingOver key: OpaquePointer, algorithms: [SignatureAlgorithm]) throws(JSONWebKey.Defect) {
            defer { unsafe lcrypto_key_free(key) }
            guard !algorithms.isEmpty else { throw .refusedByLibrary }
            var verifiers: [Verifier] = []
            for algorithm in algorithms {
                let context = unsafe lcrypto_verifier_new(key, algorithm.scheme.libcrypto, algorithm.hash.libcrypto)
                guard let context = unsafe context else {
                    // Fail for the whole key. Otherwise good tokens would be refused with `key_algorithm_mismatch`, as
                    // if the client were wrong.
                    for verifier in verifiers { unsafe lcrypto_verifier_free(verifier.context) }
                    throw .refusedByLibrary
                }
                unsafe verifiers.append(Verifier(algorithm: algorithm, context: context))
            }
            self.verifiers = verifiers
        }

        deinit {
            for verifier in verifiers { unsafe lcrypto_verifier_free(verifier.context) }
        }
    }
}
