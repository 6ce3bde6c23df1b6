// How many tests run at the same time: see CTestPace.c. It is linked by the tests alone, and nothing is called.
#ifndef CTESTPACE_H
#define CTESTPACE_H
#endif
