#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "CEpoll.h"

#ifdef __linux__
int cepoll_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
#endif
