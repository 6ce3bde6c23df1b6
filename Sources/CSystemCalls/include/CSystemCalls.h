// System calls that Swift's Glibc, Musl and Darwin modules do not offer in a usable form: epoll and accept4 (Linux
// only, Darwin has kqueue), detached threads without signals, memory for the system, and the system's resolver.
//
// Result of a function that can fail: 1 = yes, -1 = the system refused, unless its comment says otherwise.
#ifndef CSYSTEMCALLS_H
#define CSYSTEMCALLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef SOCKETHTTP_KQUEUE
#include <sys/event.h>  // Darwin's poller on Linux: see Tests/Kqueue/run
#endif

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// glibc hides the prototype behind _GNU_SOURCE, which a module cannot define for the importer.
extern int accept4(int, struct sockaddr *, socklen_t *, int);

/// A stream socket that is non-blocking and close-on-exec from its first moment. The descriptor, or -1 with errno.
static inline int csystem_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// Accepts a connection that is non-blocking and close-on-exec from its first moment, and writes the address of its
/// peer. length holds the size of peer, then that of the address. The descriptor, or -1 with errno.
static inline int csystem_accept(int listener, struct sockaddr *peer, socklen_t *length) {
    return accept4(listener, peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/// The number of processors that the calling thread may run on; 0 when the system does not say.
int csystem_processors(void);
#endif

/// Runs body(context) on a new detached thread that receives no signal. name is shown in a list of the process's
/// threads; its first 15 bytes count. 1 = the thread runs, -1 = no thread was made and body is not called.
int csystem_spawn(const char *name, void (*body)(void *context), void *context);

/// Lets every thread of usual priority go before the calling one. It keeps about a tenth of a processor on which others
/// compute without a pause. There is no way back without privileges.
void csystem_give_way(void);

/// Gives freed memory back to the system, as far as it fills whole pages. Takes milliseconds where much was freed. Does
/// nothing with another C library than glibc, whose memory has other rules.
void csystem_release_memory(void);

/// Writes every address of a host name to records, by the system's resolver, which blocks the calling thread. A record
/// has 17 bytes: the length of the address (4 or 16), then the address in network byte order. The number of records; 0
/// = no address, or the resolver failed; -1 = more than capacity records.
int csystem_look_up(const char *name, uint8_t *records, size_t capacity);

#endif
