// The bulk of a base64url text or a token, many characters at a time. Only WireFormat uses it.

#ifndef CBASE64URL_H
#define CBASE64URL_H

#include <stddef.h>
#include <stdint.h>

// Decodes characters from the front of `text` (RFC 4648 §5), 32 at a time, as far as it can: until fewer than 32 are
// left, until a group of 32 holds a character outside the alphabet, or until fewer than 32 bytes of `target` are left.
// Returns the number of decoded characters, a multiple of 32; `target` then begins with three quarters as many bytes,
// and the 8 bytes after them are unspecified. On a processor without AVX2 it decodes nothing.
//
// The caller decodes the rest. Only the caller refuses a text: this function may also stop before good characters.
size_t cbase64url_decode_front(const uint8_t *text, size_t length, uint8_t *target, size_t capacity);

// The number of characters at the front of `text` that a `b64token` (RFC 6750 §2.1) may have before its padding. It
// looks at 32 characters at a time, and stops before the group that has another one, or fewer than 32 characters.
// Without AVX2 it is 0. The caller judges the rest.
size_t cbase64url_token_front(const uint8_t *text, size_t length);

#endif
