#include "CLibcrypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

int lcrypto_sha256(const uint8_t *message, size_t length, uint8_t *out) {
    static const uint8_t empty[1] = {0};
    int done = SHA256(message == NULL ? empty : message, length, out) != NULL;
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
