#define CLIBCURL_FILLS_TABLE

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "loading.h"

#if defined(__linux__)

struct clibcurl_library clibcurl_library;

int clibcurl_load(void) {
    // The header declares version 4 of libcurl's ABI, which has not changed since 2006.
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return -1;
    struct clibcurl_library loaded;
    // dlsym returns the address of a function as a data pointer; POSIX allows copying it.
#define FUNCTION(name) \
    { \
        void *address = dlsym(library, #name); \
        if (address == NULL) { \
            dlclose(library); \
            return -2; \
        } \
        memcpy((char *)&loaded + offsetof(struct clibcurl_library, name), &address, sizeof address); \
    }
    CLIBCURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
    clibcurl_library = loaded;
    return 1;
}

#else

int clibcurl_load(void) {
    return 1;
}

#endif
