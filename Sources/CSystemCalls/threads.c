#ifdef __linux__
#define _GNU_SOURCE  // pthread_setname_np, sched_getaffinity
#include <sched.h>
#endif

#include "CSystemCalls.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/resource.h>
#endif

#ifdef __linux__
int csystem_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
#endif

struct spawn {
    char name[16];  // Linux takes no longer name
    void (*body)(void *);
    void *context;
};

static void *run_spawned(void *argument) {
    struct spawn spawn = *(struct spawn *)argument;
    free(argument);
#if defined(__APPLE__)
    pthread_setname_np(spawn.name);
#else
    pthread_setname_np(pthread_self(), spawn.name);
#endif
    spawn.body(spawn.context);
    return NULL;
}

int csystem_spawn(const char *name, void (*body)(void *context), void *context) {
    struct spawn *spawn = malloc(sizeof *spawn);
    if (spawn == NULL) return -1;
    spawn->body = body;
    spawn->context = context;
    snprintf(spawn->name, sizeof spawn->name, "%s", name);

    // A new thread inherits the mask. The program's signals belong to its own threads; and SIGPIPE from a write inside
    // a library must not end the process.
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

void csystem_give_way(void) {
#if defined(__APPLE__)
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#else
    // Linux applies it to the calling thread alone. A thread that gives way further already stays as it is.
    setpriority(PRIO_PROCESS, 0, 10);
#endif
}

void csystem_release_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
