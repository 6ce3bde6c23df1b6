// The parts of a link, for the files of this module.
#ifndef CHIREDIS_INTERNAL_H
#define CHIREDIS_INTERNAL_H

#if defined(__linux__)
#define _GNU_SOURCE  // SOCK_CLOEXEC, pipe2
#endif

#include "CHiredis.h"

#include <openssl/ssl.h>

// Debian and Fedora have the folder in the default path; hiredis.pc may name the folder itself.
#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>
#else
#include <hiredis.h>
#endif

struct chiredis_link {
    int descriptor;
    int is_connected;
    int wants_to_write;
    SSL *tls;  // NULL = plain
    redisReader *reader;
    size_t unfinished;  // bytes since the last whole answer
    int kind;           // of the answer that is being read
    size_t text_length;
    uint8_t text[chiredis_maximum_text];
};

// The state of OpenSSL for a link; NULL = plain. 1 = established, 0 = not yet, negative = it failed.
int chiredis_tls_advance(chiredis_link *link);
int64_t chiredis_tls_send(chiredis_link *link, const uint8_t *bytes, size_t length);
int64_t chiredis_tls_receive(chiredis_link *link, uint8_t *bytes, size_t capacity);

// A reader that writes the kind and the text of the answers to the link; NULL = out of memory.
redisReader *chiredis_reader_create(chiredis_link *link);

#endif
