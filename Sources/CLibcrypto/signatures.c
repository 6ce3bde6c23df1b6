#include "internal.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// The contexts of one verification. Two threads never use a session at the same time.
struct session {
    EVP_PKEY_CTX *verify;
    EVP_MD_CTX *hash;
};

// A slot keeps a session between two verifications. Each slot has a cache line of its own.
struct slot {
    _Alignas(64) _Atomic(struct session *) session;
};

enum { SLOTS = 4 };

struct lcrypto_verifier {
    EVP_PKEY *pkey;          // only for EdDSA, which hashes the whole message: no context can be prepared
    EVP_PKEY_CTX *template;  // for the other schemes: copied when no slot has a session, never used to verify
    EVP_MD *digest;          // fetched once, because an implicit fetch per token costs more than the hash
    size_t coordinate;       // the size of r and of s in bytes; 0 for RSA
    size_t signature_length;
    struct slot *slots;
};

static void session_free(struct session *session) {
    if (session == NULL) return;
    EVP_PKEY_CTX_free(session->verify);
    EVP_MD_CTX_free(session->hash);
    free(session);
}

// The slot where the calling thread begins its search. Each thread has a variable at another address.
static unsigned first_slot(void) {
    static _Thread_local char anchor;
    return (unsigned)((uintptr_t)&anchor >> 12);
}

// Takes a session out of a slot, so that no other thread can use it, or makes a session. NULL when that fails.
static struct session *session_take(const lcrypto_verifier *verifier) {
    unsigned first = first_slot();
    for (unsigned index = 0; index < SLOTS; index++) {
        struct slot *slot = &verifier->slots[(first + index) % SLOTS];
        // The load before the exchange leaves an empty slot of another thread in the cache of that thread.
        if (atomic_load_explicit(&slot->session, memory_order_relaxed) == NULL) continue;
        struct session *session = atomic_exchange_explicit(&slot->session, NULL, memory_order_acquire);
        if (session != NULL) return session;
    }
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) return NULL;
    session->verify = EVP_PKEY_CTX_dup(verifier->template);
    session->hash = EVP_MD_CTX_new();
    if (session->verify == NULL || session->hash == NULL) {
        session_free(session);
        return NULL;
    }
    return session;
}

// Puts the session into an empty slot for a later verification, or frees it when all slots are full.
static void session_return(const lcrypto_verifier *verifier, struct session *session) {
    unsigned first = first_slot();
    for (unsigned index = 0; index < SLOTS; index++) {
        struct session *empty = NULL;
        if (atomic_compare_exchange_strong_explicit(&verifier->slots[(first + index) % SLOTS].session, &empty, session,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    session_free(session);
}

// Sets hash and padding of an initialised context. 1 = success.
static int configure(EVP_PKEY_CTX *context, enum lcrypto_scheme scheme, const EVP_MD *digest) {
    if (EVP_PKEY_CTX_set_signature_md(context, digest) != 1) return 0;
    switch (scheme) {
    case LCRYPTO_ECDSA: return 1;
    case LCRYPTO_RSA_PKCS1: return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    case LCRYPTO_RSA_PSS:
        // RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash. "auto" would accept other
        // salts.
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    case LCRYPTO_EDDSA: return 0;
    }
    return 0;
}

void lcrypto_verifier_free(lcrypto_verifier *verifier) {
    if (verifier == NULL) return;
    EVP_PKEY_free(verifier->pkey);
    EVP_PKEY_CTX_free(verifier->template);
    EVP_MD_free(verifier->digest);
    for (int index = 0; verifier->slots != NULL && index < SLOTS; index++)
        session_free(atomic_load_explicit(&verifier->slots[index].session, memory_order_acquire));
    free(verifier->slots);
    free(verifier);
}

lcrypto_verifier *lcrypto_verifier_new(const lcrypto_key *key, enum lcrypto_scheme scheme, enum lcrypto_hash hash) {
    const char *hash_name = lcrypto_hash_name(hash);
    if (hash_name == NULL || !lcrypto_key_fits(key, scheme)) return NULL;
    lcrypto_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL) return NULL;
    if (scheme == LCRYPTO_EDDSA) {
        if (EVP_PKEY_up_ref(key->pkey) != 1) {
            free(verifier);
            return NULL;
        }
        verifier->pkey = key->pkey;
        verifier->signature_length = 2 * LCRYPTO_ED25519_BYTES;
        return verifier;
    }
    verifier->coordinate = key->coordinate;
    verifier->signature_length = key->coordinate != 0 ? 2 * key->coordinate : (size_t)EVP_PKEY_get_size(key->pkey);
    verifier->slots = aligned_alloc(_Alignof(struct slot), SLOTS * sizeof(struct slot));
    for (int index = 0; verifier->slots != NULL && index < SLOTS; index++)
        atomic_init(&verifier->slots[index].session, NULL);
    verifier->digest = EVP_MD_fetch(NULL, hash_name, NULL);
    verifier->template = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (verifier->slots == NULL || verifier->digest == NULL || verifier->template == NULL
        || EVP_PKEY_verify_init(verifier->template) != 1
        || configure(verifier->template, scheme, verifier->digest) != 1) {
        lcrypto_verifier_free(verifier);
        verifier = NULL;
    }
    ERR_clear_error();
    return verifier;
}

// Writes a big-endian number of a fixed width as a DER INTEGER. Returns the number of bytes written.
static size_t write_integer(uint8_t *out, const uint8_t *number, size_t width) {
    while (width > 1 && number[0] == 0) {
        number++;
        width--;
    }
    size_t pad = number[0] & 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(width + pad);  // at most 67, which fits the short form
    out[2] = 0;
    memcpy(out + 2 + pad, number, width);
    return 2 + pad + width;
}

// Writes a signature (r followed by s) as a DER SEQUENCE. Returns the number of bytes written. OpenSSL's ECDSA_SIG
// costs sixty times as much.
static size_t write_der(uint8_t *out, const uint8_t *signature, size_t coordinate) {
    uint8_t body[LCRYPTO_MAX_DER];
    size_t length = write_integer(body, signature, coordinate);
    length += write_integer(body + length, signature + coordinate, coordinate);
    size_t head = 0;
    out[head++] = 0x30;
    if (length >= 0x80) out[head++] = 0x81;
    out[head++] = (uint8_t)length;
    memcpy(out + head, body, length);
    return head + length;
}

static int verify_whole_message(EVP_PKEY *pkey, const uint8_t *signature, size_t signature_length,
                                const uint8_t *message, size_t message_length) {
    int result = -1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1)
        result = EVP_DigestVerify(context, signature, signature_length, message, message_length) == 1;
    EVP_MD_CTX_free(context);
    if (result != 1) ERR_clear_error();
    return result;
}

int lcrypto_verify(const lcrypto_verifier *verifier, const uint8_t *signature, size_t signature_length,
                   const uint8_t *message, size_t message_length) {
    if (signature_length != verifier->signature_length) return 0;
    if (verifier->pkey != NULL)
        return verify_whole_message(verifier->pkey, signature, signature_length, message, message_length);
    uint8_t der[LCRYPTO_MAX_DER];
    if (verifier->coordinate != 0) {
        signature_length = write_der(der, signature, verifier->coordinate);
        signature = der;
    }
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    int result = -1;
    struct session *session = session_take(verifier);
    if (session != NULL && EVP_DigestInit_ex2(session->hash, verifier->digest, NULL) == 1
        && EVP_DigestUpdate(session->hash, message, message_length) == 1
        && EVP_DigestFinal_ex(session->hash, digest, &digest_length) == 1) {
        // Only 1 is a good signature. For a bad signature OpenSSL returns 0 or a negative number, depending on the
        // defect. The session can be used again in each case (EVP_PKEY_verify(3): may be called more than once).
        result = EVP_PKEY_verify(session->verify, signature, signature_length, digest, digest_length) == 1;
    }
    if (result >= 0)
        session_return(verifier, session);
    else
        session_free(session);
    if (result != 1) ERR_clear_error();
    return result;
}

static int sign_whole_message(EVP_PKEY *pkey, const uint8_t *message, size_t message_length, uint8_t *out,
                              size_t *out_length) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1
        && EVP_DigestSign(context, out, out_length, message, message_length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done ? 1 : -1;
}

int lcrypto_sign(const lcrypto_key *key, enum lcrypto_scheme scheme, enum lcrypto_hash hash, const uint8_t *message,
                 size_t message_length, uint8_t *out, size_t *out_length) {
    const char *hash_name = lcrypto_hash_name(hash);
    if (hash_name == NULL || !lcrypto_key_fits(key, scheme)) return -1;
    if (scheme == LCRYPTO_EDDSA) return sign_whole_message(key->pkey, message, message_length, out, out_length);
    int result = -1;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    uint8_t signature[1024 + LCRYPTO_MAX_DER];
    size_t length = sizeof signature;
    EVP_MD *md = EVP_MD_fetch(NULL, hash_name, NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    ECDSA_SIG *pair = NULL;
    if (md == NULL || context == NULL || EVP_PKEY_sign_init(context) != 1 || configure(context, scheme, md) != 1
        || EVP_Digest(message, message_length, digest, &digest_length, md, NULL) != 1
        || EVP_PKEY_sign(context, signature, &length, digest, digest_length) != 1)
        goto done;
    if (key->coordinate == 0) {
        if (length > *out_length) goto done;
        memcpy(out, signature, length);
        *out_length = length;
        result = 1;
    } else {
        const unsigned char *cursor = signature;
        pair = d2i_ECDSA_SIG(NULL, &cursor, (long)length);
        int width = (int)key->coordinate;
        if (pair == NULL || *out_length < 2 * key->coordinate
            || BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, width) != width
            || BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + width, width) != width)
            goto done;
        *out_length = 2 * key->coordinate;
        result = 1;
    }
done:
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(context);
    EVP_MD_free(md);
    ERR_clear_error();
    return result;
}
