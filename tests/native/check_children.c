// process/: children in memory of their parent (CLONE_VM), which need no host that copies stacks.
#include "check.h"
#include "double_fibers.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "process/children.h"
#include "task/process.h"
#include "task/slots.h"
#include "task/task.h"

#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { MOST = 16, ALL = 0, PID = 1, GROUP = 2 };

static _Alignas(16) uintptr_t stacks[MOST][4];
static int used;

static long child_with(unsigned long flags, int (*function)(void *), void *argument) {
    uintptr_t *stack = stacks[used++ % MOST];
    stack[0] = (uintptr_t)function;
    stack[1] = (uintptr_t)argument;
    stack[2] = 0;
    return CALL(clone, LINUX_CLONE_VM | flags, stack);
}

static long child(int (*function)(void *), int argument) {
    return child_with(LINUX_SIGCHLD, function, (void *)(intptr_t)argument);
}

static struct linux_siginfo info;

static long wait_for_child(int which, long id, unsigned options) {
    memset(&info, 0, sizeof info);
    return CALL(waitid, which, id, &info, options, NULL);
}

static int exits(void *status) {
    CALL(sched_yield);
    return (int)(intptr_t)status;
}

static int sleeps(void *seconds) {
    struct linux_timespec wanted = {.sec = (intptr_t)seconds};
    CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &wanted, NULL);
    return 0;
}

static void a_child_is_waited_for(void) {
    host_switches();
    CHECK_EQUAL(wait_for_child(ALL, 0, WEXITED), -ECHILD);
    long pid = child(exits, 3);
    CHECK_EQUAL(pid, PROCESS_PID + 1);
    CHECK_EQUAL(wait_for_child(ALL, 0, WEXITED | WNOHANG), 0);
    CHECK_EQUAL(info.child.pid, 0);
    CHECK_EQUAL(wait_for_child(PID, pid + 1, WEXITED), -ECHILD);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED | WNOWAIT), 0);
    CHECK_EQUAL(wait_for_child(GROUP, 0, WEXITED), 0);
    CHECK_EQUAL(info.signo == LINUX_SIGCHLD && info.code == 1, 1);
    CHECK_EQUAL(info.child.pid, pid);
    CHECK_EQUAL(info.child.status, 3);
    CHECK_EQUAL(wait_for_child(ALL, 0, WEXITED), -ECHILD);
    CHECK_EQUAL(process_count(), 1);
    CHECK_EQUAL(host_stacks, 0);
}

static void a_child_that_is_killed_says_by_what(void) {
    host_switches();
    int64_t before = host_now;
    long pid = child(sleeps, 1000);
    CALL(sched_yield);
    CHECK_EQUAL(CALL(kill, pid, 0), 0);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGKILL), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(info.code, 2);
    CHECK_EQUAL(info.child.status, LINUX_SIGKILL);
    CHECK_EQUAL(CALL(kill, pid, 0), -ESRCH);
    pid = child(sleeps, 1000); // before it has begun
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGTERM), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(info.child.status, LINUX_SIGTERM);
    CHECK_EQUAL(host_now, before); // nobody has slept
}

static int told, told_pid;

static void on_child(int signo, struct linux_siginfo *what) {
    told += signo == LINUX_SIGCHLD;
    told_pid = (int)what->child.pid;
}

static void handle_children(uintptr_t handler, unsigned long flags) {
    struct linux_sigaction action = {.handler = handler, .flags = flags};
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGCHLD, &action, NULL, 8), 0);
}

static void parents_are_told_as_they_want(void) {
    host_switches();
    handle_children((uintptr_t)on_child, LINUX_SA_SIGINFO | LINUX_SA_RESTART);
    long pid = child(exits, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(told, 1);
    CHECK_EQUAL(told_pid, pid);
    handle_children(LINUX_SIG_IGN, 0); // nobody waits: they leave nothing
    pid = child(exits, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), -ECHILD);
    handle_children((uintptr_t)on_child, LINUX_SA_SIGINFO | LINUX_SA_NOCLDWAIT);
    pid = child(exits, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), -ECHILD);
    CHECK_EQUAL(told, 2);
    CHECK_EQUAL(process_count(), 1);
}

static void a_child_stops_and_goes_on(void) {
    host_switches();
    handle_children((uintptr_t)on_child, LINUX_SA_SIGINFO | LINUX_SA_RESTART);
    long pid = child(sleeps, 1);
    CALL(sched_yield);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGSTOP), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WSTOPPED), 0);
    CHECK_EQUAL(info.code, 5);
    CHECK_EQUAL(info.child.status, LINUX_SIGSTOP);
    CHECK_EQUAL(wait_for_child(PID, pid, WSTOPPED | WNOHANG), 0);
    CHECK_EQUAL(info.child.pid, 0); // told once
    sleeps((void *)5);              // it does not end meanwhile
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED | WNOHANG), 0);
    CHECK_EQUAL(info.child.pid, 0);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGTERM), 0); // heard of when it goes on
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED | WNOHANG), 0);
    CHECK_EQUAL(info.child.pid, 0);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGCONT), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WCONTINUED), 0);
    CHECK_EQUAL(info.code, 6);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(info.child.status, LINUX_SIGTERM);
    CHECK_EQUAL(told, 3);
    pid = child(sleeps, 1);
    CALL(sched_yield);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGSTOP), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WSTOPPED), 0);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGKILL), 0); // works on a stopped one too
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
}

static long orphan;

static int leaves_a_child(void *unused) {
    (void)unused;
    orphan = child(exits, 5);
    return 0;
}

static int asks_for_parent(void *unused) {
    (void)unused;
    sleeps((void *)1);
    return (int)CALL(getppid);
}

static int leaves_one_that_asks(void *unused) {
    (void)unused;
    orphan = child(asks_for_parent, 0);
    return 0;
}

static void orphans_find_a_parent(void) {
    host_switches();
    long pid = child(leaves_a_child, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(wait_for_child(ALL, 0, WEXITED), -ECHILD); // it is init's
    sleeps((void *)1);
    CHECK_EQUAL(process_count(), 1);
    CHECK_EQUAL(CALL(prctl, LINUX_PR_SET_CHILD_SUBREAPER, 1), 0);
    pid = child(leaves_one_that_asks, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(wait_for_child(PID, orphan, WEXITED), 0);
    CHECK_EQUAL(info.child.status, PROCESS_PID);
}

static int wants_to_die(void *unused) {
    (void)unused;
    CALL(prctl, LINUX_PR_SET_PDEATHSIG, LINUX_SIGUSR1);
    sleeps((void *)100);
    return 0;
}

static int leaves_one_that_dies(void *unused) {
    (void)unused;
    orphan = child(wants_to_die, 0);
    CALL(sched_yield);
    return 0;
}

static void a_parents_death_is_heard_of(void) {
    host_switches();
    CHECK_EQUAL(CALL(prctl, LINUX_PR_SET_CHILD_SUBREAPER, 1), 0);
    long pid = child(leaves_one_that_dies, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(wait_for_child(PID, orphan, WEXITED), 0);
    CHECK_EQUAL(info.child.status, LINUX_SIGUSR1);
}

static int in_a_session_of_its_own(void *unused) {
    (void)unused;
    long pid = CALL(getpid);
    if (CALL(setsid) != pid || CALL(getsid, 0) != pid || CALL(getpgid, 0) != pid)
        return 1;
    return CALL(setsid) == -EPERM && CALL(setpgid, 0, 0) == -EPERM ? 0 : 2;
}

static void groups_and_sessions(void) {
    host_switches();
    long a = child(sleeps, 50), b = child(sleeps, 50), c = child(in_a_session_of_its_own, 0);
    const struct row rows[] = {
        {"a group of its own", NR_setpgid, {a, 0}, 0},
        {"of that number", NR_getpgid, {a}, a},
        {"joined", NR_setpgid, {b, a}, 0},
        {"one that is not there", NR_setpgid, {b, 4000}, -EPERM},
        {"negative", NR_setpgid, {b, -1}, -EINVAL},
        {"of nobody", NR_setpgid, {4000, 0}, -ESRCH},
        {"of a session leader", NR_setpgid, {0, 0}, -EPERM},
        {"back", NR_setpgid, {b, PROCESS_PID}, 0},
        {"and there again", NR_setpgid, {b, a}, 0},
        {"nobody's", NR_kill, {-4000, 0}, -ESRCH},
        {"both of it", NR_kill, {-a, LINUX_SIGKILL}, 0},
    };
    RUN_ROWS(rows);
    CHECK_EQUAL(wait_for_child(GROUP, a, WEXITED), 0);
    CHECK_EQUAL(wait_for_child(GROUP, a, WEXITED), 0);
    CHECK_EQUAL(wait_for_child(GROUP, a, WEXITED), -ECHILD);
    CHECK_EQUAL(wait_for_child(PID, c, WEXITED), 0);
    CHECK_EQUAL(info.child.status, 0);
}

static int as_nobody(void *pid) {
    CALL(setresuid, 1000, 1000, 1000);
    return CALL(kill, (long)(intptr_t)pid, LINUX_SIGTERM) == -EPERM &&
                   CALL(kill, PROCESS_PPID, 0) == -EPERM && CALL(kill, -1, LINUX_SIGTERM) == -EPERM
               ? 0
               : 1;
}

static void others_are_not_to_be_killed(void) {
    host_switches();
    long pid = child(as_nobody, PROCESS_PID);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(info.child.status, 0);
    CHECK_EQUAL(info.code, 1);
}

static int file;
static char order[8];
static size_t steps;

static void lock(int command, int type) {
    struct linux_flock64 wanted = {.type = (int16_t)type};
    CHECK_EQUAL(CALL(fcntl64, file, command, &wanted), 0);
}

static int locks_too(void *unused) {
    struct linux_flock64 asked = {.type = F_WRLCK};
    (void)unused;
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLK64, &asked), -EAGAIN);
    CHECK_EQUAL(CALL(fcntl64, file, F_GETLK64, &asked), 0);
    CHECK_EQUAL(asked.pid, PROCESS_PID);
    lock(F_SETLKW64, F_WRLCK);
    order[steps++] = 'c';
    return 0;
}

static void locks_are_a_process_es(void) {
    host_switches();
    file = (int)CALL(openat, AT_FDCWD, "/l", O_RDWR | O_CREAT, 0644);
    lock(F_SETLK64, F_WRLCK);
    long pid = child(locks_too, 0);
    CALL(sched_yield);
    sleeps((void *)1);
    order[steps++] = 'p';
    lock(F_SETLK64, F_UNLCK);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(memcmp(order, "pc", 2), 0);
    lock(F_SETLK64, F_WRLCK); // the child's has gone with it
}

static int locks_crosswise(void *unused) {
    struct linux_flock64 second = {.type = F_WRLCK, .start = 1, .length = 1};
    struct linux_flock64 first = {.type = F_WRLCK, .start = 0, .length = 1};
    (void)unused;
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLK64, &second), 0);
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLKW64, &first), 0);
    return 0;
}

static void locks_in_a_circle_are_refused(void) {
    host_switches();
    file = (int)CALL(openat, AT_FDCWD, "/l", O_RDWR | O_CREAT, 0644);
    struct linux_flock64 first = {.type = F_WRLCK, .start = 0, .length = 1};
    struct linux_flock64 second = {.type = F_WRLCK, .start = 1, .length = 1};
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLK64, &first), 0);
    long pid = child(locks_crosswise, 0);
    CALL(sched_yield);
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLKW64, &second), -EDEADLK);
    first.type = F_UNLCK;
    CHECK_EQUAL(CALL(fcntl64, file, F_SETLK64, &first), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
}

static void a_descriptor_stands_for_a_process(void) {
    host_switches();
    CHECK_EQUAL(CALL(pidfd_open, 0, 0), -EINVAL);
    CHECK_EQUAL(CALL(pidfd_open, 999, 0), -ESRCH);
    CHECK_EQUAL(CALL(pidfd_open, current->process->pid, 1), -EINVAL);
    long pid = child(sleeps, 50), fd = CALL(pidfd_open, pid, O_NONBLOCK);
    struct linux_pollfd polled = {.fd = (int)fd, .events = LINUX_POLLIN};
    struct linux_timespec now = {0};
    CHECK_EQUAL(CALL(fcntl64, fd, F_GETFD, 0), 1);
    CHECK_EQUAL(CALL(ppoll_time64, &polled, 1, &now, 0, 0), 0);
    CHECK_EQUAL(wait_for_child(WAIT_PIDFD, fd, WEXITED), -EAGAIN);
    CHECK_EQUAL(CALL(pidfd_send_signal, fd, 0, NULL, 0), 0);
    CHECK_EQUAL(CALL(pidfd_send_signal, 0, 0, NULL, 0), -EBADF);
    CHECK_EQUAL(CALL(pidfd_send_signal, fd, LINUX_SIGKILL, NULL, 0), 0);
    CHECK_EQUAL(CALL(ppoll_time64, &polled, 1, NULL, 0, 0), 1);
    CHECK_EQUAL(polled.revents, LINUX_POLLIN);
    CHECK_EQUAL(wait_for_child(WAIT_PIDFD, fd, WEXITED), 0);
    CHECK_EQUAL(info.child.status, LINUX_SIGKILL);
    CHECK_EQUAL(wait_for_child(WAIT_PIDFD, fd, WEXITED), -ECHILD);
    CHECK_EQUAL(CALL(pidfd_send_signal, fd, 0, NULL, 0), -ESRCH);
    CHECK_EQUAL(CALL(ppoll_time64, &polled, 1, &now, 0, 0), 1);
    CHECK_EQUAL(CALL(close, fd), 0);
}

#define MS 1000000ll

static int expects_its_time(void *unused) {
    (void)unused;
    struct linux_timespec now;
    CALL(clock_gettime64, LINUX_CLOCK_PROCESS_CPUTIME, &now);
    CHECK_EQUAL(now.nsec, 0);
    host_now += 3 * MS;
    CALL(clock_gettime64, LINUX_CLOCK_THREAD_CPUTIME, &now);
    CHECK_EQUAL(now.nsec, 3 * MS);
    return 0;
}

// A child's computing is not its parent's: neither its clock nor its timers.
static void each_has_its_own_processor_time(void) {
    host_switches();
    struct linux_itimerval soon = {.value = {.usec = 2000}}, left;
    struct linux_timespec before, after;
    CALL(setitimer, LINUX_ITIMER_PROF, &soon, 0);
    CALL(clock_gettime64, LINUX_CLOCK_PROCESS_CPUTIME, &before);
    long pid = child(expects_its_time, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CALL(clock_gettime64, LINUX_CLOCK_PROCESS_CPUTIME, &after);
    CHECK_EQUAL(before.nsec, after.nsec);
    CHECK_EQUAL(CALL(getitimer, LINUX_ITIMER_PROF, &left), 0);
    CHECK_EQUAL(left.value.usec, 2000);
}

// As the interpreter does at a tick of the host.
static int computes_for_a_second(void *unused) {
    (void)unused;
    for (int i = 0; i < 200; i++) {
        host_now += 5 * MS;
        boxer_tasks.due = 1;
        CALL(sched_yield);
    }
    return 0;
}

// How often memories are exchanged while two processes compute for a second each.
static int exchanges_at(int64_t cost_ns) {
    host_exchange_ns = cost_ns;
    long pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = child(computes_for_a_second, 0);
        process_find((uint32_t)pids[i])->space = space_empty();
    }
    host_exchanged = 0;
    for (int i = 0; i < 2; i++)
        CHECK_EQUAL(wait_for_child(PID, pids[i], WEXITED), 0);
    return host_exchanged;
}

static void slices_grow_with_what_an_exchange_takes(void) {
    host_switches();
    int free_of_cost = exchanges_at(0), cheap = exchanges_at(MS / 2), dear = exchanges_at(2 * MS),
        dearest = exchanges_at(20 * MS);
    CHECK(free_of_cost >= 400);                 // at each tick
    CHECK(cheap < free_of_cost && cheap > 150); // 10 ms
    CHECK(dear < cheap * 2 / 3);                // 40 ms
    CHECK(dearest >= 2000 / 50);                // 50 ms at most: the others are not forgotten
    CHECK(dearest <= dear);
}

enum { FREE = 1, TAKEN = 7 };

static uint32_t *semaphore;
static int work[2], results[2];

// Of multiprocessing's pool: who reads holds the lock for which the others wait.
static int works(void *unused) {
    (void)unused;
    for (char byte = 1; byte;) {
        while (*semaphore != FREE)
            CALL(futex_time64, semaphore, LINUX_FUTEX_WAIT, TAKEN, 0);
        *semaphore = TAKEN;
        CHECK_EQUAL(CALL(read, work[0], &byte, 1), 1);
        *semaphore = FREE;
        CALL(futex_time64, semaphore, LINUX_FUTEX_WAKE, 1);
        CHECK_EQUAL(CALL(write, results[1], &byte, 1), 1);
    }
    return 0;
}

static void give_out(const char *bytes, size_t size) {
    char came[16];
    CHECK_EQUAL(CALL(write, work[1], bytes, size), size);
    for (size_t i = 0; i < size; i++)
        CHECK_EQUAL(CALL(read, results[0], &came[i], 1), 1);
    CHECK_EQUAL(memcmp(came, bytes, size), 0);
}

static void workers_who_find_nothing_are_not_exchanged_for(void) {
    enum { WORKERS = 4, ROUNDS = 10 };
    host_switches();
    host_exchange_ns = 0;
    long at = CALL(mmap2, 0, PAGE_SIZE, LINUX_PROT_READ | LINUX_PROT_WRITE,
                   LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS, -1, 0);
    CHECK(at > 0);
    CHECK_EQUAL(space_prepare(space_in_place), 0);
    semaphore = (uint32_t *)at;
    *semaphore = FREE;
    CHECK_EQUAL(CALL(pipe2, work, 0) | CALL(pipe2, results, 0), 0);
    for (int i = 0; i < WORKERS; i++)
        process_find((uint32_t)child(works, 0))->space = space_copy();
    give_out("0123456789abcdef", 16); // all of them have begun
    host_exchanged = 0;
    for (int i = 0; i < ROUNDS; i++)
        give_out("0123456789abcdef", 16);
    CHECK(host_exchanged >= 2 * ROUNDS && host_exchanged <= 3 * ROUNDS);
    give_out("\0\0\0\0", WORKERS);
    for (int i = 0; i < WORKERS; i++)
        CHECK_EQUAL(wait_for_child(ALL, 0, WEXITED), 0);
    CHECK_EQUAL(process_count(), 1);
}

static void there_can_be_too_many(void) {
    host_switches();
    host_stacks_most = 1000;
    boxer_tasks.most = 4;
    long pids[4];
    for (int i = 0; i < 3; i++)
        pids[i] = child(sleeps, 50);
    CHECK_EQUAL(child(exits, 0), -EAGAIN);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(CALL(kill, pids[i], LINUX_SIGKILL), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(wait_for_child(PID, pids[i], WEXITED), 0);
    CHECK(child(exits, 0) > 0);
}

static void without_memory_there_is_no_child(void) {
    host_switches();
    long pid = child(exits, 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    pages_scrub();
    size_t before = pages_in_use();
    int refused = 0;
    for (uint64_t nth = 1; nth < 40; nth++) {
        memory_fail_at(nth);
        pid = child(exits, 0);
        int left = memory_fail_at(0) != 0;
        if (pid > 0) {
            CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
        } else {
            CHECK_EQUAL(pid, -ENOMEM);
            refused++;
        }
        pages_scrub();
        CHECK_EQUAL(pages_in_use(), before);
        CHECK_EQUAL(task_count(), 1);
        CHECK_EQUAL(process_count(), 1);
        if (left)
            break;
    }
    CHECK(refused >= 5);
}

static void read_text(const char *path, char *text, size_t size) {
    long fd = CALL(openat, AT_FDCWD, path, O_RDONLY, 0);
    CHECK(fd > 2);
    long got = CALL(read, fd, text, size - 1);
    text[got > 0 ? got : 0] = 0;
    CALL(close, fd);
}

static void each_has_its_folder(void) {
    host_switches();
    char text[512], names[512];
    long pid = child(sleeps, 9);
    CALL(sched_yield);
    read_text("/proc/8/stat", text, sizeof text);
    CHECK_EQUAL(memcmp(text, "8 () S 7 7 7 ", 13), 0);
    CHECK_EQUAL(pid, 8);
    long folder = CALL(openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
    long size = 0, found = 0;
    while ((size = CALL(getdents64, folder, names, sizeof names)) > 0)
        for (long at = 0; at < size; at += ((struct linux_dirent64 *)(names + at))->reclen) {
            const char *name = ((struct linux_dirent64 *)(names + at))->name;
            found += strcmp(name, "7") == 0 || strcmp(name, "8") == 0;
        }
    CHECK_EQUAL(found, 2);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "/proc/8/fd/1", 0), 0);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "/proc/8/task/8/comm", 0), 0);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "/proc/8/task/7/comm", 0), -ENOENT);
    CHECK_EQUAL(CALL(kill, pid, LINUX_SIGKILL), 0);
    CALL(sched_yield);
    read_text("/proc/8/stat", text, sizeof text);
    CHECK_EQUAL(memcmp(text, "8 () Z 7 ", 9), 0);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
    CHECK_EQUAL(CALL(openat, AT_FDCWD, "/proc/8/stat", O_RDONLY, 0), -ENOENT);
}

static int vfork_steps;

static int steps_once(void *unused) {
    (void)unused;
    CALL(sched_yield);
    vfork_steps++;
    return 0;
}

static void a_parent_waits_for_the_memory_it_lent(void) {
    host_switches();
    long pid = child_with(LINUX_CLONE_VFORK | LINUX_SIGCHLD, steps_once, NULL);
    CHECK_EQUAL(vfork_steps, 1);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED | WNOHANG), 0);
    CHECK_EQUAL(info.child.pid, pid);
}

static int signals_its_parent(void *unused) {
    (void)unused;
    CHECK_EQUAL(CALL(kill, CALL(getppid), LINUX_SIGUSR1), 0);
    return 0;
}

static void a_parent_waits_for_a_signal(void) {
    host_switches();
    struct linux_sigaction action = {.handler = (uintptr_t)on_child, .flags = LINUX_SA_SIGINFO};
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGUSR1, &action, NULL, 8), 0);
    uint64_t blocked = 1ull << (LINUX_SIGUSR1 - 1), none = 0;
    CHECK_EQUAL(CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &blocked, NULL, 8), 0);
    long pid = child(signals_its_parent, 0);
    CHECK_EQUAL(CALL(rt_sigsuspend, &none, 8), -EINTR);
    CHECK_EQUAL(told_pid, pid);
    CHECK_EQUAL(wait_for_child(PID, pid, WEXITED), 0);
}

static void wrong_arguments_answer_as_on_linux(void) {
    host_switches();
    const struct row rows[] = {
        {"waitid of a strange kind", NR_waitid, {9, 0, 0, WEXITED}, -EINVAL},
        {"waitid for nothing", NR_waitid, {0, 0, 0, WNOHANG}, -EINVAL},
        {"waitid with strange options", NR_waitid, {0, 0, 0, WEXITED | 0x100}, -EINVAL},
        {"waitid of no pid", NR_waitid, {PID, 0, 0, WEXITED}, -EINVAL},
        {"clone with shared files", NR_clone, {LINUX_CLONE_FILES | LINUX_SIGCHLD}, -EINVAL},
        {"clone in memory, without a stack", NR_clone, {LINUX_CLONE_VM | LINUX_SIGCHLD}, -EINVAL},
        {"kill with a strange signal", NR_kill, {PROCESS_PID, 65}, -EINVAL},
        {"kill of nobody", NR_kill, {4000, 0}, -ESRCH},
        {"kill of all others", NR_kill, {-1, 0}, -ESRCH},
    };
    RUN_ROWS(rows);
    CHECK_EQUAL(process_count(), 1);
}

int main(void) {
    RUN(a_child_is_waited_for);
    RUN(a_child_that_is_killed_says_by_what);
    RUN(parents_are_told_as_they_want);
    RUN(a_child_stops_and_goes_on);
    RUN(orphans_find_a_parent);
    RUN(a_parents_death_is_heard_of);
    RUN(groups_and_sessions);
    RUN(others_are_not_to_be_killed);
    RUN(locks_are_a_process_es);
    RUN(locks_in_a_circle_are_refused);
    RUN(a_descriptor_stands_for_a_process);
    RUN(each_has_its_own_processor_time);
    RUN(slices_grow_with_what_an_exchange_takes);
    RUN(workers_who_find_nothing_are_not_exchanged_for);
    RUN(there_can_be_too_many);
    RUN(without_memory_there_is_no_child);
    RUN(each_has_its_folder);
    RUN(a_parent_waits_for_the_memory_it_lent);
    RUN(a_parent_waits_for_a_signal);
    RUN(wrong_arguments_answer_as_on_linux);
    return finish();
}
