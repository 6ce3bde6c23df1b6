// The Linux declarations that Swift's Glibc module leaves out: epoll, eventfd, accept4. Empty elsewhere: Darwin has kqueue.
#ifndef CEPOLL_H
#define CEPOLL_H
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// glibc hides the prototype behind _GNU_SOURCE, which a module cannot define for the importer.
extern int accept4(int, struct sockaddr *, socklen_t *, int);

/// A stream socket that is non-blocking and closed on exec from its first moment.
static inline int cepoll_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// Accepts a connection that is non-blocking and closed on exec from its first moment.
static inline int cepoll_accept(int listener) {
    return accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/// The number of processors that the calling thread may run on; 0 when the system does not say.
int cepoll_processors(void);
#endif
#endif
