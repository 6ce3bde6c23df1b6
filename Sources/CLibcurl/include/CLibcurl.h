// The variadic and callback parts of libcurl (7.84 or newer) as plain functions, and nothing else.
//
// <curl/curl.h> stays inside the .c file: Swift cannot call variadic functions, and does not need the macros.
// No function here decides anything about an address, a size or a status: the callbacks do, in Swift.
//
// Threads: a clibcurl_multi and every transfer in it belong to one thread; only clibcurl_multi_wakeup may be called
// from another one, while the multi exists.
#ifndef CLIBCURL_H
#define CLIBCURL_H

#include <stddef.h>
#include <stdint.h>

// How a transfer ended. No text of libcurl leaves this module.
enum {
    clibcurl_done = 0,
    clibcurl_not_resolved = 1,
    clibcurl_connection_failed = 2,
    clibcurl_timed_out = 3,
    clibcurl_tls = 4,
    clibcurl_too_large = 5,
    clibcurl_malformed = 6,
    clibcurl_stopped = 7,  // a callback said so
    clibcurl_unavailable = 8,
};

// Initialises libcurl once per process (thread-safe since 7.84, hence the minimum version).
// 1 = usable; -1 = too old or without TLS.
int clibcurl_start(void);

typedef struct clibcurl_multi clibcurl_multi;
typedef struct clibcurl_transfer clibcurl_transfer;

// Many transfers driven by one thread, which keeps so many connections for later. NULL = out of memory.
clibcurl_multi *clibcurl_multi_create(int maximum_kept_connections);
// Every transfer must have been removed.
void clibcurl_multi_free(clibcurl_multi *multi);
// 1 = added / went on, -1 = broke.
int clibcurl_multi_add(clibcurl_multi *multi, clibcurl_transfer *transfer);
void clibcurl_multi_remove(clibcurl_multi *multi, clibcurl_transfer *transfer);
int clibcurl_multi_perform(clibcurl_multi *multi);
// Waits for sockets, libcurl's own timers, a wakeup, or the given time, whichever is first.
int clibcurl_multi_poll(clibcurl_multi *multi, int milliseconds);
// Ends a poll, now or the next one. From any thread.
void clibcurl_multi_wakeup(clibcurl_multi *multi);
// 1 = one more transfer ended: its identifier and how. 0 = no more for now.
int clibcurl_multi_next_ended(clibcurl_multi *multi, uint64_t *identifier, int *outcome);

// What libcurl asks while it works. All are called on the multi's thread, inside clibcurl_multi_perform,
// _add or _remove; the bytes are valid during the call only. 1 = go on, 0 = stop the transfer.
typedef struct {
    void *context;
    // May a connection be opened to this address? address_length is 4 (IPv4) or 16 (IPv6), network byte order.
    int (*admit)(void *context, const uint8_t *address, size_t address_length, uint16_t port);
    // One line of a head or a trailer, its line ending included.
    int (*line)(void *context, const uint8_t *bytes, size_t length);
    // A piece of the content.
    int (*content)(void *context, const uint8_t *bytes, size_t length);
} clibcurl_callbacks;

// A request that is not set up yet; a GET unless it gets a form. NULL = out of memory.
clibcurl_transfer *clibcurl_transfer_create(clibcurl_callbacks callbacks, uint64_t identifier);
// Must not be in a multi any more.
void clibcurl_transfer_free(clibcurl_transfer *transfer);
// Sets the URL, given with the parts that the caller has checked: scheme "http" or "https", an IPv6 host without
// brackets, an empty path for "/", an empty query for none. 1 = set; 0 = libcurl reads other parts in the text; -1 = out
// of memory.
int clibcurl_transfer_set_url(clibcurl_transfer *transfer, const char *text, const char *scheme, const char *host,
                              uint16_t port, const char *path, const char *query);
// Sets everything but the URL, which comes first: no redirects, no proxy but the given one, no cookies, no credentials of
// the machine, no content coding, verified TLS; and the limits.
// certificate_file: PEM; NULL = the system's certificate authorities. proxy: scheme://host:port, asked for a tunnel; NULL =
// none. resolution: what the host that is connected to (the proxy's, if there is one) resolves to,
// "host:port:address,address", and libcurl itself resolves nothing; NULL = the host is a literal address.
// maximum_content is for an announced length, the content callback counts what arrives. keeps_connection: 1 = a kept
// connection may be used, and this one kept; 0 = a connection of its own.
// 1 = set; -1 = out of memory, or an option is unknown to this libcurl, so that a rule would not hold.
int clibcurl_transfer_configure(clibcurl_transfer *transfer, const char *user_agent, const char *certificate_file,
                                const char *proxy, const char *resolution, int64_t connect_milliseconds,
                                int64_t total_milliseconds, int64_t maximum_content, int keeps_connection);
// Makes the request a POST of a form, copied: its content is sent once and never again, without waiting for an interim
// answer. After clibcurl_transfer_configure. 1 = set, -1 = out of memory.
int clibcurl_transfer_set_form(clibcurl_transfer *transfer, const uint8_t *bytes, size_t length);
// Adds one request field line, "Name: value" or "Name;" for an empty value. 1 = added, -1 = out of memory.
int clibcurl_transfer_add_field(clibcurl_transfer *transfer, const char *line);
// The status of the newest head, 0 before there is one.
int clibcurl_transfer_status(clibcurl_transfer *transfer);

#endif
