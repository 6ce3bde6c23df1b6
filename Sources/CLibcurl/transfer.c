#if defined(__linux__)
#define _GNU_SOURCE  // SOCK_CLOEXEC
#endif

#include "internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

// --- callbacks

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *target) {
    const clibcurl_transfer *transfer = context;
    const clibcurl_callbacks *callbacks = &transfer->callbacks;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;

    // The address that libcurl is about to connect to. It is copied out, because target->addr may not be aligned for
    // it.
    int admitted = 0;
    if (target->family == AF_INET && target->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in address;
        memcpy(&address, &target->addr, sizeof address);
        admitted = callbacks->admit(callbacks->context, (const uint8_t *)&address.sin_addr, 4, ntohs(address.sin_port));
    } else if (target->family == AF_INET6 && target->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 address;
        memcpy(&address, &target->addr, sizeof address);
        admitted =
            callbacks->admit(callbacks->context, (const uint8_t *)&address.sin6_addr, 16, ntohs(address.sin6_port));
    }
    if (admitted != 1) return CURL_SOCKET_BAD;

#if defined(SOCK_CLOEXEC)
    return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
#else
    curl_socket_t descriptor = socket(target->family, target->socktype, target->protocol);
    if (descriptor != CURL_SOCKET_BAD) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
#endif
}

// libcurl continues if a callback returns the number of bytes that it got, and stops for any other number. If it got no
// bytes, 1 stops it.
static size_t answer(int go_on, size_t length) {
    return go_on == 1 ? length : (length == 0 ? 1 : 0);
}

static size_t take_line(char *bytes, size_t size, size_t count, void *context) {
    const clibcurl_transfer *transfer = context;
    return answer(transfer->callbacks.line(transfer->callbacks.context, (const uint8_t *)bytes, size * count),
                  size * count);
}

static size_t take_content(char *bytes, size_t size, size_t count, void *context) {
    const clibcurl_transfer *transfer = context;
    return answer(transfer->callbacks.content(transfer->callbacks.context, (const uint8_t *)bytes, size * count),
                  size * count);
}

// --- one transfer

static int same_host(const char *read, const char *checked) {
    size_t length = strlen(read);
    if (length < 2 || read[0] != '[') return strcasecmp(read, checked) == 0;
    // libcurl may spell an IPv6 address differently, so the two are compared as addresses.
    char text[INET6_ADDRSTRLEN + 1];
    if (read[length - 1] != ']' || length - 2 >= sizeof text) return 0;
    memcpy(text, read + 1, length - 2);
    text[length - 2] = 0;
    struct in6_addr left, right;
    if (inet_pton(AF_INET6, text, &left) != 1 || inet_pton(AF_INET6, checked, &right) != 1) return 0;
    return memcmp(&left, &right, sizeof left) == 0;
}

// Whether libcurl reads one part of the URL as expected. `absent` is libcurl's code for a missing part; CURLUE_LAST for
// a part that is never missing.
static int part_is(CURLU *url, CURLUPart part, const char *expected, CURLUcode absent) {
    char *read = NULL;
    CURLUcode code = curl_url_get(url, part, &read, CURLU_DEFAULT_PORT);
    if (code == absent) return *expected == 0;
    if (code != CURLUE_OK) return 0;
    int same = part == CURLUPART_HOST ? same_host(read, expected) : strcmp(read, expected) == 0;
    curl_free(read);
    return same;
}

int clibcurl_transfer_set_url(clibcurl_transfer *transfer, const char *text, const char *scheme, const char *host,
                              uint16_t port, const char *path, const char *query) {
    // libcurl must find the same parts in the text as the caller's parser, so that the URL that was checked is the one
    // that is fetched. Dot segments are kept as they are spelled; user information is refused.
    CURLU *url = transfer->url;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
    if (code == CURLUE_OUT_OF_MEMORY) return -1;
    if (code != CURLUE_OK || strlen(scheme) >= sizeof transfer->scheme) return 0;
    char decimal[6];
    snprintf(decimal, sizeof decimal, "%u", (unsigned)port);
    strcpy(transfer->scheme, scheme);
    return part_is(url, CURLUPART_SCHEME, scheme, CURLUE_NO_SCHEME)
        && part_is(url, CURLUPART_HOST, host, CURLUE_NO_HOST) && part_is(url, CURLUPART_PORT, decimal, CURLUE_NO_PORT)
        && part_is(url, CURLUPART_PATH, *path ? path : "/", CURLUE_LAST)
        && part_is(url, CURLUPART_QUERY, query, CURLUE_NO_QUERY) && part_is(url, CURLUPART_USER, "", CURLUE_NO_USER)
        && part_is(url, CURLUPART_PASSWORD, "", CURLUE_NO_PASSWORD);
}

static int set_protocol(CURL *handle, const char *scheme) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK;
#else
    long only = strcmp(scheme, "http") == 0 ? CURLPROTO_HTTP : CURLPROTO_HTTPS;
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, only) == CURLE_OK;
#endif
}

// The transfer has got the addresses of its host, so libcurl must not resolve a name.
static int resolve_nothing(void *state, void *reserved, void *context) {
    (void)state, (void)reserved, (void)context;
    return 1;
}

// The easy handle borrows the list, so the list is set again whenever its head may have changed.
static int append(clibcurl_transfer *transfer, struct curl_slist **list, CURLoption option, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL) return -1;
    *list = longer;
    return curl_easy_setopt(transfer->handle, option, longer) == CURLE_OK ? 1 : -1;
}

int clibcurl_transfer_configure(clibcurl_transfer *transfer, const char *user_agent, const char *certificate_file,
                                const char *proxy, const char *resolution, int64_t connect_milliseconds,
                                int64_t total_milliseconds, int64_t maximum_content, int accepts_gzip,
                                int keeps_connection) {
    CURL *handle = transfer->handle;
    // When this libcurl does not know an option, a rule would not hold.
#define SET(option, value) \
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) return -1

    SET(CURLOPT_PRIVATE, (void *)transfer);
    SET(CURLOPT_CURLU, transfer->url);
    if (!set_protocol(handle, transfer->scheme)) return -1;
    SET(CURLOPT_HTTPGET, 1L);
    // HTTP/1.1 has one request at a time on a connection. libcurl would repeat a request that an HTTP/2 server refused.
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, user_agent);

    // Only the named server is contacted: no redirects, no proxy but the operator's (an empty name also turns off the
    // one of the environment), no credentials from a file. Cookies, HSTS and Alt-Svc are off by default. HTTP/0.9 is
    // off by default since 7.66, and is set to be sure.
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    if (proxy == NULL) {
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_NOPROXY, "*");
    } else {
        SET(CURLOPT_PROXY, proxy);
        SET(CURLOPT_NOPROXY, "");
        // A tunnel for every scheme, so that the proxy sees no request field, and its responses are never taken for
        // those of the server.
        SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
        SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (certificate_file != NULL) {
            SET(CURLOPT_PROXY_CAINFO, certificate_file);
            SET(CURLOPT_PROXY_CAPATH, NULL);
        }
    }

    // libcurl connects to the addresses that were checked. It resolves no name itself; its resolver would also start
    // threads beyond the limit. The address to which a socket is opened is checked again.
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, (void *)transfer);
    SET(CURLOPT_SHARE, transfer->names);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    if (resolution != NULL) {
        if (append(transfer, &transfer->resolutions, CURLOPT_RESOLVE, resolution) != 1) return -1;
        SET(CURLOPT_RESOLVER_START_FUNCTION, resolve_nothing);
    }
    SET(CURLOPT_FRESH_CONNECT, keeps_connection ? 0L : 1L);
    SET(CURLOPT_FORBID_REUSE, keeps_connection ? 0L : 1L);
    SET(CURLOPT_SSL_SESSIONID_CACHE, keeps_connection ? 1L : 0L);

    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (certificate_file != NULL) {
        SET(CURLOPT_CAINFO, certificate_file);
        SET(CURLOPT_CAPATH, NULL);  // the file replaces the system's store
    }

    // libcurl would undo each coding that it knows, asked for or not: the line callback must refuse the others.
    if (accepts_gzip && clibcurl_decodes_gzip()) SET(CURLOPT_ACCEPT_ENCODING, "gzip");

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_milliseconds);
    SET(CURLOPT_TIMEOUT_MS, (long)total_milliseconds);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)maximum_content);

    SET(CURLOPT_HEADERFUNCTION, take_line);
    SET(CURLOPT_HEADERDATA, (void *)transfer);
    SET(CURLOPT_WRITEFUNCTION, take_content);
    SET(CURLOPT_WRITEDATA, (void *)transfer);
#undef SET
    return 1;
}

clibcurl_transfer *clibcurl_transfer_create(clibcurl_callbacks callbacks, uint64_t identifier) {
    clibcurl_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->callbacks = callbacks;
    transfer->identifier = identifier;
    transfer->url = curl_url();
    transfer->handle = curl_easy_init();
    transfer->names = curl_share_init();
    if (transfer->url != NULL && transfer->handle != NULL && transfer->names != NULL
        && curl_share_setopt(transfer->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK)
        return transfer;
    clibcurl_transfer_free(transfer);
    return NULL;
}

void clibcurl_transfer_free(clibcurl_transfer *transfer) {
    if (transfer->handle != NULL) curl_easy_cleanup(transfer->handle);
    if (transfer->names != NULL) curl_share_cleanup(transfer->names);  // after the handle that uses it
    if (transfer->url != NULL) curl_url_cleanup(transfer->url);
    free(transfer->content);
    curl_slist_free_all(transfer->fields);
    curl_slist_free_all(transfer->resolutions);
    free(transfer);
}

int clibcurl_transfer_add_field(clibcurl_transfer *transfer, const char *line) {
    return append(transfer, &transfer->fields, CURLOPT_HTTPHEADER, line);
}

static size_t give_content(char *bytes, size_t size, size_t count, void *context) {
    clibcurl_transfer *transfer = context;
    size_t length = transfer->content_length - transfer->content_sent;
    if (length > size * count) length = size * count;
    memcpy(bytes, transfer->content + transfer->content_sent, length);
    transfer->content_sent += length;
    return length;
}

// libcurl repeats a request when a kept connection turns out to be dead. Whether the server has acted on the content is
// then unknown (RFC 9110 §9.2.2), so libcurl must not read the content again.
static int never_rewind(void *context, curl_off_t offset, int origin) {
    (void)context, (void)offset, (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

int clibcurl_transfer_set_content(clibcurl_transfer *transfer, const char *content_type, const uint8_t *bytes,
                                  size_t length) {
    CURL *handle = transfer->handle;
    transfer->content = malloc(length + 1);
    if (transfer->content == NULL) return -1;
    if (length > 0) memcpy(transfer->content, bytes, length);
    transfer->content_length = length;
    if (curl_easy_setopt(handle, CURLOPT_POST, 1L) != CURLE_OK
        || curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length) != CURLE_OK
        || curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_content) != CURLE_OK
        || curl_easy_setopt(handle, CURLOPT_READDATA, (void *)transfer) != CURLE_OK
        || curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, never_rewind) != CURLE_OK)
        return -1;
    return clibcurl_transfer_add_field(transfer, "Expect:") == 1 ? clibcurl_transfer_add_field(transfer, content_type)
                                                                 : -1;
}

int clibcurl_transfer_set_method(clibcurl_transfer *transfer, const char *name) {
    // libcurl expects no content after a HEAD only if it knows that it sends one.
    if (strcmp(name, "HEAD") == 0) return curl_easy_setopt(transfer->handle, CURLOPT_NOBODY, 1L) == CURLE_OK ? 1 : -1;
    return curl_easy_setopt(transfer->handle, CURLOPT_CUSTOMREQUEST, name) == CURLE_OK ? 1 : -1;
}

int clibcurl_transfer_status(clibcurl_transfer *transfer) {
    long status = 0;
    if (curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) return 0;
    return (int)status;
}
