// The only C that touches OpenSSL (3.0 or later). Small functions, one prefix.
//
// Results: 1 = yes, 0 = no, -1 = it broke. Pointers: a function called …_new or …_import or …_generate gives one that
// the caller frees with the matching …_free; every other pointer is borrowed for the call. No call leaves an error of its
// own in OpenSSL's queue of the calling thread, so that no failure here decides a later operation elsewhere; and no call
// here reads the queue, so that a foreign error decides nothing either.
#ifndef CLIBCRYPTO_H
#define CLIBCRYPTO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

typedef struct lcrypto_key lcrypto_key;
typedef struct lcrypto_verifier lcrypto_verifier;

enum lcrypto_curve { LCRYPTO_P256 = 1, LCRYPTO_P384 = 2, LCRYPTO_P521 = 3 };
enum lcrypto_hash { LCRYPTO_SHA256 = 1, LCRYPTO_SHA384 = 2, LCRYPTO_SHA512 = 3 };
enum lcrypto_scheme { LCRYPTO_RSA_PKCS1 = 1, LCRYPTO_RSA_PSS = 2, LCRYPTO_ECDSA = 3, LCRYPTO_EDDSA = 4 };
enum lcrypto_kind {
    LCRYPTO_OTHER = 0,
    LCRYPTO_KIND_RSA = 1,
    LCRYPTO_KIND_P256 = 2,
    LCRYPTO_KIND_P384 = 3,
    LCRYPTO_KIND_P521 = 4,
    LCRYPTO_KIND_ED25519 = 5
};

// Imports a public key from big-endian numbers. The caller has checked sizes and exponent bounds, which OpenSSL does
// not. NULL when OpenSSL refuses the numbers.
lcrypto_key *_Nullable lcrypto_rsa_import(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length);

// Imports a point from two coordinates of exactly the curve's size. NULL unless the point is on the curve.
lcrypto_key *_Nullable lcrypto_ec_import(enum lcrypto_curve curve, const uint8_t *x, const uint8_t *y, size_t length);

// Imports the 32 bytes of an Ed25519 public key (RFC 8032 section 5.1.5). NULL unless they are a point on the curve.
lcrypto_key *_Nullable lcrypto_ed25519_import(const uint8_t *x, size_t length);

// Reads the public key of a DER SubjectPublicKeyInfo or X.509 certificate, which must end with the buffer. The caller
// takes the numbers out with lcrypto_key_public and checks them like those of any other key.
lcrypto_key *_Nullable lcrypto_spki_read(const uint8_t *der, size_t length);
lcrypto_key *_Nullable lcrypto_certificate_read(const uint8_t *der, size_t length);

enum lcrypto_kind lcrypto_key_kind(const lcrypto_key *key);

void lcrypto_key_free(lcrypto_key *key);

// A verification context prepared once per key and algorithm, because setting one up costs a seventh of an RS256
// verification. Any number of threads may verify with it: each works with a copy of its own, and some copies are kept
// for the next time. It keeps the key alive by itself.
lcrypto_verifier *_Nullable lcrypto_verifier_new(const lcrypto_key *key, enum lcrypto_scheme scheme,
                                                 enum lcrypto_hash hash);
void lcrypto_verifier_free(lcrypto_verifier *verifier);

// Whether the JWS signature is good. RSA: exactly as long as the modulus. ECDSA: r and s side by side, each exactly of
// the curve's size (RFC 7518 section 3.4); r and s outside [1, n-1] are refused by OpenSSL. EdDSA: 64 bytes; a second
// half not below the group order is refused by OpenSSL (RFC 8032 section 5.1.7). Any other length is 0.
int lcrypto_verify(const lcrypto_verifier *verifier, const uint8_t *signature, size_t signature_length,
                   const uint8_t *message, size_t message_length);

// SHA-256 into 32 bytes. 1 or -1.
int lcrypto_sha256(const uint8_t *_Nullable message, size_t length, uint8_t *out);

// Fills the buffer from OpenSSL's generator. 1 or -1; on -1 the content must not be used.
int lcrypto_random(uint8_t *out, size_t length);

// 1 when both buffers are equal, in a time that depends on the length alone.
int lcrypto_equal(const uint8_t *_Nullable left, const uint8_t *_Nullable right, size_t length);

// How many errors wait in the calling thread's queue, which it empties. For tests.
int lcrypto_error_queue_length(void);

// Signing, for the test kit only; lcrypto_key_public serves the import of SubjectPublicKeyInfo too.

lcrypto_key *_Nullable lcrypto_rsa_generate(int bits);
lcrypto_key *_Nullable lcrypto_ec_generate(enum lcrypto_curve curve);
lcrypto_key *_Nullable lcrypto_ed25519_generate(void);

// The public numbers, big-endian. `first` is n or x, `second` is e or y (empty for Ed25519); coordinates are padded to
// the curve's size. Lengths go in as capacity and come out as length. 1 or -1.
int lcrypto_key_public(const lcrypto_key *key, uint8_t *first, size_t *first_length, uint8_t *second,
                       size_t *second_length);

// A JWS signature. `out_length` goes in as capacity and comes out as length. 1 or -1.
int lcrypto_sign(const lcrypto_key *key, enum lcrypto_scheme scheme, enum lcrypto_hash hash, const uint8_t *message,
                 size_t message_length, uint8_t *out, size_t *out_length);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
