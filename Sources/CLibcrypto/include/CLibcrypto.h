// The only C code that calls OpenSSL (3.0 or later). Small functions with one prefix.
//
// Results: 1 = yes, 0 = no, -1 = failure of libcrypto.
//
// Pointers: a function named ..._new, ..._import, ..._read or ..._generate returns a pointer that the caller frees with
// the matching ..._free. Every other pointer is borrowed for the call.
//
// Errors: no function leaves an error of its own in OpenSSL's queue of the calling thread, so that a failure here does
// not change the result of a later operation of other code. No function decides by the content of the queue, so that an
// error of other code does not change a result here.
//
// Exit: a program that links this keeps OpenSSL's state until its process has ended; the system takes the memory back.
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
// LCRYPTO_OTHER is a key that no scheme verifies with: another type, another curve, or explicit curve parameters.
enum lcrypto_kind {
    LCRYPTO_OTHER = 0,
    LCRYPTO_KIND_RSA = 1,
    LCRYPTO_KIND_P256 = 2,
    LCRYPTO_KIND_P384 = 3,
    LCRYPTO_KIND_P521 = 4,
    LCRYPTO_KIND_ED25519 = 5
};

// Imports an RSA public key from big-endian numbers. OpenSSL does not check their sizes and the bounds of the exponent:
// the caller must have checked them. NULL when OpenSSL refuses the numbers.
lcrypto_key *_Nullable lcrypto_rsa_import(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length);

// Imports an EC public key from two coordinates of exactly the size of the curve. NULL unless the point is on the
// curve.
lcrypto_key *_Nullable lcrypto_ec_import(enum lcrypto_curve curve, const uint8_t *x, const uint8_t *y, size_t length);

// Imports an Ed25519 public key of 32 bytes (RFC 8032 section 5.1.5). NULL unless they encode a point on the curve.
lcrypto_key *_Nullable lcrypto_ed25519_import(const uint8_t *x, size_t length);

// Reads the public key of a DER SubjectPublicKeyInfo, RSAPublicKey (RFC 8017 section A.1.1) or X.509 certificate. NULL
// when bytes follow the structure. The key may be of every kind, LCRYPTO_OTHER included, and its numbers are not
// checked: the caller takes the numbers out with lcrypto_key_public and imports them.
lcrypto_key *_Nullable lcrypto_spki_read(const uint8_t *der, size_t length);
lcrypto_key *_Nullable lcrypto_rsa_public_key_read(const uint8_t *der, size_t length);
lcrypto_key *_Nullable lcrypto_certificate_read(const uint8_t *der, size_t length);

// Reads the private key of a DER PrivateKeyInfo (PKCS #8, RFC 5208 section 5). NULL when bytes follow the structure,
// and for an encrypted one. The key may be of every kind, LCRYPTO_OTHER included. Its numbers are not checked, and
// neither is that its public half belongs to its private half: the caller takes the public numbers out with
// lcrypto_key_public, checks them, and verifies a signature of the key with them.
lcrypto_key *_Nullable lcrypto_private_key_read(const uint8_t *der, size_t length);

// The kind of a key.
enum lcrypto_kind lcrypto_key_kind(const lcrypto_key *key);

void lcrypto_key_free(lcrypto_key *key);

// Prepares a verification context, once per key and algorithm: the preparation costs a seventh of an RS256
// verification. Any number of threads may verify with it: each thread works with a copy of its own, and some copies are
// kept for later verifications. The context holds a reference to the OpenSSL key; the caller may free `key`. NULL when
// the scheme does not belong to the kind of the key.
lcrypto_verifier *_Nullable lcrypto_verifier_new(const lcrypto_key *key, enum lcrypto_scheme scheme,
                                                 enum lcrypto_hash hash);
void lcrypto_verifier_free(lcrypto_verifier *verifier);

// Whether the JWS signature is good. A signature of another length than the following is 0.
// - RSA: exactly as long as the modulus.
// - ECDSA: r followed by s, each exactly of the size of the curve (RFC 7518 section 3.4). OpenSSL refuses r and s
//   outside [1, n-1].
// - EdDSA: 64 bytes. OpenSSL refuses a second half that is not below the group order (RFC 8032 section 5.1.7).
int lcrypto_verify(const lcrypto_verifier *verifier, const uint8_t *signature, size_t signature_length,
                   const uint8_t *message, size_t message_length);

// Writes the 32 bytes of the SHA-256 digest. 1 or -1.
int lcrypto_sha256(const uint8_t *_Nullable message, size_t length, uint8_t *out);

// Writes the 32 bytes of HMAC-SHA-256 (RFC 2104). 1 or -1. Not for JWS: no algorithm of a token reaches this function.
int lcrypto_hmac_sha256(const uint8_t *_Nullable key, size_t key_length, const uint8_t *_Nullable message,
                        size_t length, uint8_t *out);

// Fills the buffer with random bytes of OpenSSL's generator. 1 or -1. After -1 the content must not be used.
int lcrypto_random(uint8_t *out, size_t length);

// 1 when both buffers are equal. The time depends only on the length.
int lcrypto_equal(const uint8_t *_Nullable left, const uint8_t *_Nullable right, size_t length);

// Counts the errors in the queue of the calling thread, and empties the queue. For tests.
int lcrypto_error_queue_length(void);

// Signing: for client assertions of this server and for the test kit. The imports of keys use lcrypto_key_public too.

lcrypto_key *_Nullable lcrypto_rsa_generate(int bits);
lcrypto_key *_Nullable lcrypto_ec_generate(enum lcrypto_curve curve);
lcrypto_key *_Nullable lcrypto_ed25519_generate(void);

// Writes the public numbers, big-endian. `first` is n or x. `second` is e or y, and empty for Ed25519. Coordinates are
// padded to the size of the curve. The lengths are capacities before the call and lengths after it. 1 or -1; -1 for
// LCRYPTO_OTHER too.
int lcrypto_key_public(const lcrypto_key *key, uint8_t *first, size_t *first_length, uint8_t *second,
                       size_t *second_length);

// Writes a JWS signature. `out_length` is a capacity before the call and a length after it. 1 or -1; -1 when the scheme
// does not belong to the kind of the key too.
int lcrypto_sign(const lcrypto_key *key, enum lcrypto_scheme scheme, enum lcrypto_hash hash, const uint8_t *message,
                 size_t message_length, uint8_t *out, size_t *out_length);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
