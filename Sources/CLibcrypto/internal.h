#ifndef CLIBCRYPTO_INTERNAL_H
#define CLIBCRYPTO_INTERNAL_H

#include "CLibcrypto.h"

#include <openssl/evp.h>

struct lcrypto_key {
    EVP_PKEY *pkey;
    size_t coordinate;  // bytes of an EC coordinate; 0 for other keys
};

// The widest coordinate (P-521) and the DER signature made of two of them.
enum { LCRYPTO_MAX_COORDINATE = 66, LCRYPTO_MAX_DER = 2 * (LCRYPTO_MAX_COORDINATE + 4) + 4 };

// The bytes of an Ed25519 public key; its signature is twice as long.
enum { LCRYPTO_ED25519_BYTES = 32 };

const char *lcrypto_hash_name(enum lcrypto_hash hash);
const char *lcrypto_curve_name(enum lcrypto_curve curve);
size_t lcrypto_curve_bytes(enum lcrypto_curve curve);
lcrypto_key *lcrypto_key_wrap(EVP_PKEY *pkey, size_t coordinate);

#endif
