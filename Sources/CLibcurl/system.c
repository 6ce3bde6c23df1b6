#if defined(__linux__)
#define _GNU_SOURCE  // pthread_setname_np
#endif

#include "CLibcurl.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// --- threads

struct spawn {
    void (*body)(void *);
    void *context;
};

static void *run_spawned(void *argument) {
    struct spawn spawn = *(struct spawn *)argument;
    free(argument);
    // What a list of the process's threads shows.
#if defined(__APPLE__)
    pthread_setname_np("safe-fetch");
#else
    pthread_setname_np(pthread_self(), "safe-fetch");
#endif
    spawn.body(spawn.context);
    return NULL;
}

int clibcurl_spawn(void (*body)(void *context), void *context) {
    struct spawn *spawn = malloc(sizeof *spawn);
    if (spawn == NULL) return -1;
    *spawn = (struct spawn){body, context};

    // A new thread inherits the mask. The program's signals belong to its own threads; and SIGPIPE from a write inside
    // the TLS library must not end the process (CURLOPT_NOSIGNAL leaves that to us).
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        free(spawn);
        return -1;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int failed = pthread_create(&thread, &attributes, run_spawned, spawn);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed) free(spawn);
    return failed ? -1 : 1;
}

int clibcurl_look_up(const char *name, uint8_t *records, size_t capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *first = NULL;
    if (getaddrinfo(name, NULL, &hints, &first) != 0) return 0;
    size_t count = 0;
    for (const struct addrinfo *one = first; one != NULL && count <= capacity; one = one->ai_next) {
        const int is_ipv4 = one->ai_family == AF_INET && one->ai_addrlen >= sizeof(struct sockaddr_in);
        const int is_ipv6 = one->ai_family == AF_INET6 && one->ai_addrlen >= sizeof(struct sockaddr_in6);
        if (!is_ipv4 && !is_ipv6) continue;
        if (count < capacity) {
            uint8_t *record = records + count * 17;
            record[0] = is_ipv4 ? 4 : 16;
            if (is_ipv4) {
                memcpy(record + 1, &((const struct sockaddr_in *)(const void *)one->ai_addr)->sin_addr, 4);
            } else {
                memcpy(record + 1, &((const struct sockaddr_in6 *)(const void *)one->ai_addr)->sin6_addr, 16);
            }
        }
        count++;
    }
    freeaddrinfo(first);
    return count <= capacity ? (int)count : -1;
}

int clibcurl_is_certificate_file(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    char line[128];
    int found = 0;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        found = strncmp(line, "-----BEGIN CERTIFICATE-----", 27) == 0
            || strncmp(line, "-----BEGIN TRUSTED CERTIFICATE-----", 35) == 0;
    }
    fclose(file);
    return found;
}
