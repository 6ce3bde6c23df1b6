// Makes the locks of Swift's Synchronization module visible to ThreadSanitizer. For LD_PRELOAD on Linux.
//
// The fast path of `Mutex` is compiled into the program and instrumented. A contended lock is acquired in the library,
// which is not instrumented, so that the sanitizer would report races between threads that hold the lock in turn.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))

typedef SWIFT void lock_slow(uint32_t self_id, CONTEXT void *handle);
typedef void annotation(void *address);

// `_MutexHandle._lockSlow(_:)`
SWIFT void visible_lock_slow(uint32_t self_id, CONTEXT void *handle) __asm__(
    "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");

SWIFT void visible_lock_slow(uint32_t self_id, CONTEXT void *handle) {
    static lock_slow *library;
    static annotation *acquire;
    // Every thread finds the same functions.
    if (!library) library = (lock_slow *)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    if (!acquire) acquire = (annotation *)dlsym(RTLD_DEFAULT, "__tsan_acquire");
    library(self_id, handle);
    // The release is the atomic exchange with which the other thread unlocked this handle.
    if (acquire) acquire(handle);
}
