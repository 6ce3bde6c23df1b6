// Makes the locks of Swift's Synchronization module visible to ThreadSanitizer. For LD_PRELOAD on Linux.
//
// The fast path of `Mutex` is compiled into the program and instrumented. A contended lock changes hands in the library
// and in the kernel, which are not instrumented, so that the sanitizer would report races between threads that hold the
// lock in turn.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))

// The mangled names of `_MutexHandle._lockSlow(_:)` and `_MutexHandle._unlockSlow()`.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void lock_slow(uint32_t thread, CONTEXT void *handle);
typedef SWIFT void unlock_slow(CONTEXT void *handle);
typedef void annotation(void *address);

static lock_slow *library_lock;
static unlock_slow *library_unlock;
static annotation *acquire;
static annotation *release;

__attribute__((constructor)) static void find(void) {
    library_lock = (lock_slow *)dlsym(RTLD_NEXT, LOCK_SLOW);
    library_unlock = (unlock_slow *)dlsym(RTLD_NEXT, UNLOCK_SLOW);
    acquire = (annotation *)dlsym(RTLD_DEFAULT, "__tsan_acquire");
    release = (annotation *)dlsym(RTLD_DEFAULT, "__tsan_release");
}

SWIFT void visible_lock_slow(uint32_t thread, CONTEXT void *handle) __asm__(LOCK_SLOW);
SWIFT void visible_unlock_slow(CONTEXT void *handle) __asm__(UNLOCK_SLOW);

SWIFT void visible_lock_slow(uint32_t thread, CONTEXT void *handle) {
    library_lock(thread, handle);
    if (acquire) acquire(handle);
}

SWIFT void visible_unlock_slow(CONTEXT void *handle) {
    if (release) release(handle);
    library_unlock(handle);
}
