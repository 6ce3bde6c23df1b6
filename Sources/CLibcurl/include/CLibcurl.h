// The variadic and callback parts of libcurl (7.84 or newer) as plain functions, and nothing else.
//
// Only the .c files include <curl/curl.h>: Swift cannot call variadic functions, and does not need the macros.
// No function here judges an address, a size or a status; the callbacks do, in Swift.
//
// Threads: a clibcurl_multi and every transfer in it belong to one thread. Only clibcurl_multi_wakeup may be called
// from another thread, while the multi exists.
#ifndef CLIBCURL_H
#define CLIBCURL_H

#include <stddef.h>
#include <stdint.h>

// How a transfer has ended. No text of libcurl leaves this module.
enum {
    clibcurl_done = 0,
    clibcurl_not_resolved = 1,
    clibcurl_connection_failed = 2,
    clibcurl_timed_out = 3,
    clibcurl_tls = 4,
    clibcurl_too_large = 5,
    clibcurl_malformed = 6,
    clibcurl_stopped = 7,  // by a callback
    clibcurl_unavailable = 8,
    clibcurl_unknown_authority = 9,
    clibcurl_expired = 10,
    clibcurl_wrong_name = 11,
};

// Loads and initialises libcurl. Called by one thread at a time, before any other call, until it has succeeded once.
// 1 = usable; -1 = cannot be loaded now; -2 = too old, or without TLS or thread-safe initialisation.
int clibcurl_start(void);
// Whether libcurl can undo gzip; then a request may ask for it. Call it after clibcurl_start has succeeded.
int clibcurl_decodes_gzip(void);

// Gives back the pages of libcurl and its libraries that are the same as in their files: 3 to 6 MiB, by what else the
// program has loaded. They are read again when they are used. For a program that fetches seldom.
void clibcurl_release_pages(void);

typedef struct clibcurl_multi clibcurl_multi;
typedef struct clibcurl_transfer clibcurl_transfer;

// A driver of many transfers on one thread. It keeps at most maximum_kept_connections for later transfers.
// NULL = out of memory or descriptors.
clibcurl_multi *clibcurl_multi_create(int maximum_kept_connections);
// Every transfer must have been removed.
void clibcurl_multi_free(clibcurl_multi *multi);
// 1 = added, -1 = libcurl refused.
int clibcurl_multi_add(clibcurl_multi *multi, clibcurl_transfer *transfer);
void clibcurl_multi_remove(clibcurl_multi *multi, clibcurl_transfer *transfer);
// Does all work that needs no waiting. 1 = done, -1 = libcurl broke.
int clibcurl_multi_perform(clibcurl_multi *multi);
// Waits for sockets, libcurl's own timers, a wakeup, or the given time, whichever comes first. 1 = done, -1 = libcurl
// broke.
int clibcurl_multi_poll(clibcurl_multi *multi, int milliseconds);
// Ends the current poll or the next one. May be called from any thread.
void clibcurl_multi_wakeup(clibcurl_multi *multi);
// 1 = another transfer has ended: writes its identifier and its outcome. 0 = no more for now.
int clibcurl_multi_next_ended(clibcurl_multi *multi, uint64_t *identifier, int *outcome);

// The callbacks of a transfer. All are called on the multi's thread, inside clibcurl_multi_perform, _add or _remove.
// The bytes are valid only during the call. 1 = go on, 0 = stop the transfer.
typedef struct {
    void *context;
    // May a connection be opened to this address? address_length is 4 (IPv4) or 16 (IPv6), network byte order.
    int (*admit)(void *context, const uint8_t *address, size_t address_length, uint16_t port);
    // One line of a head or a trailer, with its line ending.
    int (*line)(void *context, const uint8_t *bytes, size_t length);
    // A piece of the content.
    int (*content)(void *context, const uint8_t *bytes, size_t length);
} clibcurl_callbacks;

// A request that is not configured yet; a GET unless it gets content or a method. NULL = out of memory.
clibcurl_transfer *clibcurl_transfer_create(clibcurl_callbacks callbacks, uint64_t identifier);
// The transfer must have been removed from its multi.
void clibcurl_transfer_free(clibcurl_transfer *transfer);
// Sets the URL. The caller gives the parts that it has checked: scheme "http" or "https", an IPv6 host without
// brackets, an empty path for "/", an empty query when there is none. 1 = set; 0 = libcurl reads other parts in the
// text; -1 = out of memory.
int clibcurl_transfer_set_url(clibcurl_transfer *transfer, const char *text, const char *scheme, const char *host,
                              uint16_t port, const char *path, const char *query);
// Sets everything but the URL, after clibcurl_transfer_set_url: no redirects, no proxy but the given one, no cookies,
// no credentials of the machine, verified TLS; and the limits.
// - certificate_file: PEM; NULL = the system's certificate authorities.
// - proxy: scheme://host:port of a proxy that is asked for a tunnel; NULL = no proxy.
// - resolution: "host:port:address,address", the addresses of the host that is connected to, which is the proxy if
//   there is one. libcurl resolves no name itself. NULL = the host is a literal address.
// - maximum_content: the largest announced length. The content callback gets decoded bytes and must count them.
// - accepts_gzip: 1 = gzip is asked for and undone, if clibcurl_decodes_gzip; 0 = no content coding is.
// - keeps_connection: 1 = a kept connection may be used, and this one may be kept; 0 = a new connection for this
//   transfer only. 1 = set; -1 = out of memory, or this libcurl does not know an option, so that a rule would not hold.
int clibcurl_transfer_configure(clibcurl_transfer *transfer, const char *user_agent, const char *certificate_file,
                                const char *proxy, const char *resolution, int64_t connect_milliseconds,
                                int64_t total_milliseconds, int64_t maximum_content, int accepts_gzip,
                                int keeps_connection);
// Makes the request a POST of bytes, which are copied. They are sent at most once, without waiting for an interim
// response. content_type is the whole field line. Call it after clibcurl_transfer_configure. 1 = set, -1 = out of
// memory.
int clibcurl_transfer_set_content(clibcurl_transfer *transfer, const char *content_type, const uint8_t *bytes,
                                  size_t length);
// Gives the request another method than GET or POST, after clibcurl_transfer_set_content if it has content. HEAD
// expects no content in the response. 1 = set, -1 = out of memory.
int clibcurl_transfer_set_method(clibcurl_transfer *transfer, const char *name);
// Adds one request field line, "Name: value" or "Name;" for an empty value. 1 = added, -1 = out of memory.
int clibcurl_transfer_add_field(clibcurl_transfer *transfer, const char *line);
// The status of the newest head; 0 before the first one.
int clibcurl_transfer_status(clibcurl_transfer *transfer);

#endif
