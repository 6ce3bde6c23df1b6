// libFuzzer's entry point for programs with a main of their own. The function is a part of the compiler's fuzzing
// runtime, so only a build with -sanitize=fuzzer can call it; see Tests/Fuzz/run.
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// Reads libFuzzer's options from the arguments and calls `callback` with one input after the other. The callback
// answers 0; a failure is a crash.
int LLVMFuzzerRunDriver(int *argc, char *_Nullable *_Nonnull *_Nonnull argv,
                        int (*callback)(const uint8_t *_Nullable data, size_t size));

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
