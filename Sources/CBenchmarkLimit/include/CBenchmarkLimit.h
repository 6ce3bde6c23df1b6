// For the benchmarks only: the time that libcrypto itself needs, for several ways to call it, and the thread's clock.
// Nothing here parses input, and the library does not use it.
//
// Results: 1 = yes, 0 = no, -1 = failure. The caller frees a pointer of …_rsa or …_p256 with limit_key_free. Every
// other pointer is borrowed for the call.
#ifndef CBENCHMARKLIMIT_H
#define CBENCHMARKLIMIT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// The CPU time of the calling thread, and the wall-clock time of the machine, in nanoseconds.
uint64_t limit_thread_cpu_time(void);
uint64_t limit_wall_time(void);

// Does nothing. A profiler begins a new profile where it is called.
void limit_mark(void);

typedef struct limit_key limit_key;

// Makes keys from big-endian numbers. They are not checked, because they come from the benchmark's own generator.
limit_key *_Nullable limit_key_rsa(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length);
limit_key *_Nullable limit_key_p256(const uint8_t *x, const uint8_t *y);
void limit_key_free(limit_key *key);

enum limit_way {
    // The limit: a digest fetched once, EVP_Digest, and EVP_PKEY_verify on a kept context.
    LIMIT_KEPT = 0,
    // EVP_DigestVerify with a new context for each call, as in textbooks.
    LIMIT_TEXTBOOK = 1,
    // EVP_Digest, and EVP_PKEY_verify on a copy of a context.
    LIMIT_DUP = 2,
    // A kept digest context and a kept verification context, which are borrowed from a lock-free pool.
    LIMIT_POOL = 3,
    // The same pool, but its contexts share no key, so that threads share neither a lock nor a reference count of a
    // key.
    LIMIT_POOL_OWN_KEYS = 4,
};

// Verifies an RSA PKCS #1 v1.5 signature or a DER-encoded ECDSA signature over the SHA-256 of a message. Two threads
// must not use LIMIT_KEPT with the same key at the same time. The other ways have no such limit.
int limit_verify(limit_key *key, enum limit_way way, const uint8_t *signature, size_t signature_length,
                 const uint8_t *message, size_t message_length);

enum limit_digest_way {
    LIMIT_DIGEST_FETCHED = 0,   // EVP_Digest with a digest fetched once
    LIMIT_DIGEST_KEPT = 1,      // the same, on a kept context
    LIMIT_DIGEST_ONE_SHOT = 2,  // SHA256(), which fetches for every call in OpenSSL 3.0
};

// Writes the SHA-256 into 32 bytes. 1 or -1. Two threads must not use the same key at the same time.
int limit_digest(limit_key *key, enum limit_digest_way way, const uint8_t *message, size_t length, uint8_t *out);

// Writes a DER SEQUENCE of r and s, which are adjacent in 64 bytes. Writes at most 72 bytes and returns their number.
size_t limit_der(const uint8_t *signature, uint8_t *out);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
