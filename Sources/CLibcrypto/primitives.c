#include "CLibcrypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>

// OpenSSL would free its state when the process exits, while other threads still verify tokens, fetch keys over TLS or
// end: such a process crashed at its exit. Only the first call in a process decides, and libcurl may make one before a
// key is imported; so this one comes before main.
__attribute__((constructor)) static void keep_until_the_end(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

// The digest is fetched at its first use and kept. OpenSSL's one-shot function fetches it in every call.
static const EVP_MD *sha256(void) {
    static _Atomic(EVP_MD *) kept = NULL;
    EVP_MD *digest = atomic_load_explicit(&kept, memory_order_acquire);
    if (digest != NULL) return digest;
    EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (fetched == NULL) return NULL;
    if (atomic_compare_exchange_strong_explicit(&kept, &digest, fetched, memory_order_acq_rel, memory_order_acquire))
        return fetched;
    EVP_MD_free(fetched);
    return digest;
}

// A context of the calling thread, made at its first hash and freed when the thread ends. EVP_Digest makes a context
// for each message, and counts references to the digest in a place that all threads write to.
static _Thread_local EVP_MD_CTX *kept_context = NULL;
static pthread_key_t contexts;
static int can_keep_contexts = 0;
static pthread_once_t contexts_once = PTHREAD_ONCE_INIT;

static void context_free(void *context) {
    kept_context = NULL;
    EVP_MD_CTX_free(context);
}

static void contexts_init(void) {
    can_keep_contexts = pthread_key_create(&contexts, context_free) == 0;
}

// NULL when no context can be kept.
static EVP_MD_CTX *thread_context(const EVP_MD *digest) {
    if (kept_context != NULL) return kept_context;
    if (pthread_once(&contexts_once, contexts_init) != 0 || !can_keep_contexts) return NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex2(context, digest, NULL) != 1
        || pthread_setspecific(contexts, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    kept_context = context;
    return context;
}

static int hash(const uint8_t *message, size_t length, uint8_t *out) {
    const EVP_MD *digest = sha256();
    if (digest == NULL) return 0;
    EVP_MD_CTX *context = thread_context(digest);
    if (context == NULL) return EVP_Digest(message, length, out, NULL, digest, NULL) == 1;
    // Without a digest, the context keeps its own. EVP_DigestFinal_ex erases the message.
    return EVP_DigestInit_ex2(context, NULL, NULL) == 1 && EVP_DigestUpdate(context, message, length) == 1
        && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

int lcrypto_sha256(const uint8_t *message, size_t length, uint8_t *out) {
    static const uint8_t empty[1] = {0};
    int done = hash(message == NULL ? empty : message, length, out);
    if (!done) ERR_clear_error();
    return done ? 1 : -1;
}

// Fetched at its first use and kept, as the digest.
static EVP_MAC *hmac(void) {
    static _Atomic(EVP_MAC *) kept = NULL;
    EVP_MAC *mac = atomic_load_explicit(&kept, memory_order_acquire);
    if (mac != NULL) return mac;
    EVP_MAC *fetched = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (fetched == NULL) return NULL;
    if (atomic_compare_exchange_strong_explicit(&kept, &mac, fetched, memory_order_acq_rel, memory_order_acquire))
        return fetched;
    EVP_MAC_free(fetched);
    return mac;
}

int lcrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length, uint8_t *out) {
    static const uint8_t empty[1] = {0};
    EVP_MAC *mac = hmac();
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
    size_t written = 0;
    int done = context != NULL && EVP_MAC_init(context, key == NULL ? empty : key, key_length, parameters) == 1
        && EVP_MAC_update(context, message == NULL ? empty : message, length) == 1
        && EVP_MAC_final(context, out, &written, 32) == 1 && written == 32;
    EVP_MAC_CTX_free(context);
    if (!done) ERR_clear_error();
    return done ? 1 : -1;
}

int lcrypto_random(uint8_t *out, size_t length) {
    if (length > INT_MAX) return -1;
    int done = RAND_bytes(out, (int)length) == 1;
    if (!done) ERR_clear_error();
    return done ? 1 : -1;
}

int lcrypto_equal(const uint8_t *left, const uint8_t *right, size_t length) {
    return length == 0 || CRYPTO_memcmp(left, right, length) == 0;
}

int lcrypto_error_queue_length(void) {
    int count = 0;
    while (ERR_get_error() != 0) count++;
    return count;
}
