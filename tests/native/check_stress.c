// Many threads and processes at once, over locks, pipes, signals and timers, in an order that a
// seed decides; and clone(2) where memory ends.
#include "check.h"
#include "double_fibers.h"
#include "mm/memory.h"
#include "process/children.h"
#include "task/process.h"
#include "task/slots.h"
#include "task/task.h"

#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { THREADS = 64, PROCESSES = 32, ROUNDS = 200, MOST = THREADS + PROCESSES };

#define OF_A_THREAD                                                                                \
    (LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SIGHAND |                   \
     LINUX_CLONE_THREAD | LINUX_CLONE_CHILD_CLEARTID)

static _Alignas(16) uintptr_t stacks[MOST][4];
static uint32_t done[MOST], seed;
static uint32_t lock, condition; // lock: 0 free, 1 taken, 2 taken and waited for
static long counter, written, drained, sent, caught;
static int ends[2], tids[MOST];

static uint32_t chance(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void *stack_for(int index, int (*function)(void *)) {
    stacks[index][0] = (uintptr_t)function;
    stacks[index][1] = (uintptr_t)index;
    stacks[index][2] = 0;
    return stacks[index];
}

static long start_thread(int index, int (*function)(void *)) {
    done[index] = 1;
    long tid = CALL(clone, OF_A_THREAD, stack_for(index, function), 0, 0, &done[index]);
    tids[index] = (int)tid;
    return tid;
}

static void join_thread(int index) {
    while (*(volatile uint32_t *)&done[index])
        CALL(futex_time64, &done[index], LINUX_FUTEX_WAIT, 1, 0);
}

static void take(uint32_t *word) {
    uint32_t was = *word;
    if (!was) {
        *word = 1;
        return;
    }
    for (;;) {
        was = *word;
        *word = 2;
        if (!was)
            return;
        CALL(futex_time64, word, LINUX_FUTEX_WAIT, 2, 0);
    }
}

static void give(uint32_t *word) {
    uint32_t was = *word;
    *word = 0;
    if (was == 2)
        CALL(futex_time64, word, LINUX_FUTEX_WAKE, 1);
}

static void adds(void) {
    take(&lock);
    long seen = counter;
    if (chance(2))
        CALL(sched_yield);
    counter = seen + 1;
    give(&lock);
}

static void writes(void) {
    char bytes[300] = "";
    long size = 1 + chance(sizeof bytes);
    for (long at = 0, got; at < size; at += got > 0 ? got : 0)
        got = CALL(write, ends[1], bytes, size - at);
    written += size;
}

static void sleeps(void) {
    struct linux_timespec time = {.nsec = 1 + chance(1000)};
    CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &time, 0);
}

static void signals(void) {
    int to = (int)chance(THREADS);
    sent += CALL(tgkill, PROCESS_PID, tids[to], LINUX_SIGRTMIN) == 0;
}

static void waits(void) {
    struct linux_timespec time = {.nsec = 1 + chance(1000)};
    CALL(futex_time64, &condition, LINUX_FUTEX_WAIT, condition, &time);
    if (chance(2)) {
        condition++;
        CALL(futex_time64, &condition, LINUX_FUTEX_WAKE, 1 + chance(9));
    }
}

static int lives(void *argument) {
    static void (*const deeds[])(void) = {adds, writes, sleeps, signals, waits};
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        boxer_tasks.due |= chance(16) == 0;
        deeds[chance(sizeof deeds / sizeof *deeds)]();
    }
    // Whoever signals it finds it until all are done: none is lost with a thread.
    take(&lock);
    counter += 1000000;
    condition++;
    give(&lock);
    CALL(futex_time64, &condition, LINUX_FUTEX_WAKE, 1000);
    while (*(volatile long *)&counter < 1000000l * THREADS)
        sleeps();
    return 0;
}

static int drains(void *argument) {
    char bytes[777];
    (void)argument;
    for (long got; (got = CALL(read, ends[0], bytes, sizeof bytes)) > 0 || got == -EINTR;)
        drained += got > 0 ? got : 0;
    return 0;
}

static void catches(int signo) {
    (void)signo;
    caught++;
}

static int exits(void *argument) {
    for (uint32_t i = chance(20); i; i--)
        chance(3) ? (void)CALL(sched_yield) : sleeps();
    return (int)(intptr_t)argument;
}

static int reaps(void) {
    int count = 0;
    struct linux_siginfo info;
    for (long got; !(got = CALL(waitid, 0, 0, &info, WEXITED, 0)) || got == -EINTR;)
        count += got == 0;
    return count;
}

static void all_at_once(uint32_t with) {
    struct linux_sigaction action = {.handler = (uintptr_t)catches};
    host_switches();
    seed = with;
    boxer_tasks.most = MOST + 2;
    CALL(rt_sigaction, LINUX_SIGRTMIN, &action, 0, 8);
    CHECK_EQUAL(CALL(pipe2, ends, 0), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(start_thread(i, lives) > 0);
    start_thread(THREADS, drains);
    int children = 0;
    for (int i = THREADS + 1; i < MOST; i++)
        children += CALL(clone, LINUX_CLONE_VM | LINUX_SIGCHLD, stack_for(i, exits)) > 0;
    CHECK_EQUAL(reaps(), children);
    CHECK_EQUAL(children, PROCESSES - 1);
    for (int i = 0; i < THREADS; i++)
        join_thread(i);
    CALL(close, ends[1]);
    join_thread(THREADS);
    CHECK(written > 0 && sent > 0);
    CHECK_EQUAL(drained, written);
    CHECK_EQUAL(caught, sent);
    CHECK_EQUAL(counter / 1000000, THREADS);
    CHECK_EQUAL(lock, 0);
    CHECK_EQUAL(task_count(), 1);
    CHECK_EQUAL(process_count(), 1);
    CHECK_EQUAL(host_stacks, 0);
}

static void threads_processes_pipes_and_signals_at_once(void) {
    all_at_once(1);
}

static void and_in_another_order(void) {
    all_at_once(20261129);
}

// A clone that fails for want of memory has left nothing, and the next one works.
static void a_process_for_which_there_is_no_memory_is_not_made(void) {
    host_switches();
    for (uint64_t at = 1, left = 0; !left; at++) {
        pages_scrub();
        size_t pages = pages_in_use();
        memory_fail_at(at);
        long pid = CALL(clone, LINUX_CLONE_VM | LINUX_SIGCHLD, stack_for(0, exits));
        left = memory_fail_at(0);
        CHECK(left ? pid > 0 : pid == -ENOMEM);
        CHECK_EQUAL(reaps(), pid > 0);
        CHECK_EQUAL(task_count(), 1);
        pages_scrub();
        CHECK(pid > 0 || pages_in_use() == pages);
        CHECK(at < 40);
    }
}

int main(void) {
    RUN(threads_processes_pipes_and_signals_at_once);
    RUN(and_in_another_order);
    RUN(a_process_for_which_there_is_no_memory_is_not_made);
    return finish();
}
