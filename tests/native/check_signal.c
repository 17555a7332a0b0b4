// task/signal.c, sys/signals.c, ipc/signalfd.c.
#include "check.h"
#include "mm/memory.h"
#include "task/process.h"

#include <string.h>

#define BIT(signo) (1ull << ((signo) - 1))

static int calls, last, nested;
static struct linux_siginfo seen;

static void plain(int signo) {
    calls++;
    last = signo;
}

static void with_info(int signo, void *info, void *context) {
    (void)context;
    plain(signo);
    memcpy(&seen, info, sizeof seen);
}

static void raises_again(int signo) {
    calls++;
    if (calls == 1) {
        CALL(kill, PROCESS_PID, signo); // blocked while its handler runs
        nested = calls;
    }
}

static void on(int signo, uintptr_t handler, unsigned long flags) {
    struct linux_sigaction action = {.handler = handler, .flags = flags};
    calls = last = 0;
    CHECK_EQUAL(CALL(rt_sigaction, signo, &action, 0, 8), 0);
}

static void a_handler_runs_before_kill_returns(void) {
    on(LINUX_SIGUSR1, (uintptr_t)plain, 0);
    CHECK_EQUAL(CALL(kill, PROCESS_PID, LINUX_SIGUSR1), 0);
    CHECK_EQUAL(calls == 1 && last == LINUX_SIGUSR1, 1);
    on(LINUX_SIGUSR1, (uintptr_t)with_info, LINUX_SA_SIGINFO);
    CHECK_EQUAL(CALL(tgkill, PROCESS_PID, PROCESS_PID, LINUX_SIGUSR1), 0);
    CHECK_EQUAL(seen.signo == LINUX_SIGUSR1 && seen.code == LINUX_SI_TKILL, 1);
    CHECK_EQUAL(seen.sent.pid, PROCESS_PID);
}

static void a_blocked_signal_waits_and_comes_once(void) {
    uint64_t set = BIT(LINUX_SIGUSR1), pending = 0, old = 9;
    on(LINUX_SIGUSR1, (uintptr_t)plain, 0);
    CHECK_EQUAL(CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, &old, 8), 0);
    CHECK_EQUAL(old, 0);
    CALL(kill, 0, LINUX_SIGUSR1);
    CALL(kill, -PROCESS_PID, LINUX_SIGUSR1);
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(CALL(rt_sigpending, &pending, 8), 0);
    CHECK_EQUAL(pending, set);
    CALL(rt_sigprocmask, LINUX_SIG_UNBLOCK, &set, 0, 8);
    CHECK_EQUAL(calls, 1);
}

static void real_time_signals_queue_in_order(void) {
    int signo = LINUX_SIGRTMIN + 3;
    uint64_t set = BIT(signo);
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    for (int i = 1; i <= 3; i++) {
        struct linux_siginfo info = {.code = LINUX_SI_QUEUE};
        info.sent.value.number = i;
        CHECK_EQUAL(CALL(rt_sigqueueinfo, PROCESS_PID, signo, &info), 0);
    }
    for (int i = 1; i <= 3; i++) {
        struct linux_siginfo info;
        CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, &info, &(struct linux_timespec){0}, 8),
                    signo);
        CHECK_EQUAL(info.sent.value.number, i);
    }
    CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, 0, &(struct linux_timespec){0}, 8), -EAGAIN);
}

static void a_tasks_own_signals_come_before_its_processs(void) {
    uint64_t set = BIT(LINUX_SIGUSR1) | BIT(LINUX_SIGUSR2);
    struct linux_siginfo info;
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    CALL(kill, PROCESS_PID, LINUX_SIGUSR1);
    CALL(tkill, PROCESS_PID, LINUX_SIGUSR2);
    CALL(tkill, PROCESS_PID, LINUX_SIGUSR2);
    static const int order[] = {LINUX_SIGUSR2, LINUX_SIGUSR1};
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, &info, &(struct linux_timespec){0}, 8),
                    order[i]);
        CHECK_EQUAL(info.code, i == 0 ? LINUX_SI_TKILL : LINUX_SI_USER);
    }
    CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, 0, &(struct linux_timespec){0}, 8), -EAGAIN);
}

static void without_memory_a_signal_comes_without_its_sender(void) {
    uint64_t set = BIT(LINUX_SIGUSR1) | BIT(LINUX_SIGRTMIN);
    struct linux_siginfo info = {.code = 9}, queued = {.code = LINUX_SI_QUEUE};
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    memory_fail_at(1);
    CHECK_EQUAL(CALL(kill, PROCESS_PID, LINUX_SIGUSR1), 0);
    memory_fail_at(1);
    CHECK_EQUAL(CALL(rt_sigqueueinfo, PROCESS_PID, LINUX_SIGRTMIN, &queued), -EAGAIN);
    CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, &info, &(struct linux_timespec){0}, 8),
                LINUX_SIGUSR1);
    CHECK_EQUAL(info.signo == LINUX_SIGUSR1 && info.code == 0 && info.sent.pid == 0, 1);
}

static void a_handler_blocks_its_own_signal(void) {
    on(LINUX_SIGUSR2, (uintptr_t)raises_again, 0);
    CALL(kill, PROCESS_PID, LINUX_SIGUSR2);
    CHECK_EQUAL(nested, 1);
    CHECK_EQUAL(calls, 2);
}

static void reset_after_one(void) {
    on(LINUX_SIGUSR1, (uintptr_t)plain, LINUX_SA_RESETHAND);
    CALL(kill, PROCESS_PID, LINUX_SIGUSR1);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(EXIT_STATUS(CALL(kill, PROCESS_PID, LINUX_SIGUSR1)), 128 + LINUX_SIGUSR1);
}

static void default_actions_are_linuxs(void) {
    static const int deadly[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 32, 40, 64};
    static const int harmless[] = {17, 18, 19, 20, 21, 22, 23, 28};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        CHECK_EQUAL(EXIT_STATUS(CALL(kill, PROCESS_PID, deadly[i])), 128 + deadly[i]);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        CHECK_EQUAL(EXIT_STATUS(CALL(kill, PROCESS_PID, harmless[i])), GOES_ON);
    }
}

static void suspending_takes_the_other_mask_and_gives_back(void) {
    uint64_t set = BIT(LINUX_SIGUSR1), none = 0, now = 5;
    on(LINUX_SIGUSR1, (uintptr_t)plain, LINUX_SA_RESTART);
    CALL(rt_sigprocmask, LINUX_SIG_SETMASK, &set, 0, 8);
    CALL(kill, PROCESS_PID, LINUX_SIGUSR1);
    CHECK_EQUAL(CALL(rt_sigsuspend, &none, 8), -EINTR);
    CHECK_EQUAL(calls, 1);
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, 0, &now, 8);
    CHECK_EQUAL(now, set);
}

static void a_signal_descriptor_reads_records(void) {
    uint64_t set = BIT(LINUX_SIGUSR1) | BIT(LINUX_SIGCHLD);
    struct linux_signalfd_siginfo records[3];
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    long fd = CALL(signalfd4, -1, &set, 8, 04000);
    CHECK_EQUAL(CALL(read, fd, records, sizeof records), -EAGAIN);
    CALL(kill, PROCESS_PID, LINUX_SIGCHLD);
    CALL(kill, PROCESS_PID, LINUX_SIGUSR1);
    CHECK_EQUAL(CALL(read, fd, records, sizeof records), 256);
    CHECK_EQUAL(records[0].signo, LINUX_SIGUSR1);
    CHECK_EQUAL(records[1].signo, LINUX_SIGCHLD);
    CHECK_EQUAL(records[0].pid, PROCESS_PID);
    CHECK_EQUAL(CALL(read, fd, records, 100), -EINVAL);
}

// What a host does between any two of the program's instructions.
static void host_sends(int signo) {
    boxer_signals.counts[signo]++;
    boxer_signals.sent++;
}

static void the_hosts_signals_come_at_the_next_system_call(void) {
    on(LINUX_SIGTERM, (uintptr_t)plain, 0);
    CHECK_EQUAL(boxer_signals.heeded, 1u << LINUX_SIGTERM);
    host_sends(LINUX_SIGTERM);
    CHECK_EQUAL(calls, 0);
    CALL(getppid);
    CHECK_EQUAL(calls == 1 && last == LINUX_SIGTERM, 1);
    CHECK_EQUAL(boxer_signals.taken, boxer_signals.sent);
    CALL(getppid);
    CHECK_EQUAL(calls, 1);
    host_sends(LINUX_SIGWINCH); // nobody wants to know
    CHECK_EQUAL(EXIT_STATUS(CALL(getppid)), GOES_ON);
    host_sends(LINUX_SIGHUP);
    CHECK_EQUAL(EXIT_STATUS(CALL(getppid)), 128 + LINUX_SIGHUP);
}

static void the_host_ends_a_wait(void) {
    uint64_t none = 0;
    on(LINUX_SIGUSR1, (uintptr_t)plain, LINUX_SA_RESTART);
    host_sends(LINUX_SIGUSR1);
    CHECK_EQUAL(CALL(rt_sigsuspend, &none, 8), -EINTR);
    CHECK_EQUAL(calls, 1);
}

// Between a clock and a wait programs do not look at what a handler leaves behind.
static void a_clock_leaves_a_signal_to_the_wait_behind_it(void) {
    struct linux_timespec time, day = {.sec = 86400};
    on(LINUX_SIGTERM, (uintptr_t)plain, 0);
    host_sends(LINUX_SIGTERM);
    CHECK_EQUAL(CALL(clock_gettime64, LINUX_CLOCK_MONOTONIC, &time), 0);
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &day, 0), -EINTR);
    CHECK_EQUAL(calls, 1);
    host_sends(LINUX_SIGTERM);
    CALL(clock_gettime64, LINUX_CLOCK_MONOTONIC, &time);
    CHECK_EQUAL(calls, 1);
    CALL(clock_gettime64, LINUX_CLOCK_MONOTONIC, &time);
    CHECK_EQUAL(calls, 2);
}

static void wrong_arguments_answer_as_on_linux(void) {
    struct linux_sigaction ignore = {.handler = LINUX_SIG_IGN};
    uint64_t set = 0;
    struct linux_sigaltstack small = {.sp = &set, .size = 100};
    const struct row rows[] = {
        {"sigaction of KILL", NR_rt_sigaction, {9, (long)&ignore, 0, 8}, -EINVAL},
        {"sigaction of 0", NR_rt_sigaction, {0, (long)&ignore, 0, 8}, -EINVAL},
        {"sigaction of 65", NR_rt_sigaction, {65, (long)&ignore, 0, 8}, -EINVAL},
        {"sigaction of a long set", NR_rt_sigaction, {1, (long)&ignore, 0, 16}, -EINVAL},
        {"sigprocmask how", NR_rt_sigprocmask, {7, (long)&set, 0, 8}, -EINVAL},
        {"kill nobody", NR_kill, {12345, 0}, -ESRCH},
        {"kill everybody else", NR_kill, {-1, 0}, -ESRCH},
        {"kill with 65", NR_kill, {PROCESS_PID, 65}, -EINVAL},
        {"kill with 0", NR_kill, {PROCESS_PID, 0}, 0},
        {"kill init as root", NR_kill, {1, 9}, 0},
        {"tgkill another", NR_tgkill, {PROCESS_PID, 99, 0}, -ESRCH},
        {"tkill 0", NR_tkill, {0, 0}, -EINVAL},
        {"small signal stack", NR_sigaltstack, {(long)&small, 0}, -ENOMEM},
        {"signalfd of no descriptor", NR_signalfd4, {40, (long)&set, 8, 0}, -EBADF},
        {"signalfd of stdin", NR_signalfd4, {0, (long)&set, 8, 0}, -EINVAL},
    };
    RUN_ROWS(rows);
}

int main(void) {
    RUN(a_handler_runs_before_kill_returns);
    RUN(a_blocked_signal_waits_and_comes_once);
    RUN(real_time_signals_queue_in_order);
    RUN(a_tasks_own_signals_come_before_its_processs);
    RUN(without_memory_a_signal_comes_without_its_sender);
    RUN(a_handler_blocks_its_own_signal);
    RUN(reset_after_one);
    RUN(default_actions_are_linuxs);
    RUN(suspending_takes_the_other_mask_and_gives_back);
    RUN(a_signal_descriptor_reads_records);
    RUN(the_hosts_signals_come_at_the_next_system_call);
    RUN(the_host_ends_a_wait);
    RUN(a_clock_leaves_a_signal_to_the_wait_behind_it);
    RUN(wrong_arguments_answer_as_on_linux);
    return finish();
}
