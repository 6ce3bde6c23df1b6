// Fast looks at the front of a text, many characters at a time. Only WireFormat uses it, and judges what is left
// itself.

#ifndef CWIREFORMAT_H
#define CWIREFORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Decodes characters from the front of `text` (RFC 4648 §5), 32 at a time. Returns their number, a multiple of 4
// and less than `length`: all but the last one to four; or fewer, when one of the 32 is outside the alphabet or the
// text is shorter. `target` then begins with three quarters as many bytes, and nothing was written behind the size of
// the result. Without AVX2 it decodes nothing.
//
// The caller decodes the rest. Only the caller refuses a text: this function may also stop before good characters.
size_t cwireformat_base64url_front(const uint8_t *text, size_t length, uint8_t *target);

// The number of characters at the front of `text` that a `b64token` (RFC 6750 §2.1) may have before its padding. It
// looks at 32 characters at a time, and stops before the group that has another one, or fewer than 32 characters.
// Without AVX2 it is 0. The caller judges the rest.
size_t cwireformat_token_front(const uint8_t *text, size_t length);

// The number of characters at the front of `text` that are ASCII and may stand in a JSON string as they are (RFC 8259
// §7): 0x20...0x7F without quote and backslash. It looks at 16 characters at a time, which the compiler turns into
// the vectors of the processor. In the header, so that Swift can inline it.
__attribute__((always_inline)) static inline size_t cwireformat_plain_front(const uint8_t *text, size_t length) {
    size_t done = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    typedef int8_t characters __attribute__((vector_size(16)));
    for (; length - done >= sizeof(characters); done += sizeof(characters)) {
        characters group;
        memcpy(&group, text + done, sizeof group);
        // As signed numbers, the bytes from 0x80 on are below 0x20 too.
        characters stops = (group < 0x20) | (group == '"') | (group == '\\');
        uint64_t halves[2];
        memcpy(halves, &stops, sizeof halves);
        if (halves[0] != 0) return done + (size_t)__builtin_ctzll(halves[0]) / 8;
        if (halves[1] != 0) return done + 8 + (size_t)__builtin_ctzll(halves[1]) / 8;
    }
#endif
    while (done < length && text[done] >= 0x20 && text[done] < 0x80 && text[done] != '"' && text[done] != '\\') done++;
    return done;
}

#endif
