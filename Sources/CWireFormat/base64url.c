#include "CWireFormat.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Each character is looked up by the halves of its byte. The high half has one bit in CLASSES_HIGH. The low half has
// that bit in CLASSES_LOW when both halves together are outside the alphabet:
//
//   high half   bit    outside
//   2           0x01   all but '-'
//   3           0x02   all but 0 to 9
//   4, 6        0x04   '@' and '`'
//   5           0x08   all but P to Z and '_'
//   7           0x20   all but p to z
//   others      0x10   all
#define CLASSES_LOW 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x3b, 0x3b, 0x3a, 0x3b, 0x33
#define CLASSES_HIGH 0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x20, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10
// What turns a character into its six bits, by the high half; '_' needs 33 more than its neighbours.
#define DELTAS 0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0
// The three bytes of each group of four, the highest first.
#define BYTES_OF_GROUPS 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1

// Decodes 32 characters to 24 bytes. Returns 0, and writes nothing, when one of them is outside the alphabet.
__attribute__((target("avx2"), always_inline)) static inline int decode_32(const uint8_t *text, uint8_t *target) {
    const __m256i classes_low = _mm256_setr_epi8(CLASSES_LOW, CLASSES_LOW);
    const __m256i classes_high = _mm256_setr_epi8(CLASSES_HIGH, CLASSES_HIGH);
    const __m256i deltas = _mm256_setr_epi8(DELTAS, DELTAS);
    const __m256i bytes_of_groups = _mm256_setr_epi8(BYTES_OF_GROUPS, BYTES_OF_GROUPS);
    const __m256i halves_together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i half = _mm256_set1_epi8(0x0f);
    const __m256i underscore = _mm256_set1_epi8('_');
    const __m256i characters = _mm256_loadu_si256((const __m256i *)text);
    const __m256i low = _mm256_and_si256(characters, half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(characters, 4), half);
    const __m256i broken = _mm256_shuffle_epi8(classes_low, low);
    if (!_mm256_testz_si256(broken, _mm256_shuffle_epi8(classes_high, high))) return 0;
    const __m256i is_underscore = _mm256_cmpeq_epi8(characters, underscore);
    const __m256i delta =
        _mm256_add_epi8(_mm256_shuffle_epi8(deltas, high), _mm256_and_si256(is_underscore, _mm256_set1_epi8(33)));
    const __m256i six_bits = _mm256_add_epi8(characters, delta);
    // Two characters to 12 bits: the first times 64 and the second. Two of these to 24: the first times 4,096 and the
    // second.
    const __m256i twelve_bits = _mm256_maddubs_epi16(six_bits, _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(twelve_bits, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, bytes_of_groups), halves_together);
    _mm_storeu_si128((__m128i *)target, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)(target + 16), _mm256_extracti128_si256(bytes, 1));
    return 1;
}

__attribute__((target("avx2"))) static size_t decode_front_avx2(const uint8_t *text, size_t length, uint8_t *target) {
    // The last one to four characters are left to the caller.
    const size_t whole = length == 0 ? 0 : (length - 1) / 4 * 4;
    size_t read = 0;
    while (whole - read >= 32) {
        if (!decode_32(text + read, target + read / 4 * 3)) return read;
        read += 32;
    }
    // Fewer than 32 are left. They are decoded together with those before them, which gives the same bytes again.
    if (read == 0 || read == whole || !decode_32(text + whole - 32, target + (whole - 32) / 4 * 3)) return read;
    return whole;
}

// The same for the characters of a token: 0x01 is all but '+', '-', '.' and '/', and 0x20 all but p to z and '~'.
#define TOKEN_CLASSES_LOW 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x3a, 0x3b, 0x3a, 0x1a, 0x32

__attribute__((target("avx2"))) static size_t token_front_avx2(const uint8_t *text, size_t length) {
    const __m256i classes_low = _mm256_setr_epi8(TOKEN_CLASSES_LOW, TOKEN_CLASSES_LOW);
    const __m256i classes_high = _mm256_setr_epi8(CLASSES_HIGH, CLASSES_HIGH);
    const __m256i half = _mm256_set1_epi8(0x0f);
    size_t read = 0;
    while (length - read >= 32) {
        const __m256i characters = _mm256_loadu_si256((const __m256i *)(text + read));
        const __m256i low = _mm256_and_si256(characters, half);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(characters, 4), half);
        const __m256i broken = _mm256_shuffle_epi8(classes_low, low);
        if (!_mm256_testz_si256(broken, _mm256_shuffle_epi8(classes_high, high))) break;
        read += 32;
    }
    return read;
}

size_t cwireformat_token_front(const uint8_t *text, size_t length) {
    return __builtin_cpu_supports("avx2") ? token_front_avx2(text, length) : 0;
}

size_t cwireformat_base64url_front(const uint8_t *text, size_t length, uint8_t *target) {
    return __builtin_cpu_supports("avx2") ? decode_front_avx2(text, length, target) : 0;
}

#else

size_t cwireformat_token_front(const uint8_t *text, size_t length) {
    (void)text, (void)length;
    return 0;
}

size_t cwireformat_base64url_front(const uint8_t *text, size_t length, uint8_t *target) {
    (void)text, (void)length, (void)target;
    return 0;
}

#endif
