// What every native test program shares: checks, system calls by number, the host's double.
#ifndef TESTS_NATIVE_CHECK_H
#define TESTS_NATIVE_CHECK_H

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_syscalls.h>

#include <stddef.h>
#include <stdint.h>

int printf(const char *, ...);

extern int failures;

// Both sides are evaluated once and shown when they differ.
#define CHECK_EQUAL(got, expected)                                                                 \
    do {                                                                                           \
        long long got_ = (long long)(got), expected_ = (long long)(expected);                      \
        if (got_ != expected_) {                                                                   \
            failures++;                                                                            \
            printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_, expected_);    \
        }                                                                                          \
    } while (0)
#define CHECK(condition) CHECK_EQUAL(!!(condition), 1)

#define ARGUMENTS(a, b, c, d, e, f, ...)                                                           \
    (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)
#define CALL(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(number, ...) boxer_syscall(NR_##number, ARGUMENTS(__VA_ARGS__))

// A row of a table of calls and what they answer.
struct row {
    const char *name;
    long number;
    long arguments[6];
    long expected;
};
void run_rows(const struct row *rows, size_t count);
#define RUN_ROWS(rows) run_rows(rows, sizeof(rows) / sizeof *(rows))

// The host's double: time stands still but for sleeps; stdio is in memory.
extern int64_t host_now;           // monotonic nanoseconds
extern char host_output[3][65536]; // what was written to descriptors 1 and 2
extern size_t host_output_size[3];
extern const char *host_input; // what descriptor 0 gives; null: nothing yet
extern int host_terminal;
extern int host_polls; // how often the program slept

// The status the statement ends the program with, or GOES_ON when it returns. Runs in a copy of
// this process.
#define GOES_ON 255
#define EXIT_STATUS(statement)                                                                     \
    __extension__({                                                                                \
        int pid_ = fork_copy();                                                                    \
        if (pid_ == 0) {                                                                           \
            statement;                                                                             \
            _exit(GOES_ON);                                                                        \
        }                                                                                          \
        status_of(pid_);                                                                           \
    })
int fork_copy(void);
int status_of(int pid);
_Noreturn void _exit(int);

// Boots a fresh machine in a copy of this process and runs the test there.
#define RUN(test) run_test(#test, test)
void run_test(const char *name, void (*test)(void));
int finish(void);

#endif
