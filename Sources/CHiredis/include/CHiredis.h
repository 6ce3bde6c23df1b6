// One connection to a Valkey or Redis server, without waiting: hiredis (0.14 or newer) writes and reads its protocol,
// the system's sockets and OpenSSL carry the bytes.
//
// hiredis's own connections are not used. Before 1.0 it has no TLS, and only its newest TLS compares the server's name
// with the certificate. Its parser is used with functions of this module that keep a bounded text and allocate nothing,
// so that an answer cannot ask for memory.
//
// Only the .c files include hiredis and OpenSSL. Threads: a link belongs to one thread. Only chiredis_wake may be
// called from another thread.
#ifndef CHIREDIS_H
#define CHIREDIS_H

#include <stddef.h>
#include <stdint.h>

// Why a link could not be established. They are negative, so that they fit into results.
enum {
    chiredis_failed = -1,             // the system refused, or the connection broke
    chiredis_tls_failed = -2,         // no common version or cipher, an alert, or bytes that are not TLS
    chiredis_unknown_authority = -3,  // the server's certificate has no path to an authority
    chiredis_wrong_name = -4,         // the server's certificate is for another name or address
    chiredis_expired = -5,            // the server's certificate is not valid now
    chiredis_certificate_file = -6,   // a file of certificates or keys cannot be used
    chiredis_too_large = -7,          // an answer is longer than chiredis_maximum_answer
    chiredis_malformed = -8,          // the bytes are not the protocol
    chiredis_ended = -9,              // the server ended the connection
};

// The kinds of answers.
enum {
    chiredis_status = 1,  // +text
    chiredis_error = 2,   // -text
    chiredis_text = 3,    // $text
    chiredis_nil = 4,
    chiredis_other = 5,  // a number, an array, or what protocol 3 adds
};

enum {
    // An answer of more bytes is refused while it arrives.
    chiredis_maximum_answer = 65536,
    // So much of the text of an answer is kept.
    chiredis_maximum_text = 8192,
};

typedef struct chiredis_link chiredis_link;

// Begins a connection to an IP address of 4 or 16 bytes in network byte order, or to a socket file. NULL = the system
// refused at once.
chiredis_link *chiredis_open_address(const uint8_t *address, size_t address_length, uint16_t port);
chiredis_link *chiredis_open_path(const char *path);
// Closes the connection without waiting and frees the link.
void chiredis_close(chiredis_link *link);

// Demands TLS 1.2 or newer, before the first chiredis_advance.
// - name: the name or the literal address that the server's certificate must have.
// - authorities: PEM; NULL = the system's certificate authorities.
// - certificate, key: PEM, the client's certificate; NULL = none.
// 1 = done; chiredis_certificate_file; chiredis_failed = out of memory, or the name cannot be one.
int chiredis_use_tls(chiredis_link *link, const char *name, int name_is_address, const char *authorities,
                     const char *certificate, const char *key);

int chiredis_descriptor(const chiredis_link *link);
// Whether the link makes no progress before its descriptor is writable, beside what the caller wants to send.
int chiredis_wants_to_write(const chiredis_link *link);
// Goes on with the connection and the TLS handshake. 1 = established, 0 = not yet, negative = it failed.
int chiredis_advance(chiredis_link *link);
// Sends some bytes. How many; 0 = not now; chiredis_failed.
int64_t chiredis_send(chiredis_link *link, const uint8_t *bytes, size_t length);
// Reads some bytes and hands them to hiredis. 1 = there were some, 0 = not now; chiredis_ended, chiredis_failed,
// chiredis_too_large. After chiredis_ended there can still be whole answers.
int chiredis_receive(chiredis_link *link);
// 1 = the next whole answer: its kind, and its text until the next call of a function of this link. 0 = none yet;
// chiredis_malformed.
int chiredis_next(chiredis_link *link, int *kind, const uint8_t **text, size_t *text_length);

// Writes a command to `target`. Its parts lie one after another in `bytes`. The number of bytes; -1 = there is no room,
// no memory, or no part.
int64_t chiredis_encode(const uint8_t *bytes, const size_t *lengths, size_t count, uint8_t *target, size_t capacity);

// Two descriptors that end a wait in poll: the second one is written by chiredis_wake, the first one is readable after
// it until chiredis_calm. 1 = done, -1 = the system refused.
int chiredis_open_waker(int ends[2]);
void chiredis_wake(int end);
void chiredis_calm(int end);

#endif
