// The epoll and eventfd declarations that Swift's Glibc module leaves out. Empty elsewhere: Darwin has kqueue.
#ifndef CEPOLL_H
#define CEPOLL_H
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif
#endif
