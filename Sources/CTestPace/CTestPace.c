// setenv belongs to POSIX and not to C.
#define _POSIX_C_SOURCE 200809L

#include "CTestPace.h"

#include <stdlib.h>

// swift-testing starts all tests at once. With two thousand of them on two cores, each step of a test waits for its
// turn for seconds: longer than the five seconds that a fetch may take, which no test wants to pass. The variable is
// read when the tests start; a value that is set already stays.
__attribute__((constructor)) static void limit_concurrent_tests(void) {
    setenv("SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH", "24", 0);
}
