#define CLIBCURL_FILLS_TABLE

#ifdef __linux__
#define _GNU_SOURCE  // dl_iterate_phdr
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>
#endif
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CLibcurl.h"
#include "loading.h"

#if defined(__linux__)

struct clibcurl_library clibcurl_library;

// The number of objects that the process had before libcurl and its libraries. The loader lists objects in the order of
// their loading.
static size_t earlier_objects = SIZE_MAX;

static int count_object(struct dl_phdr_info *object, size_t size, void *count) {
    (void)object, (void)size;
    ++*(size_t *)count;
    return 0;
}

// Whether the loader has written to the pages of the text (DT_TEXTREL). No usual library has such text.
static int has_written_text(const struct dl_phdr_info *object) {
    for (int index = 0; index < object->dlpi_phnum; index++) {
        if (object->dlpi_phdr[index].p_type != PT_DYNAMIC) continue;
        const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + object->dlpi_phdr[index].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL) return 1;
            if (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_TEXTREL) return 1;
        }
    }
    return 0;
}

static int release_object(struct dl_phdr_info *object, size_t size, void *count) {
    (void)size;
    if ((*(size_t *)count)++ < earlier_objects || has_written_text(object)) return 0;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[index];
        // Parts that cannot be written are the same as in the file, from which they come back when they are used.
        if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
        const uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
        const uintptr_t end = (object->dlpi_addr + part->p_vaddr + part->p_memsz + page - 1) & ~(page - 1);
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clibcurl_release_pages(void) {
    size_t count = 0;
    dl_iterate_phdr(release_object, &count);
}

int clibcurl_load(void) {
    size_t count = 0;
    dl_iterate_phdr(count_object, &count);
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
    earlier_objects = count;
    return 1;
}

#else

void clibcurl_release_pages(void) {}

int clibcurl_load(void) {
    return 1;
}

#endif
