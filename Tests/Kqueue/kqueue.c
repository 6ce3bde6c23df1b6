// kqueue(2) on epoll, as far as SocketHTTP uses it: edge-triggered read and write filters of sockets, and one user
// event for each queue. It follows the manual pages of Darwin and FreeBSD:
//
// - Each filter reports its own event, so one change of a socket may be two events.
// - EVFILT_READ has EV_EOF when the peer has closed its sending side, also while bytes are unread.
// - EVFILT_WRITE has EV_EOF when this side cannot send any more: also after shutdown(SHUT_WR).
// - With EV_EOF, fflags holds the error of the socket, if there is one.
//
// Where it differs: `data` is 0, closing a queue forgets it only when a later queue gets its number, and a queue has
// room for the descriptors below MAXIMUM.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXIMUM 65536

// What is registered for a descriptor. A descriptor is in one queue at a time.
static struct {
    int queue;
    uint32_t interests;
    void *read_data;
    void *write_data;
} sockets[MAXIMUM];
static void *user_data[MAXIMUM];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// A descriptor that is always readable. To modify its registration, which is edge-triggered, makes it an event again.
static int trigger = -1;
#define TRIGGER UINT64_MAX

int kqueue(void) {
    pthread_mutex_lock(&lock);
    if (trigger < 0) trigger = eventfd(1, EFD_CLOEXEC);
    pthread_mutex_unlock(&lock);
    int queue = epoll_create1(0);
    if (queue >= MAXIMUM) {
        close(queue);
        errno = EMFILE;
        return -1;
    }
    return queue;
}

static int add_user(int queue, const struct kevent *change) {
    user_data[queue] = change->udata;
    struct epoll_event event = {.events = EPOLLET, .data.u64 = TRIGGER};
    return epoll_ctl(queue, EPOLL_CTL_ADD, trigger, &event);
}

static int trigger_user(int queue) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = TRIGGER};
    return epoll_ctl(queue, EPOLL_CTL_MOD, trigger, &event);
}

static int add_socket(int queue, const struct kevent *change) {
    if (change->ident >= MAXIMUM) {
        errno = EBADF;
        return -1;
    }
    const int descriptor = (int)change->ident;
    const int is_read = change->filter == EVFILT_READ;
    const uint32_t wanted = is_read ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
    struct epoll_event event = {.events = wanted | EPOLLET, .data.u64 = change->ident};
    int result = epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
    uint32_t interests = wanted;
    if (result != 0 && errno == EEXIST) {
        interests |= sockets[descriptor].interests;
        event.events = interests | EPOLLET;
        result = epoll_ctl(queue, EPOLL_CTL_MOD, descriptor, &event);
    }
    if (result != 0) return -1;
    sockets[descriptor].queue = queue;
    sockets[descriptor].interests = interests;
    *(is_read ? &sockets[descriptor].read_data : &sockets[descriptor].write_data) = change->udata;
    return 0;
}

static int apply(int queue, const struct kevent *change) {
    if (change->filter == EVFILT_USER) {
        return change->fflags & NOTE_TRIGGER ? trigger_user(queue) : add_user(queue, change);
    }
    // Another form of a filter would need more of this file.
    if (change->flags != (EV_ADD | EV_CLEAR)) {
        errno = EINVAL;
        return -1;
    }
    return add_socket(queue, change);
}

// Whether this side has closed its sending direction, of a TCP connection.
static int has_finished_sending(int descriptor) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
    switch (info.tcpi_state) {
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
    case TCP_CLOSE: return 1;
    default: return 0;
    }
}

static int translate(int queue, const struct epoll_event *event, struct kevent *out) {
    if (event->data.u64 == TRIGGER) {
        out[0] = (struct kevent){.filter = EVFILT_USER, .fflags = NOTE_TRIGGER, .udata = user_data[queue]};
        return 1;
    }
    const int descriptor = (int)event->data.u64;
    if (sockets[descriptor].queue != queue) return 0;
    const uint32_t interests = sockets[descriptor].interests;
    int fault = 0;
    if (event->events & EPOLLERR) {
        socklen_t length = sizeof fault;
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length);
        if (fault == 0) fault = ECONNRESET;
    }
    int count = 0;
    if (interests & EPOLLIN && event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        const int is_end = (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        out[count++] = (struct kevent){.ident = event->data.u64,
                                       .filter = EVFILT_READ,
                                       .flags = EV_CLEAR | (is_end ? EV_EOF : 0),
                                       .fflags = is_end ? (uint32_t)fault : 0,
                                       .udata = sockets[descriptor].read_data};
    }
    if (interests & EPOLLOUT && event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        const int is_end = (event->events & (EPOLLHUP | EPOLLERR)) != 0 || has_finished_sending(descriptor);
        out[count++] = (struct kevent){.ident = event->data.u64,
                                       .filter = EVFILT_WRITE,
                                       .flags = EV_CLEAR | (is_end ? EV_EOF : 0),
                                       .fflags = is_end ? (uint32_t)fault : 0,
                                       .udata = sockets[descriptor].write_data};
    }
    return count;
}

int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
           const struct timespec *timeout) {
    for (int index = 0; index < change_count; index++) {
        pthread_mutex_lock(&lock);
        const int result = apply(queue, &changes[index]);
        const int code = errno;
        pthread_mutex_unlock(&lock);
        if (result != 0) {
            errno = code;
            return -1;
        }
    }
    if (event_count == 0) return 0;

    // One event of epoll becomes at most two.
    struct epoll_event received[128];
    const int room = event_count / 2 < 128 ? event_count / 2 : 128;
    const int64_t milliseconds = timeout ? timeout->tv_sec * 1000LL + (timeout->tv_nsec + 999999) / 1000000 : -1;
    const int count = epoll_wait(queue, received, room, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
    if (count < 0) return -1;
    int written = 0;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < count; index++) written += translate(queue, &received[index], events + written);
    pthread_mutex_unlock(&lock);
    return written;
}
