// process/suspend.c: a program's memory, descriptors, signals, timers and folder come back as they
// were.
#include "check.h"
#include "mm/memory.h"
#include "mm/space.h"

#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { RW = LINUX_PROT_READ | LINUX_PROT_WRITE };
enum { ANONYMOUS = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS };

static char *map(size_t pages) {
    return (char *)CALL(mmap2, 0, pages * PAGE_SIZE, RW, ANONYMOUS, -1, 0);
}

// What a first time leaves in the caches for small objects is no leak.
static void warm_up(void) {
    CHECK_EQUAL(kernel_suspend(), 0);
    kernel_resume();
}

static void pages_come_back(void) {
    warm_up();
    char *kept = map(3), *freed = map(2);
    memset(kept, 1, 3 * PAGE_SIZE);
    memset(freed, 2, 2 * PAGE_SIZE);
    size_t before = pages_in_use();
    CHECK_EQUAL(kernel_suspend(), 0);
    memset(kept, 9, 3 * PAGE_SIZE);
    CHECK_EQUAL(CALL(munmap, freed, 2 * PAGE_SIZE), 0);
    char *own = map(100); // must not lie where the suspended program's pages were
    CHECK(own > freed + PAGE_SIZE || own + 100 * PAGE_SIZE <= freed);
    memset(own, 3, 100 * PAGE_SIZE);
    kernel_resume();
    CHECK_EQUAL(kept[0], 1);
    CHECK_EQUAL(kept[3 * PAGE_SIZE - 1], 1);
    CHECK_EQUAL(freed[2 * PAGE_SIZE - 1], 2);
    CHECK_EQUAL(page_owner((uintptr_t)own), PAGE_FREE);
    CHECK_EQUAL(pages_in_use(), before);
    CHECK_EQUAL(CALL(munmap, freed, 2 * PAGE_SIZE), 0);
    CHECK_EQUAL(page_owner((uintptr_t)freed), PAGE_FREE);
}

static void they_nest(void) {
    char *page = map(1);
    page[0] = 1;
    CHECK_EQUAL(kernel_suspend(), 0);
    page[0] = 2;
    char *inner = map(1);
    inner[0] = 5;
    CHECK_EQUAL(kernel_suspend(), 0);
    page[0] = 3;
    CHECK_EQUAL(CALL(munmap, inner, PAGE_SIZE), 0);
    CHECK_EQUAL(CALL(munmap, page, PAGE_SIZE), 0);
    kernel_resume();
    CHECK_EQUAL(page[0], 2);
    CHECK_EQUAL(inner[0], 5);
    kernel_resume();
    CHECK_EQUAL(page[0], 1);
    CHECK_EQUAL(page_owner((uintptr_t)inner), PAGE_FREE);
}

static void descriptors_come_back_and_files_stay(void) {
    int file = (int)CALL(openat, AT_FDCWD, "/f", O_RDWR | O_CREAT, 0644);
    int own = (int)CALL(openat, AT_FDCWD, "/f", O_RDONLY | O_CLOEXEC, 0);
    CHECK(file > 2 && own > 2);
    CHECK_EQUAL(kernel_suspend(), 0);
    CHECK_EQUAL(CALL(fcntl64, own, 1 /* F_GETFD */), -EBADF); // closed by execve(2)
    CHECK_EQUAL(CALL(write, file, "abc", 3), 3);
    CHECK_EQUAL(CALL(close, file), 0);
    CHECK_EQUAL(CALL(close, 0), 0);
    CHECK(CALL(openat, AT_FDCWD, "/g", O_RDWR | O_CREAT, 0644) == 0);
    kernel_resume();
    char read[4] = "";
    CHECK_EQUAL(CALL(read, own, read, 4), 3);
    CHECK_EQUAL(memcmp(read, "abc", 3), 0);
    CHECK_EQUAL(CALL(write, file, "d", 1), 1); // the offset is shared, as after fork(2)
    CHECK_EQUAL(CALL(read, own, read, 4), 1);
    CHECK_EQUAL(CALL(openat, AT_FDCWD, "/g", O_RDONLY, 0), own + 1);
}

static void handled(int signo) {
    (void)signo;
}

static uintptr_t action_of(int signo) {
    struct linux_sigaction action;
    CHECK_EQUAL(CALL(rt_sigaction, signo, NULL, &action, 8), 0);
    return action.handler;
}

static void signals_and_timers_come_back(void) {
    struct linux_sigaction catch = {.handler = (uintptr_t)handled};
    struct linux_sigaction ignore = {.handler = LINUX_SIG_IGN};
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGTERM, &catch, NULL, 8), 0);
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGHUP, &ignore, NULL, 8), 0);
    CHECK_EQUAL(kernel_suspend(), 0);
    CHECK_EQUAL(action_of(LINUX_SIGTERM), LINUX_SIG_DFL);
    CHECK_EQUAL(action_of(LINUX_SIGHUP), LINUX_SIG_IGN);
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGTERM, &ignore, NULL, 8), 0);
    struct linux_itimerval soon = {.value = {.sec = 1}}, left;
    CHECK_EQUAL(CALL(setitimer, 0, &soon, NULL), 0);
    kernel_resume();
    CHECK_EQUAL(action_of(LINUX_SIGTERM), (uintptr_t)handled);
    CHECK_EQUAL(CALL(getitimer, 0, &left), 0);
    CHECK_EQUAL(left.value.sec + left.value.usec, 0);
}

static int alarms;
static void count_alarm(int signo) {
    (void)signo;
    alarms++;
}

static void timers_go_on_meanwhile(void) {
    struct linux_sigaction count = {.handler = (uintptr_t)count_alarm};
    struct linux_itimerval soon = {.value = {.sec = 1}}, left;
    struct linux_itimerspec later = {.value = {.sec = 5}};
    struct linux_timespec wanted = {.sec = 2};
    int timer;
    uint64_t expired;
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGALRM, &count, NULL, 8), 0);
    CHECK_EQUAL(CALL(setitimer, 0, &soon, NULL), 0);
    CHECK_EQUAL(CALL(timer_create, LINUX_CLOCK_MONOTONIC, NULL, &timer), 0);
    CHECK_EQUAL(CALL(timer_settime64, timer, 0, &later, NULL), 0);
    int descriptor = (int)CALL(timerfd_create, LINUX_CLOCK_MONOTONIC, 04000);
    CHECK_EQUAL(
        CALL(timerfd_settime64, descriptor, 0, &(struct linux_itimerspec){.value = {1}}, NULL), 0);
    CHECK_EQUAL(kernel_suspend(), 0);
    CHECK_EQUAL(CALL(getitimer, 0, &left), 0);
    CHECK_EQUAL(left.value.sec + left.value.usec, 0); // not inherited
    CHECK_EQUAL(CALL(timer_delete, timer), -EINVAL);
    CHECK_EQUAL(CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &wanted, NULL), 0);
    CHECK_EQUAL(alarms, 0); // it is the other process's
    kernel_resume();
    CHECK_EQUAL(CALL(read, descriptor, &expired, sizeof expired), 8);
    CHECK_EQUAL(alarms, 1);
    CHECK_EQUAL(CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0,
                     &(struct linux_timespec){.sec = 4}, NULL),
                -EINTR); // timer_create's SIGALRM
    CHECK_EQUAL(alarms, 2);
    CHECK_EQUAL(CALL(timer_delete, timer), 0);
}

static void the_machines_name_is_everybodys(void) {
    struct linux_utsname name;
    CHECK_EQUAL(kernel_suspend(), 0);
    CHECK_EQUAL(CALL(sethostname, "new", 3), 0);
    kernel_resume();
    CHECK_EQUAL(CALL(uname, &name), 0);
    CHECK_EQUAL(memcmp(name.nodename, "new", 4), 0);
}

static void folder_umask_and_name_come_back(void) {
    kernel_set_program("/bin/outer", (char *[]){"outer", NULL}, (char *[]){NULL});
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/there", 0755), 0);
    CHECK_EQUAL(CALL(umask, 027), 022);
    CHECK_EQUAL(kernel_suspend(), 0);
    kernel_set_program("/bin/inner", (char *[]){"inner", NULL}, (char *[]){NULL});
    CHECK_EQUAL(CALL(chdir, "/there"), 0);
    CHECK_EQUAL(CALL(umask, 0), 027);
    kernel_resume();
    char text[64] = "";
    CHECK_EQUAL(CALL(getcwd, text, sizeof text), 2);
    CHECK_EQUAL(CALL(umask, 022), 027);
    CHECK_EQUAL(CALL(readlinkat, AT_FDCWD, "/proc/self/exe", text, sizeof text), 10);
    CHECK_EQUAL(memcmp(text, "/bin/outer", 10), 0);
}

static void a_mapped_file_stays_mapped(void) {
    int file = (int)CALL(openat, AT_FDCWD, "/m", O_RDWR | O_CREAT, 0644);
    CHECK_EQUAL(CALL(write, file, "old", 3), 3);
    char *mapped = (char *)CALL(mmap2, 0, PAGE_SIZE, RW, LINUX_MAP_SHARED, file, 0);
    CHECK_EQUAL(kernel_suspend(), 0);
    CHECK_EQUAL(CALL(munmap, mapped, PAGE_SIZE), 0); // its own, as after fork(2)
    CHECK_EQUAL(CALL(pwrite64, file, "new", 3, 0, 0), 3);
    CHECK(CALL(mmap2, 0, PAGE_SIZE, RW, LINUX_MAP_SHARED, file, 0) > 0);
    kernel_resume();
    CHECK_EQUAL(memcmp(mapped, "new", 3), 0); // what was done to files stays
    mapped[0] = 'N';
    char read[4] = "";
    CHECK_EQUAL(CALL(pread64, file, read, 3, 0, 0), 3);
    CHECK_EQUAL(memcmp(read, "New", 3), 0);
    CHECK_EQUAL(CALL(munmap, mapped, PAGE_SIZE), 0);
}

static void without_memory_nothing_is_suspended(void) {
    warm_up();
    char *page = map(1);
    page[0] = 1;
    size_t before = pages_in_use();
    int refused = 0;
    for (uint64_t nth = 1; nth < 40; nth++) {
        memory_fail_at(nth);
        int error = kernel_suspend();
        uint64_t left = memory_fail_at(0);
        if (error) {
            CHECK_EQUAL(error, -ENOMEM);
            refused++;
        } else {
            kernel_resume();
        }
        CHECK_EQUAL(page[0], 1);
        CHECK_EQUAL(pages_in_use(), before);
        if (!error && left)
            break; // it asks for less often than that
    }
    CHECK(refused > 3);
}

int main(void) {
    RUN(pages_come_back);
    RUN(they_nest);
    RUN(descriptors_come_back_and_files_stay);
    RUN(signals_and_timers_come_back);
    RUN(timers_go_on_meanwhile);
    RUN(the_machines_name_is_everybodys);
    RUN(folder_umask_and_name_come_back);
    RUN(a_mapped_file_stays_mapped);
    RUN(without_memory_nothing_is_suspended);
    return finish();
}
