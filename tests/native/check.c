// How a native test program runs: each test boots its own machine in its own process.
#include "check.h"
#include "vfs/fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int failures;
static int failed_tests;

int fork_copy(void) {
    fflush(stdout);
    return fork();
}

int status_of(int pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void boot_and_run(void (*test)(void)) {
    setvbuf(stdout, NULL, _IONBF, 0); // a crash loses nothing that was said
    CHECK_EQUAL(kernel_boot(0), 0);
    test();
    fd_close_from(0);
    fflush(stdout);
    _exit(failures ? 1 : 0);
}

void run_test(const char *name, void (*test)(void)) {
    int pid = fork_copy();
    if (pid == 0)
        boot_and_run(test);
    int status = status_of(pid);
    failed_tests += status != 0;
    printf("%s %s\n", status == 0 ? "passed" : "FAILED", name);
}

int finish(void) {
    return failed_tests != 0;
}

void run_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const long *a = rows[i].arguments;
        long got = boxer_syscall(rows[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (got != rows[i].expected) {
            failures++;
            printf("%s: answers %ld, not %ld\n", rows[i].name, got, rows[i].expected);
        }
    }
}
