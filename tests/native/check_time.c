// time, task/timers.c, task/wait.c, ipc/timerfd.c: clocks, sleeps, timers, refused waits.
#include "check.h"
#include "task/slots.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "time/timer.h"

#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define MS 1000000ll

static int alarms;
static void count_alarm(int signo) {
    alarms += signo == LINUX_SIGALRM;
}

static void catch_alarm(unsigned long flags) {
    struct linux_sigaction action = {.handler = (uintptr_t)count_alarm, .flags = flags};
    alarms = 0;
    CHECK_EQUAL(CALL(rt_sigaction, LINUX_SIGALRM, &action, 0, 8), 0);
}

static void sleeping_takes_its_time(void) {
    struct linux_timespec wanted = {.sec = 2, .nsec = 5, .pad = -1}, now;
    int64_t before = clock_monotonic(), busy = clock_cpu();
    CHECK_EQUAL(CALL(clock_nanosleep_time64, LINUX_CLOCK_REALTIME, 0, &wanted, 0), 0);
    CHECK_EQUAL(clock_monotonic() - before, 2000000005ll);
    CHECK_EQUAL(clock_cpu(), busy);
    CHECK_EQUAL(CALL(clock_gettime64, LINUX_CLOCK_MONOTONIC, &now), 0);
    CHECK_EQUAL(now.sec * NSEC_PER_SEC + now.nsec, clock_monotonic());
    struct linux_timespec past = {.sec = 1};
    CHECK_EQUAL(CALL(clock_nanosleep_time64, 0, LINUX_TIMER_ABSTIME, &past, 0), 0);
}

static void wrong_clocks_and_times_are_refused(void) {
    struct linux_timespec odd = {.nsec = 1000000000}, negative = {.sec = -1}, out;
    const struct row rows[] = {
        {"gettime of no clock", NR_clock_gettime64, {99, (long)&out}, -EINVAL},
        {"gettime to nowhere", NR_clock_gettime64, {0, 0}, -EFAULT},
        {"getres to nowhere", NR_clock_getres_time64, {0, 0}, 0},
        {"settime", NR_clock_settime64, {0, (long)&out}, -EPERM},
        {"settime of a monotonic clock", NR_clock_settime64, {1, (long)&out}, -EINVAL},
        {"sleep of too many nanoseconds", NR_clock_nanosleep_time64, {0, 0, (long)&odd}, -EINVAL},
        {"sleep back", NR_clock_nanosleep_time64, {0, 0, (long)&negative}, -EINVAL},
        {"sleep on a thread's clock", NR_clock_nanosleep_time64, {3, 0, (long)&out}, -EINVAL},
        {"no such interval timer", NR_setitimer, {3, 0, 0}, -EINVAL},
        {"timer on no clock", NR_timer_create, {99, 0, (long)&out}, -EINVAL},
        {"no such timer", NR_timer_delete, {5}, -EINVAL},
        {"timerfd on CPU time", NR_timerfd_create, {2, 0}, -EINVAL},
        {"timerfd with odd flags", NR_timerfd_create, {1, 1}, -EINVAL},
    };
    memset(&out, 0, sizeof out);
    RUN_ROWS(rows);
}

static void an_alarm_interrupts_a_sleep(void) {
    catch_alarm(LINUX_SA_RESTART);
    struct linux_itimerval once = {.value = {.usec = 300000}}, old;
    struct linux_timespec wanted = {.sec = 1}, left;
    CHECK_EQUAL(CALL(setitimer, LINUX_ITIMER_REAL, &once, 0), 0);
    CHECK_EQUAL(CALL(clock_nanosleep_time64, 0, 0, &wanted, &left), -EINTR);
    CHECK_EQUAL(alarms, 1);
    CHECK_EQUAL(left.sec == 0 && left.nsec == 700000000, 1);
    CHECK_EQUAL(CALL(getitimer, LINUX_ITIMER_REAL, &old), 0);
    CHECK_EQUAL(old.value.sec == 0 && old.value.usec == 0, 1);
}

static void an_interval_timer_goes_on(void) {
    catch_alarm(0);
    struct linux_itimerval every = {.value = {.usec = 1000}, .interval = {.usec = 2000}};
    CHECK_EQUAL(CALL(setitimer, LINUX_ITIMER_REAL, &every, 0), 0);
    for (int i = 1; i <= 5; i++) {
        CHECK_EQUAL(CALL(ppoll_time64, 0, 0, 0, 0, 0), -EINTR);
        CHECK_EQUAL(alarms, i);
    }
    CHECK_EQUAL(clock_monotonic() - 1000000000, 9 * MS);
}

static void an_alarm_without_handler_ends_the_program(void) {
    struct linux_itimerval once = {.value = {.sec = 1}};
    struct linux_sigaction action = {0};
    CALL(rt_sigaction, LINUX_SIGALRM, &action, 0, 8);
    CALL(setitimer, LINUX_ITIMER_REAL, &once, 0);
    CHECK_EQUAL(EXIT_STATUS(CALL(ppoll_time64, 0, 0, 0, 0, 0)), 142);
}

static void a_timer_descriptor_counts_expirations(void) {
    long fd = CALL(timerfd_create, LINUX_CLOCK_MONOTONIC, 04000);
    struct linux_itimerspec every = {.value = {.nsec = 10 * MS}, .interval = {.nsec = 10 * MS}},
                            now;
    uint64_t count = 0;
    CHECK_EQUAL(CALL(timerfd_settime64, fd, 0, &every, 0), 0);
    CHECK_EQUAL(CALL(read, fd, &count, 8), -EAGAIN);
    CHECK_EQUAL(CALL(read, fd, &count, 4), -EINVAL);
    host_now += 35 * MS;
    CHECK_EQUAL(CALL(read, fd, &count, 8), 8);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(CALL(timerfd_gettime64, fd, &now), 0);
    CHECK_EQUAL(now.value.nsec, 5 * MS);
    struct linux_pollfd poll = {.fd = (int)fd, .events = LINUX_POLLIN};
    CHECK_EQUAL(CALL(ppoll_time64, &poll, 1, 0, 0, 0), 1);
    CHECK_EQUAL(poll.revents, LINUX_POLLIN);
    CHECK_EQUAL(CALL(close, fd), 0);
    CHECK_EQUAL(timers_next(current->process, ~0ull), INT64_MAX);
}

static void a_posix_timer_sends_its_signal_with_its_value(void) {
    struct linux_sigevent event = {.value = {.number = 77}, .signo = LINUX_SIGRTMIN + 5};
    struct linux_itimerspec once = {.value = {.sec = 1}};
    struct linux_siginfo info;
    uint64_t set = 1ull << (LINUX_SIGRTMIN + 4);
    int id = -1;
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    CHECK_EQUAL(CALL(timer_create, LINUX_CLOCK_MONOTONIC, &event, &id), 0);
    CHECK_EQUAL(CALL(timer_settime64, id, 0, &once, 0), 0);
    CHECK_EQUAL(CALL(rt_sigtimedwait_time64, &set, &info, 0, 8), LINUX_SIGRTMIN + 5);
    CHECK_EQUAL(info.code, LINUX_SI_TIMER);
    CHECK_EQUAL(info.timer.value.number, 77);
    CHECK_EQUAL(CALL(timer_delete, id), 0);
    CHECK_EQUAL(CALL(timer_settime64, id, 0, &once, 0), -EINVAL);
}

static void a_wait_that_nothing_ends_is_refused(void) {
    wait_thaw();
    CHECK_EQUAL(CALL(ppoll_time64, 0, 0, 0, 0, 0), -EDEADLK);
    size_t told = host_output_size[2];
    CHECK(told > 20 && memcmp(host_output[2], "boxer: ", 7) == 0);
    CHECK_EQUAL(CALL(rt_sigsuspend, &(uint64_t){0}, 8), -EDEADLK);
    CHECK_EQUAL(host_output_size[2], told); // said once
    uint32_t word = 3;
    CHECK_EQUAL(EXIT_STATUS(CALL(futex_time64, &word, 0, 3, 0, 0, 0)), WAIT_DEADLOCK_STATUS);
    CHECK_EQUAL(CALL(futex_time64, &word, 0, 4, 0, 0, 0), -EAGAIN);
    struct linux_timespec second = {.sec = 1};
    CHECK_EQUAL(CALL(futex_time64, &word, 128, 3, &second, 0, 0), -ETIMEDOUT);
    int status =
        EXIT_STATUS(for (int i = 0; i < WAIT_DEADLOCKS + 5; i++) CALL(ppoll_time64, 0, 0, 0, 0, 0));
    CHECK_EQUAL(status, WAIT_DEADLOCK_STATUS);
}

static void a_timer_that_nobody_hears_ends_no_wait(void) {
    struct linux_itimerspec every = {.value = {.nsec = 1000}, .interval = {.nsec = 1000}};
    long timer = CALL(timerfd_create, LINUX_CLOCK_MONOTONIC, 0);
    long event = CALL(eventfd2, 0, 0);
    CALL(timerfd_settime64, timer, 0, &every, 0);
    uint64_t count, set = 1ull << (LINUX_SIGALRM - 1);
    CHECK_EQUAL(CALL(read, event, &count, 8), -EDEADLK);
    struct linux_itimerval alarm = {.value = {.usec = 1}, .interval = {.usec = 1}};
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &set, 0, 8);
    CALL(setitimer, LINUX_ITIMER_REAL, &alarm, 0);
    CHECK_EQUAL(CALL(read, event, &count, 8), -EDEADLK);
    long signals = CALL(signalfd4, -1, &set, 8, 0);
    struct linux_signalfd_siginfo info;
    CHECK_EQUAL(CALL(read, signals, &info, sizeof info), 128);
    CHECK_EQUAL(CALL(read, timer, &count, 8), 8);
}

static int64_t time_of(int clockid) {
    struct linux_timespec now = {0};
    CHECK_EQUAL(CALL(clock_gettime64, clockid, &now), 0);
    return now.sec * NSEC_PER_SEC + now.nsec;
}

static void who_computes_is_told_of_timers(void) {
    struct linux_itimerval soon = {.value = {.usec = 1000}}, none = {{0}, {0}};
    catch_alarm(0);
    CHECK_EQUAL(boxer_tasks.others, 0);
    CALL(setitimer, LINUX_ITIMER_REAL, &soon, 0);
    CHECK(boxer_tasks.others > 0);
    host_now += 2 * MS;
    boxer_tasks.due = 1; // the program yields then
    CALL(sched_yield);
    CHECK_EQUAL(alarms, 1);
    CHECK_EQUAL(boxer_tasks.others, 0);
    CALL(setitimer, LINUX_ITIMER_REAL, &soon, 0);
    CALL(setitimer, LINUX_ITIMER_REAL, &none, 0);
    CHECK_EQUAL(boxer_tasks.others, 0);
}

static int signals_seen[LINUX_NSIG];

static void count_signal(int signo) {
    signals_seen[signo]++;
}

static void catch_signal(int signo) {
    struct linux_sigaction action = {.handler = (uintptr_t)count_signal};
    signals_seen[signo] = 0;
    CHECK_EQUAL(CALL(rt_sigaction, signo, &action, 0, 8), 0);
}

static void a_timer_of_the_processor_s_time_stands_still_in_a_sleep(void) {
    struct linux_itimerval soon = {.value = {.usec = 5000}};
    struct linux_timespec longer = {.sec = 1};
    int64_t before = time_of(LINUX_CLOCK_THREAD_CPUTIME);
    catch_signal(LINUX_SIGVTALRM);
    CALL(setitimer, LINUX_ITIMER_VIRTUAL, &soon, 0);
    CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &longer, 0);
    CHECK_EQUAL(signals_seen[LINUX_SIGVTALRM], 0);
    host_now += 6 * MS;
    CALL(getppid);
    CHECK_EQUAL(signals_seen[LINUX_SIGVTALRM], 1);
    CHECK_EQUAL(time_of(LINUX_CLOCK_THREAD_CPUTIME) - before, 6 * MS);
    CHECK_EQUAL(time_of(LINUX_CLOCK_PROCESS_CPUTIME), time_of(LINUX_CLOCK_THREAD_CPUTIME));
}

static void a_limit_of_processor_time_warns_and_ends(void) {
    struct linux_rlimit64 limit = {.soft = 2, .hard = 4};
    catch_signal(LINUX_SIGXCPU);
    CHECK_EQUAL(CALL(prlimit64, 0, LINUX_RLIMIT_CPU, &limit, 0), 0);
    host_now += 1900 * MS;
    CALL(getppid);
    CHECK_EQUAL(signals_seen[LINUX_SIGXCPU], 0);
    host_now += 200 * MS;
    CALL(getppid);
    CHECK_EQUAL(signals_seen[LINUX_SIGXCPU], 1);
    host_now += 1000 * MS;
    CALL(getppid);
    CHECK_EQUAL(signals_seen[LINUX_SIGXCPU], 2);
    host_now += 1000 * MS;
    CHECK_EQUAL(EXIT_STATUS(CALL(getppid)), 128 + LINUX_SIGKILL);
}

static void the_monotonic_clock_goes_on_after_a_thaw(void) {
    host_now += 500 * MS;
    int64_t before = clock_monotonic();
    kernel_freeze();
    host_now = 7; // another host, just started
    kernel_thaw("/");
    CHECK_EQUAL(clock_monotonic(), before);
    host_now += 3;
    CHECK_EQUAL(clock_monotonic(), before + 3);
    CHECK_EQUAL(clock_cpu(), 3);
}

int main(void) {
    RUN(a_timer_that_nobody_hears_ends_no_wait);
    RUN(sleeping_takes_its_time);
    RUN(wrong_clocks_and_times_are_refused);
    RUN(an_alarm_interrupts_a_sleep);
    RUN(an_interval_timer_goes_on);
    RUN(an_alarm_without_handler_ends_the_program);
    RUN(a_timer_descriptor_counts_expirations);
    RUN(a_posix_timer_sends_its_signal_with_its_value);
    RUN(a_wait_that_nothing_ends_is_refused);
    RUN(who_computes_is_told_of_timers);
    RUN(a_timer_of_the_processor_s_time_stands_still_in_a_sleep);
    RUN(a_limit_of_processor_time_warns_and_ends);
    RUN(the_monotonic_clock_goes_on_after_a_thaw);
    return finish();
}
