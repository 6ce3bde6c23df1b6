#include "internal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

const char *lcrypto_hash_name(enum lcrypto_hash hash) {
    switch (hash) {
    case LCRYPTO_SHA256: return "SHA256";
    case LCRYPTO_SHA384: return "SHA384";
    case LCRYPTO_SHA512: return "SHA512";
    }
    return NULL;
}

const char *lcrypto_curve_name(enum lcrypto_curve curve) {
    switch (curve) {
    case LCRYPTO_P256: return "P-256";
    case LCRYPTO_P384: return "P-384";
    case LCRYPTO_P521: return "P-521";
    }
    return NULL;
}

size_t lcrypto_curve_bytes(enum lcrypto_curve curve) {
    switch (curve) {
    case LCRYPTO_P256: return 32;
    case LCRYPTO_P384: return 48;
    case LCRYPTO_P521: return 66;
    }
    return 0;
}

lcrypto_key *lcrypto_key_wrap(EVP_PKEY *pkey, size_t coordinate) {
    lcrypto_key *key = pkey == NULL ? NULL : malloc(sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    key->coordinate = coordinate;
    return key;
}

void lcrypto_key_free(lcrypto_key *key) {
    if (key == NULL) return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params) {
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1
        && EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return pkey;
}

lcrypto_key *lcrypto_rsa_import(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length) {
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n, (int)n_length, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)e_length, NULL);
    if (builder != NULL && modulus != NULL && exponent != NULL
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        params = OSSL_PARAM_BLD_to_param(builder);
        pkey = from_params("RSA", params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, 0);
}

lcrypto_key *lcrypto_ec_import(enum lcrypto_curve curve, const uint8_t *x, const uint8_t *y, size_t length) {
    if (length == 0 || length != lcrypto_curve_bytes(curve)) return NULL;
    // Only the uncompressed form is built, so that infinity, compressed and hybrid points are not possible.
    uint8_t point[1 + 2 * LCRYPTO_MAX_COORDINATE];
    point[0] = 0x04;
    memcpy(point + 1, x, length);
    memcpy(point + 1 + length, y, length);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)lcrypto_curve_name(curve), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * length),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = from_params("EC", params);
    // OpenSSL refuses a point off the curve during the import, but its manual does not promise that.
    if (pkey != NULL) {
        EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
        if (check == NULL || EVP_PKEY_public_check(check) != 1) {
            EVP_PKEY_free(pkey);
            pkey = NULL;
        }
        EVP_PKEY_CTX_free(check);
    }
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, length);
}

// Whether an x exists for this y (RFC 8032 section 5.1.3): with p = 2^255 - 19 and d = -121665/121666, the quotient
// (y^2 - 1) / (d y^2 + 1) must be a square modulo p. A quotient is a square exactly when the product is a square.
// OpenSSL checks this only when it verifies, which is too late for an import.
static int is_on_edwards25519(const uint8_t *encoded) {
    uint8_t y_bytes[LCRYPTO_ED25519_BYTES];
    memcpy(y_bytes, encoded, sizeof y_bytes);
    y_bytes[31] &= 0x7F;  // the sign of x
    int is_square = 0;
    BN_CTX *context = BN_CTX_new();
    if (context == NULL) return 0;
    BN_CTX_start(context);
    BIGNUM *p = BN_CTX_get(context), *d = BN_CTX_get(context), *u = BN_CTX_get(context), *v = BN_CTX_get(context);
    BIGNUM *yy = BN_CTX_get(context);
    if (yy != NULL && BN_set_bit(p, 255) && BN_sub_word(p, 19) && BN_set_word(d, 121666)
        && BN_mod_inverse(d, d, p, context) != NULL && BN_mul_word(d, 121665)
        && BN_lebin2bn(y_bytes, sizeof y_bytes, yy) != NULL
        && BN_mod_sqr(yy, yy, p, context)
        // `d` holds -d here, so that v = 1 - (-d y^2).
        && BN_mod_mul(v, d, yy, p, context) && BN_mod_sub(v, BN_value_one(), v, p, context)
        && BN_mod_sub(u, yy, BN_value_one(), p, context) && BN_mod_mul(u, u, v, p, context)) {
        int symbol = BN_kronecker(u, p, context);
        is_square = symbol == 0 || symbol == 1;
    }
    BN_CTX_end(context);
    BN_CTX_free(context);
    return is_square;
}

lcrypto_key *lcrypto_ed25519_import(const uint8_t *x, size_t length) {
    EVP_PKEY *pkey = length == LCRYPTO_ED25519_BYTES && is_on_edwards25519(x)
        ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, length)
        : NULL;
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, 0);
}

// Takes ownership of `pkey`. NULL when `cursor` is not at the end: bytes follow the key.
static lcrypto_key *read_key(EVP_PKEY *pkey, const unsigned char *cursor, const uint8_t *end) {
    if (pkey != NULL && cursor != end) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    lcrypto_key *key = lcrypto_key_wrap(pkey, 0);
    if (key != NULL) {
        switch (lcrypto_key_kind(key)) {
        case LCRYPTO_KIND_P256: key->coordinate = lcrypto_curve_bytes(LCRYPTO_P256); break;
        case LCRYPTO_KIND_P384: key->coordinate = lcrypto_curve_bytes(LCRYPTO_P384); break;
        case LCRYPTO_KIND_P521: key->coordinate = lcrypto_curve_bytes(LCRYPTO_P521); break;
        case LCRYPTO_KIND_RSA:
        case LCRYPTO_KIND_ED25519:
        case LCRYPTO_OTHER: break;
        }
    }
    return key;
}

lcrypto_key *lcrypto_spki_read(const uint8_t *der, size_t length) {
    const unsigned char *cursor = der;
    EVP_PKEY *pkey = length > LONG_MAX ? NULL : d2i_PUBKEY(NULL, &cursor, (long)length);
    return read_key(pkey, cursor, der + length);
}

lcrypto_key *lcrypto_rsa_public_key_read(const uint8_t *der, size_t length) {
    const unsigned char *cursor = der;
    EVP_PKEY *pkey = length > LONG_MAX ? NULL : d2i_PublicKey(EVP_PKEY_RSA, NULL, &cursor, (long)length);
    return read_key(pkey, cursor, der + length);
}

lcrypto_key *lcrypto_certificate_read(const uint8_t *der, size_t length) {
    const unsigned char *cursor = der;
    X509 *certificate = length > LONG_MAX ? NULL : d2i_X509(NULL, &cursor, (long)length);
    EVP_PKEY *pkey = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    X509_free(certificate);
    return read_key(pkey, cursor, der + length);
}

lcrypto_key *lcrypto_private_key_read(const uint8_t *der, size_t length) {
    const unsigned char *cursor = der;
    PKCS8_PRIV_KEY_INFO *info = length > LONG_MAX ? NULL : d2i_PKCS8_PRIV_KEY_INFO(NULL, &cursor, (long)length);
    EVP_PKEY *pkey = info == NULL ? NULL : EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);  // erases the key in it
    return read_key(pkey, cursor, der + length);
}

enum lcrypto_kind lcrypto_key_kind(const lcrypto_key *key) {
    if (EVP_PKEY_is_a(key->pkey, "RSA")) return LCRYPTO_KIND_RSA;
    if (EVP_PKEY_is_a(key->pkey, "ED25519")) return LCRYPTO_KIND_ED25519;
    if (!EVP_PKEY_is_a(key->pkey, "EC")) return LCRYPTO_OTHER;
    // RFC 5480 section 2.1.1: a curve has a name. Explicit parameters are not allowed.
    int is_explicit = 0;
    if (EVP_PKEY_get_int_param(key->pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1
        && is_explicit)
        return LCRYPTO_OTHER;
    char group[64];
    int named = EVP_PKEY_get_group_name(key->pkey, group, sizeof group, NULL);
    ERR_clear_error();
    if (named != 1) return LCRYPTO_OTHER;
    switch (OBJ_sn2nid(group)) {
    case NID_X9_62_prime256v1: return LCRYPTO_KIND_P256;
    case NID_secp384r1: return LCRYPTO_KIND_P384;
    case NID_secp521r1: return LCRYPTO_KIND_P521;
    default: return LCRYPTO_OTHER;
    }
}

int lcrypto_key_fits(const lcrypto_key *key, enum lcrypto_scheme scheme) {
    enum lcrypto_kind kind = lcrypto_key_kind(key);
    switch (scheme) {
    case LCRYPTO_RSA_PKCS1:
    case LCRYPTO_RSA_PSS: return kind == LCRYPTO_KIND_RSA;
    case LCRYPTO_ECDSA: return kind == LCRYPTO_KIND_P256 || kind == LCRYPTO_KIND_P384 || kind == LCRYPTO_KIND_P521;
    case LCRYPTO_EDDSA: return kind == LCRYPTO_KIND_ED25519;
    }
    return 0;
}

lcrypto_key *lcrypto_rsa_generate(int bits) {
    EVP_PKEY *pkey = EVP_RSA_gen((unsigned)bits);
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, 0);
}

lcrypto_key *lcrypto_ec_generate(enum lcrypto_curve curve) {
    const char *name = lcrypto_curve_name(curve);
    EVP_PKEY *pkey = name == NULL ? NULL : EVP_EC_gen(name);
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, lcrypto_curve_bytes(curve));
}

lcrypto_key *lcrypto_ed25519_generate(void) {
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    ERR_clear_error();
    return lcrypto_key_wrap(pkey, 0);
}

// Writes one public number: padded to `width`, or without leading zeros when `width` is 0.
static int write_number(const EVP_PKEY *pkey, const char *name, size_t width, uint8_t *out, size_t *length) {
    BIGNUM *number = NULL;
    int result = -1;
    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1) {
        size_t size = width == 0 ? (size_t)BN_num_bytes(number) : width;
        if (size <= *length && BN_bn2binpad(number, out, (int)size) >= 0) {
            *length = size;
            result = 1;
        }
    }
    BN_free(number);
    return result;
}

int lcrypto_key_public(const lcrypto_key *key, uint8_t *first, size_t *first_length, uint8_t *second,
                       size_t *second_length) {
    const char *first_name, *second_name;
    switch (lcrypto_key_kind(key)) {
    case LCRYPTO_KIND_ED25519: {
        int raw = EVP_PKEY_get_raw_public_key(key->pkey, first, first_length) == 1;
        *second_length = 0;
        ERR_clear_error();
        return raw ? 1 : -1;
    }
    case LCRYPTO_KIND_RSA:
        first_name = OSSL_PKEY_PARAM_RSA_N;
        second_name = OSSL_PKEY_PARAM_RSA_E;
        break;
    case LCRYPTO_KIND_P256:
    case LCRYPTO_KIND_P384:
    case LCRYPTO_KIND_P521:
        first_name = OSSL_PKEY_PARAM_EC_PUB_X;
        second_name = OSSL_PKEY_PARAM_EC_PUB_Y;
        break;
    case LCRYPTO_OTHER:
    default: return -1;
    }
    int result = write_number(key->pkey, first_name, key->coordinate, first, first_length);
    if (result == 1) result = write_number(key->pkey, second_name, key->coordinate, second, second_length);
    ERR_clear_error();
    return result;
}
