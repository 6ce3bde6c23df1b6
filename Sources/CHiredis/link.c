#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0  // Darwin: SO_NOSIGPIPE
#endif

#ifndef __linux__
static int set_flags(int descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
            && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        ? 1
        : -1;
}
#endif

static int open_socket(int family) {
#ifdef __linux__
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    const int descriptor = socket(family, SOCK_STREAM, 0);
    if (descriptor < 0) return -1;
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    if (set_flags(descriptor) == 1) return descriptor;
    close(descriptor);
    return -1;
#endif
}

static chiredis_link *open_link(const struct sockaddr *address, socklen_t length) {
    const int descriptor = open_socket(address->sa_family);
    if (descriptor < 0) return NULL;
    if (address->sa_family != AF_UNIX) {
        const int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    const int result = connect(descriptor, address, length);
    chiredis_link *link = result == 0 || errno == EINPROGRESS ? calloc(1, sizeof *link) : NULL;
    if (link != NULL) {
        link->descriptor = descriptor;
        link->wants_to_write = 1;
        link->reader = chiredis_reader_create(link);
        if (link->reader != NULL) return link;
    }
    free(link);
    close(descriptor);
    return NULL;
}

chiredis_link *chiredis_open_address(const uint8_t *address, size_t address_length, uint16_t port) {
    if (address_length == 4) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&ipv4.sin_addr, address, 4);
        return open_link((const struct sockaddr *)(const void *)&ipv4, sizeof ipv4);
    }
    if (address_length != 16) return NULL;
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&ipv6.sin6_addr, address, 16);
    return open_link((const struct sockaddr *)(const void *)&ipv6, sizeof ipv6);
}

chiredis_link *chiredis_open_path(const char *path) {
    struct sockaddr_un file = {.sun_family = AF_UNIX};
    const size_t length = strlen(path);
    if (length == 0 || length >= sizeof file.sun_path) return NULL;
    memcpy(file.sun_path, path, length + 1);
    return open_link((const struct sockaddr *)(const void *)&file, sizeof file);
}

void chiredis_close(chiredis_link *link) {
    SSL_free(link->tls);
    redisReaderFree(link->reader);
    close(link->descriptor);
    free(link);
}

int chiredis_descriptor(const chiredis_link *link) {
    return link->descriptor;
}

int chiredis_wants_to_write(const chiredis_link *link) {
    return link->wants_to_write;
}

int chiredis_advance(chiredis_link *link) {
    if (!link->is_connected) {
        int error = 0;
        socklen_t length = sizeof error;
        if (getsockopt(link->descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)
            return chiredis_failed;
        struct sockaddr_storage peer;
        socklen_t peer_length = sizeof peer;
        if (getpeername(link->descriptor, (struct sockaddr *)(void *)&peer, &peer_length) != 0)
            return errno == ENOTCONN ? 0 : chiredis_failed;
        link->is_connected = 1;
        link->wants_to_write = 0;
    }
    return link->tls != NULL ? chiredis_tls_advance(link) : 1;
}

int64_t chiredis_send(chiredis_link *link, const uint8_t *bytes, size_t length) {
    if (link->tls != NULL) return chiredis_tls_send(link, bytes, length);
    const ssize_t count = send(link->descriptor, bytes, length, MSG_NOSIGNAL);
    if (count >= 0) return count;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS ? 0 : chiredis_failed;
}

static int64_t receive(chiredis_link *link, uint8_t *bytes, size_t capacity) {
    if (link->tls != NULL) return chiredis_tls_receive(link, bytes, capacity);
    const ssize_t count = recv(link->descriptor, bytes, capacity, 0);
    if (count > 0) return count;
    if (count == 0) return chiredis_ended;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : chiredis_failed;
}

int chiredis_receive(chiredis_link *link) {
    uint8_t bytes[16384];
    const int64_t count = receive(link, bytes, sizeof bytes);
    if (count <= 0) return (int)count;
    link->unfinished += (size_t)count;
    if (link->unfinished > chiredis_maximum_answer) return chiredis_too_large;
    return redisReaderFeed(link->reader, (const char *)bytes, (size_t)count) == REDIS_OK ? 1 : chiredis_failed;
}

int chiredis_open_waker(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 1 : -1;
#else
    if (pipe(ends) != 0) return -1;
    if (set_flags(ends[0]) == 1 && set_flags(ends[1]) == 1) return 1;
    close(ends[0]);
    close(ends[1]);
    return -1;
#endif
}

void chiredis_wake(int end) {
    // A full pipe wakes too.
    const uint8_t byte = 0;
    while (write(end, &byte, 1) < 0 && errno == EINTR) {
    }
}

void chiredis_calm(int end) {
    uint8_t bytes[64];
    ssize_t count;
    do {
        count = read(end, bytes, sizeof bytes);
    } while (count > 0 || (count < 0 && errno == EINTR));
}
