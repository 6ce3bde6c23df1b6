#ifndef CLIBCRYPTO_INTERNAL_H
#define CLIBCRYPTO_INTERNAL_H

#include "CLibcrypto.h"

#include <openssl/evp.h>

struct lcrypto_key {
    EVP_PKEY *pkey;
    size_t coordinate;  // bytes of an EC coordinate; 0 for every other kind of key
};

// The largest coordinate (P-521), and the DER signature that consists of two such numbers.
enum { LCRYPTO_MAX_COORDINATE = 66, LCRYPTO_MAX_DER = 2 * (LCRYPTO_MAX_COORDINATE + 4) + 4 };

// The size of an Ed25519 public key. A signature is twice as long.
enum { LCRYPTO_ED25519_BYTES = 32 };

// OpenSSL's names; NULL for a value that is not in the enum.
const char *lcrypto_hash_name(enum lcrypto_hash hash);
const char *lcrypto_curve_name(enum lcrypto_curve curve);
// The size of a coordinate; 0 for a value that is not in the enum.
size_t lcrypto_curve_bytes(enum lcrypto_curve curve);
// Takes ownership of `pkey`, also when it returns NULL.
lcrypto_key *lcrypto_key_wrap(EVP_PKEY *pkey, size_t coordinate);
// Whether the scheme belongs to the kind of the key. 0 for LCRYPTO_OTHER and for a value that is not in the enum.
int lcrypto_key_fits(const lcrypto_key *key, enum lcrypto_scheme scheme);

#endif
