// clock_gettime is POSIX, not C11.
#define _POSIX_C_SOURCE 200809L

#include "CBenchmarkLimit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t limit_thread_cpu_time(void) {
    return nanoseconds(CLOCK_THREAD_CPUTIME_ID);
}
uint64_t limit_wall_time(void) {
    return nanoseconds(CLOCK_MONOTONIC);
}

void limit_mark(void) {}

// The contexts of one verification. Only the holder of the pointer uses them.
typedef struct {
    EVP_PKEY_CTX *verify;
    EVP_MD_CTX *digest;
} working_set;

enum { SLOTS = 8, CACHE_LINE = 64 };

// Each slot has a cache line of its own, so that threads with different slots do not slow each other down.
typedef struct {
    _Alignas(CACHE_LINE) _Atomic(working_set *) set;
} slot;

struct limit_key {
    slot shared[SLOTS];
    slot own[SLOTS];
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *kept;
    EVP_MD_CTX *kept_digest;
    EVP_MD *digest;
    int is_rsa;
};

static EVP_PKEY_CTX *new_context(const limit_key *key, EVP_PKEY *pkey) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (context != NULL && EVP_PKEY_verify_init(context) == 1
        && EVP_PKEY_CTX_set_signature_md(context, key->digest) == 1
        && (!key->is_rsa || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1))
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static EVP_MD_CTX *new_digest(const limit_key *key) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex2(context, key->digest, NULL) == 1) return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

static void working_set_free(working_set *set) {
    if (set == NULL) return;
    EVP_PKEY_CTX_free(set->verify);
    EVP_MD_CTX_free(set->digest);
    free(set);
}

static working_set *working_set_new(const limit_key *key, int own_key) {
    working_set *set = calloc(1, sizeof *set);
    if (set == NULL) return NULL;
    EVP_PKEY *pkey = own_key ? EVP_PKEY_dup(key->pkey) : NULL;
    set->verify = new_context(key, pkey == NULL ? key->pkey : pkey);
    set->digest = new_digest(key);
    EVP_PKEY_free(pkey);  // the context keeps it alive
    if (set->verify != NULL && set->digest != NULL) return set;
    working_set_free(set);
    return NULL;
}

// The slot where this thread begins its search. Threads are numbered in the order of their first call.
static unsigned home(void) {
    static _Atomic unsigned threads;
    static _Thread_local unsigned number;
    if (number == 0) number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    return number;
}

// The exchange takes a set out of its slot, so that two threads never use the same set.
static working_set *take(const limit_key *key, slot *slots, int own_key, unsigned first) {
    for (unsigned step = 0; step < SLOTS; step++) {
        slot *candidate = &slots[(first + step) % SLOTS];
        if (atomic_load_explicit(&candidate->set, memory_order_relaxed) == NULL) continue;
        working_set *set = atomic_exchange_explicit(&candidate->set, NULL, memory_order_acquire);
        if (set != NULL) return set;
    }
    return working_set_new(key, own_key);
}

static void give_back(slot *slots, working_set *set, unsigned first) {
    for (unsigned step = 0; step < SLOTS; step++) {
        working_set *empty = NULL;
        if (atomic_compare_exchange_strong_explicit(&slots[(first + step) % SLOTS].set, &empty, set,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    working_set_free(set);
}

static limit_key *key_new(EVP_PKEY *pkey, int is_rsa) {
    // The alignment of the slots makes the size a multiple of it.
    limit_key *key = pkey == NULL ? NULL : aligned_alloc(CACHE_LINE, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    memset(key, 0, sizeof *key);
    key->pkey = pkey;
    key->is_rsa = is_rsa;
    key->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    key->kept = key->digest == NULL ? NULL : new_context(key, pkey);
    key->kept_digest = key->digest == NULL ? NULL : new_digest(key);
    if (key->kept != NULL && key->kept_digest != NULL) return key;
    limit_key_free(key);
    return NULL;
}

void limit_key_free(limit_key *key) {
    for (int index = 0; index < SLOTS; index++) {
        working_set_free(atomic_load(&key->shared[index].set));
        working_set_free(atomic_load(&key->own[index].set));
    }
    EVP_PKEY_CTX_free(key->kept);
    EVP_MD_CTX_free(key->kept_digest);
    EVP_MD_free(key->digest);
    EVP_PKEY_free(key->pkey);
    free(key);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params) {
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(context);
    return pkey;
}

limit_key *limit_key_rsa(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length) {
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
    return key_new(pkey, 1);
}

limit_key *limit_key_p256(const uint8_t *x, const uint8_t *y) {
    uint8_t point[65] = {0x04};
    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"P-256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return key_new(from_params("EC", params), 0);
}

static int textbook(limit_key *key, const uint8_t *signature, size_t signature_length, const uint8_t *message,
                    size_t message_length) {
    int result = -1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1)
        result = EVP_DigestVerify(context, signature, signature_length, message, message_length) == 1;
    EVP_MD_CTX_free(context);
    return result;
}

static int on_kept_digest(EVP_MD_CTX *context, const uint8_t *message, size_t length, uint8_t *out) {
    // Without a digest argument, the context keeps its digest, and nothing is allocated.
    return EVP_DigestInit_ex2(context, NULL, NULL) == 1 && EVP_DigestUpdate(context, message, length) == 1
        && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

static int pooled(limit_key *key, int own_keys, const uint8_t *signature, size_t signature_length,
                  const uint8_t *message, size_t message_length) {
    slot *slots = own_keys ? key->own : key->shared;
    unsigned first = home();
    working_set *set = take(key, slots, own_keys, first);
    if (set == NULL) return -1;
    uint8_t hash[32];
    int result = -1;
    if (on_kept_digest(set->digest, message, message_length, hash))
        result = EVP_PKEY_verify(set->verify, signature, signature_length, hash, sizeof hash) == 1;
    give_back(slots, set, first);
    return result;
}

int limit_verify(limit_key *key, enum limit_way way, const uint8_t *signature, size_t signature_length,
                 const uint8_t *message, size_t message_length) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned hash_length = 0;
    int result = -1;
    EVP_PKEY_CTX *copy = NULL;
    switch (way) {
    case LIMIT_KEPT:
        if (EVP_Digest(message, message_length, hash, &hash_length, key->digest, NULL) == 1)
            result = EVP_PKEY_verify(key->kept, signature, signature_length, hash, hash_length) == 1;
        break;
    case LIMIT_TEXTBOOK: result = textbook(key, signature, signature_length, message, message_length); break;
    case LIMIT_DUP:
        copy = EVP_PKEY_CTX_dup(key->kept);
        if (copy != NULL && EVP_Digest(message, message_length, hash, &hash_length, key->digest, NULL) == 1)
            result = EVP_PKEY_verify(copy, signature, signature_length, hash, hash_length) == 1;
        EVP_PKEY_CTX_free(copy);
        break;
    case LIMIT_POOL:
    case LIMIT_POOL_OWN_KEYS:
        result = pooled(key, way == LIMIT_POOL_OWN_KEYS, signature, signature_length, message, message_length);
        break;
    }
    if (result != 1) ERR_clear_error();
    return result;
}

int limit_digest(limit_key *key, enum limit_digest_way way, const uint8_t *message, size_t length, uint8_t *out) {
    switch (way) {
    case LIMIT_DIGEST_FETCHED: return EVP_Digest(message, length, out, NULL, key->digest, NULL) == 1 ? 1 : -1;
    case LIMIT_DIGEST_KEPT: return on_kept_digest(key->kept_digest, message, length, out) ? 1 : -1;
    case LIMIT_DIGEST_ONE_SHOT: return SHA256(message, length, out) != NULL ? 1 : -1;
    }
    return -1;
}

static size_t write_integer(uint8_t *out, const uint8_t *number, size_t width) {
    while (width > 1 && number[0] == 0) {
        number++;
        width--;
    }
    size_t pad = number[0] & 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(width + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, number, width);
    return 2 + pad + width;
}

size_t limit_der(const uint8_t *signature, uint8_t *out) {
    size_t length = write_integer(out + 2, signature, 32);
    length += write_integer(out + 2 + length, signature + 32, 32);
    out[0] = 0x30;
    out[1] = (uint8_t)length;
    return 2 + length;
}
