// task/schedule.c, task/futex.c, sys/clone.c: threads that take turns.
#include "check.h"
#include "double_fibers.h"
#include "mm/memory.h"
#include "task/slots.h"
#include "task/task.h"
#include "vfs/fd.h"

#include <boxer/linux_mman.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { MOST = 64 };

#define THREAD                                                                                     \
    (LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SIGHAND |                   \
     LINUX_CLONE_THREAD | LINUX_CLONE_PARENT_SETTID | LINUX_CLONE_CHILD_CLEARTID)

static _Alignas(16) uintptr_t stacks[MOST][4];
static uint32_t tids[MOST], done[MOST];

// As pthread_create(3) does: its word is cleared at the end.
static long start_thread(int index, int (*function)(void *), void *argument) {
    stacks[index][0] = (uintptr_t)function;
    stacks[index][1] = (uintptr_t)argument;
    stacks[index][2] = 0;
    done[index] = 1;
    return CALL(clone, THREAD, stacks[index], &tids[index], 0, &done[index]);
}

static void join_thread(int index) {
    while (*(volatile uint32_t *)&done[index])
        CALL(futex_time64, &done[index], LINUX_FUTEX_WAIT, 1, 0);
}

static int steps[256], step_count;

static void step(int number) {
    if (step_count < 256)
        steps[step_count++] = number;
}

static int takes_steps(void *argument) {
    int number = (int)(intptr_t)argument;
    for (int i = 0; i < 3; i++) {
        step(number);
        CALL(sched_yield);
    }
    return 0;
}

static void tasks_take_turns_in_their_order(void) {
    host_switches();
    CHECK_EQUAL(start_thread(0, takes_steps, (void *)1), PROCESS_PID + 1);
    CHECK_EQUAL(start_thread(1, takes_steps, (void *)2), PROCESS_PID + 2);
    takes_steps((void *)0);
    join_thread(0);
    join_thread(1);
    static const int expected[] = {0, 1, 2, 0, 1, 2, 0, 1, 2};
    CHECK_EQUAL(step_count, 9);
    for (int i = 0; i < 9; i++)
        CHECK_EQUAL(steps[i], expected[i]);
    CHECK_EQUAL(task_count(), 1);
    CHECK_EQUAL(host_stacks, 0);
    CHECK_EQUAL(host_polls, 0);
}

static int ends[2];

static int reads_one(void *unused) {
    char byte;
    (void)unused;
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), 1);
    return 0;
}

// multiprocessing's pool polls the pipe that another of its threads reads.
static void who_polls_lets_the_reader_have_it(void) {
    struct linux_pollfd polled = {.events = LINUX_POLLIN};
    struct linux_timespec zero = {0};
    host_switches();
    CHECK_EQUAL(CALL(pipe2, ends, 0), 0);
    polled.fd = ends[0];
    CHECK_EQUAL(start_thread(0, reads_one, NULL), PROCESS_PID + 1);
    CALL(sched_yield); // it waits
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), 1);
    CHECK_EQUAL(CALL(ppoll_time64, &polled, 1, &zero, 0, 0), 0);
    join_thread(0);
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), 1);
    CHECK_EQUAL(CALL(ppoll_time64, &polled, 1, &zero, 0, 0), 1); // nobody else wants it
    CHECK_EQUAL(host_polls, 0);
}

static uint32_t turn;

static int plays(void *argument) {
    uint32_t own = (uint32_t)(uintptr_t)argument;
    for (int i = 0; i < 1000; i++) {
        while (*(volatile uint32_t *)&turn != own)
            CALL(futex_time64, &turn, LINUX_FUTEX_WAIT, !own, 0);
        turn = !own;
        CALL(futex_time64, &turn, LINUX_FUTEX_WAKE, 1);
    }
    return 0;
}

static void a_word_is_waited_for_and_woken(void) {
    host_switches();
    start_thread(0, plays, (void *)1);
    plays((void *)0);
    join_thread(0);
    CHECK_EQUAL(turn, 0);
    CHECK(host_switched >= 2000 && host_switched < 2100);
    CHECK_EQUAL(host_polls, 0);
}

static uint32_t gate, other_gate;
static int passed;

static int waits_at_the_gate(void *argument) {
    uint32_t bits = (uint32_t)(uintptr_t)argument;
    long result = bits ? CALL(futex_time64, &gate, LINUX_FUTEX_WAIT_BITSET, 0, 0, 0, bits)
                       : CALL(futex_time64, &gate, LINUX_FUTEX_WAIT, 0, 0);
    passed += result == 0;
    return 0;
}

static void let_run(void) {
    for (int i = 0; i < 4; i++)
        CALL(sched_yield);
}

static void wakes_count_whom_they_found(void) {
    host_switches();
    for (int i = 0; i < 5; i++)
        start_thread(i, waits_at_the_gate, 0);
    let_run();
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE, 2), 2);
    let_run();
    CHECK_EQUAL(passed, 2);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_CMP_REQUEUE, 1, 1, &other_gate, 7), -EAGAIN);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_CMP_REQUEUE, 1, 1, &other_gate, 0), 2);
    let_run();
    CHECK_EQUAL(passed, 3);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE, 100), 1);
    CHECK_EQUAL(CALL(futex_time64, &other_gate, LINUX_FUTEX_WAKE, 100), 1);
    let_run();
    CHECK_EQUAL(passed, 5);
    CHECK_EQUAL(task_count(), 1);
}

static uint32_t *lock;

static int waits_for_the_lock(void *number) {
    CHECK_EQUAL(CALL(futex_time64, lock, LINUX_FUTEX_WAIT, 7, 0), 0);
    step((int)(intptr_t)number);
    return 0;
}

static int takes_a_step(void *number) {
    step((int)(intptr_t)number);
    return 0;
}

// A semaphore of multiprocessing's, which the worker that has just given it takes again.
static void a_lock_that_is_taken_again_lets_others_go_first(void) {
    host_switches();
    long at = CALL(mmap2, 0, PAGE_SIZE, LINUX_PROT_READ | LINUX_PROT_WRITE,
                   LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS, -1, 0);
    CHECK(at > 0);
    lock = (uint32_t *)at;
    for (uint32_t left = 7; left <= 8; left++) {
        *lock = 7;
        start_thread(0, waits_for_the_lock, (void *)1);
        let_run();
        *lock = left; // 7: taken again
        CHECK_EQUAL(CALL(futex_time64, lock, LINUX_FUTEX_WAKE, 1), 1);
        start_thread(1, takes_a_step, (void *)2);
        join_thread(1);
        join_thread(0);
    }
    static const int expected[] = {2, 1, 1, 2};
    CHECK_EQUAL(step_count, 4);
    for (int i = 0; i < 4; i++)
        CHECK_EQUAL(steps[i], expected[i]);
}

static void who_is_woken_has_its_turn_at_last(void) {
    host_switches();
    long at = CALL(mmap2, 0, PAGE_SIZE, LINUX_PROT_READ | LINUX_PROT_WRITE,
                   LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS, -1, 0);
    lock = (uint32_t *)at;
    *lock = 7;
    start_thread(0, waits_for_the_lock, (void *)1);
    let_run();
    CHECK_EQUAL(CALL(futex_time64, lock, LINUX_FUTEX_WAKE, 1), 1);
    CALL(sched_yield);
    CHECK_EQUAL(step_count, 0);
    for (int i = 0; i < 1000; i++)
        CALL(sched_yield);
    CHECK_EQUAL(step_count, 1);
    CHECK_EQUAL(task_count(), 1);
}

static void bits_say_who_is_meant(void) {
    host_switches();
    start_thread(0, waits_at_the_gate, (void *)1);
    start_thread(1, waits_at_the_gate, (void *)2);
    let_run();
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE_BITSET, 9, 0, 0, 4), 0);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE_BITSET, 9, 0, 0, 2), 1);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE, 9), 1);
    join_thread(0);
    join_thread(1);
    CHECK_EQUAL(passed, 2);
}

static void a_word_is_changed_and_waiters_woken_at_once(void) {
    // FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 4)
    uint32_t operation = 1u << 28 | 4u << 24 | 3u << 12 | 4;
    host_switches();
    other_gate = 5;
    start_thread(0, waits_at_the_gate, 0);
    let_run();
    CHECK_EQUAL(CALL(futex_time64, &other_gate, LINUX_FUTEX_WAKE_OP, 1, 1, &gate, operation), 0);
    CHECK_EQUAL(gate, 3); // 0 was not greater than 4
    CHECK_EQUAL(CALL(futex_time64, &other_gate, LINUX_FUTEX_WAKE_OP, 1, 1, &gate, operation), 0);
    gate = 9;
    CHECK_EQUAL(CALL(futex_time64, &other_gate, LINUX_FUTEX_WAKE_OP, 1, 1, &gate, operation), 1);
    CHECK_EQUAL(gate, 12);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAKE_OP, 1, 1, &gate, 7u << 28), -ENOSYS);
    join_thread(0);
}

static void a_wait_ends_at_its_time(void) {
    struct linux_timespec second = {.sec = 1};
    host_switches();
    int64_t before = host_now;
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAIT, 0, &second), -ETIMEDOUT);
    CHECK_EQUAL(host_now - before, 1000000000);
    CHECK_EQUAL(CALL(futex_time64, &gate, LINUX_FUTEX_WAIT, 1, &second), -EAGAIN);
}

static int sleeps(void *argument) {
    struct linux_timespec time = {.sec = (intptr_t)argument};
    CALL(clock_nanosleep_time64, LINUX_CLOCK_MONOTONIC, 0, &time, 0);
    step((int)(intptr_t)argument);
    return 0;
}

static void all_sleep_at_once(void) {
    host_switches();
    int64_t before = host_now;
    start_thread(0, sleeps, (void *)3);
    start_thread(1, sleeps, (void *)1);
    start_thread(2, sleeps, (void *)2);
    for (int i = 0; i < 3; i++)
        join_thread(i);
    CHECK_EQUAL(host_now - before, 3000000000);
    CHECK_EQUAL(host_polls, 3);
    CHECK_EQUAL(steps[0], 1);
    CHECK_EQUAL(steps[1], 2);
    CHECK_EQUAL(steps[2], 3);
}

static int ends[2];

static int writes(void *argument) {
    CHECK_EQUAL(CALL(write, ends[1], argument, 5), 5);
    return 0;
}

static void a_read_waits_for_another_thread(void) {
    char got[8] = "";
    host_switches();
    CHECK_EQUAL(CALL(pipe2, ends, 0), 0);
    start_thread(0, writes, "hello");
    CHECK_EQUAL(CALL(read, ends[0], got, sizeof got), 5);
    CHECK(memcmp(got, "hello", 5) == 0);
    join_thread(0);
}

static char many[300000];

static int writes_much(void *unused) {
    (void)unused;
    CHECK_EQUAL(CALL(write, ends[1], many, sizeof many), sizeof many);
    CALL(close, ends[1]);
    return 0;
}

static void a_pipe_carries_more_than_it_holds(void) {
    static char part[7000];
    long all = 0, got;
    host_switches();
    CALL(pipe2, ends, 0);
    start_thread(0, writes_much, NULL);
    while ((got = CALL(read, ends[0], part, sizeof part)) > 0)
        all += got;
    CHECK_EQUAL(all, sizeof many);
    join_thread(0);
}

static int polls(void *argument) {
    struct linux_pollfd poll = {.fd = ends[0], .events = LINUX_POLLIN};
    CHECK_EQUAL(CALL(ppoll_time64, &poll, 1, 0, 0, 0), 1);
    CHECK_EQUAL(poll.revents, LINUX_POLLIN);
    step((int)(intptr_t)argument);
    return 0;
}

static void many_wait_for_one_file(void) {
    host_switches();
    CALL(pipe2, ends, 0);
    for (int i = 0; i < 20; i++)
        start_thread(i, polls, (void *)(intptr_t)i);
    let_run();
    CHECK_EQUAL(step_count, 0);
    writes("ready");
    for (int i = 0; i < 20; i++)
        join_thread(i);
    CHECK_EQUAL(step_count, 20);
}

static int caught_by;

static void catches(int signo) {
    (void)signo;
    caught_by = (int)CALL(gettid);
}

static int waits_for_a_signal(void *unused) {
    (void)unused;
    uint64_t none = 0;
    CHECK_EQUAL(CALL(rt_sigsuspend, &none, 8), -EINTR);
    return 0;
}

static void a_signal_reaches_the_thread_it_was_sent_to(void) {
    struct linux_sigaction action = {.handler = (uintptr_t)catches};
    uint64_t usr1 = 1ull << (LINUX_SIGUSR1 - 1);
    host_switches();
    CALL(rt_sigaction, LINUX_SIGUSR1, &action, 0, 8);
    CALL(rt_sigprocmask, LINUX_SIG_BLOCK, &usr1, 0, 8);
    start_thread(0, waits_for_a_signal, NULL);
    start_thread(1, waits_for_a_signal, NULL);
    let_run();
    CHECK_EQUAL(CALL(tgkill, PROCESS_PID, tids[1], LINUX_SIGUSR1), 0);
    join_thread(1);
    CHECK_EQUAL(caught_by, tids[1]);
    CHECK_EQUAL(CALL(kill, PROCESS_PID, LINUX_SIGUSR1), 0); // main blocks it
    join_thread(0);
    CHECK_EQUAL(caught_by, tids[0]);
    CHECK_EQUAL(CALL(tkill, tids[0], LINUX_SIGUSR1), -ESRCH);
}

static void there_are_no_more_than_there_may_be(void) {
    host_switches();
    boxer_tasks.most = 8;
    for (int i = 0; i < 7; i++)
        CHECK(start_thread(i, waits_at_the_gate, 0) > 0);
    CHECK_EQUAL(start_thread(7, waits_at_the_gate, 0), -EAGAIN);
    let_run();
    CALL(futex_time64, &gate, LINUX_FUTEX_WAKE, 100);
    for (int i = 0; i < 7; i++)
        join_thread(i);
    CHECK(start_thread(7, waits_at_the_gate, 0) > 0);
}

static void others_end_when_they_are_told_to(void) {
    host_switches();
    CALL(pipe2, ends, 0);
    start_thread(0, waits_at_the_gate, 0);
    start_thread(1, polls, 0);
    start_thread(2, sleeps, (void *)1000);
    start_thread(3, waits_for_a_signal, NULL);
    let_run();
    start_thread(4, takes_steps, 0); // has not begun
    int64_t before = host_now;
    kernel_end_others();
    CHECK_EQUAL(host_now, before);
    CHECK_EQUAL(task_count(), 1);
    CHECK_EQUAL(host_stacks, 0);
    CHECK_EQUAL(passed + step_count, 0);
    CHECK_EQUAL(done[0] + done[1] + done[2] + done[3] + done[4], 0);
}

static void waits_that_nothing_ends_are_told_with_each(void) {
    host_switches();
    start_thread(0, waits_at_the_gate, 0);
    CALL(pipe2, ends, 0);
    let_run();
    char byte;
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), -EDEADLK);
    host_output[2][host_output_size[2]] = 0;
    CHECK(strstr(host_output[2], "every thread waits") != NULL);
    CHECK(strstr(host_output[2], "thread 8 () waits for a lock") != NULL);
    CHECK(strstr(host_output[2], "thread 7 () waits for a pipe") != NULL);
}

static int calls_exit(void *unused) {
    (void)unused;
    CALL(exit, 3);
    step(9);
    return 0;
}

static void without_switches_a_thread_runs_when_somebody_waits(void) {
    start_thread(0, takes_steps, (void *)5);
    start_thread(1, calls_exit, NULL); // goes on in C: the function returns
    CHECK_EQUAL(step_count, 0);
    join_thread(0);
    join_thread(1);
    CHECK_EQUAL(step_count, 4);
    CHECK_EQUAL(task_count(), 1);
    start_thread(2, plays, (void *)0); // the first turn is its own, then it can only wait
    CHECK_EQUAL(EXIT_STATUS(join_thread(2)), WAIT_DEADLOCK_STATUS);
}

static void a_thread_that_exits_does_not_return(void) {
    host_switches();
    start_thread(0, calls_exit, NULL);
    join_thread(0);
    CHECK_EQUAL(step_count, 0);
}

static void the_last_thread_ends_the_process(void) {
    host_switches();
    CHECK_EQUAL(EXIT_STATUS({
                    start_thread(0, sleeps, (void *)1);
                    CALL(exit, 3);
                }),
                0);
    CHECK_EQUAL(EXIT_STATUS(CALL(exit, 3)), 3);
    CHECK_EQUAL(EXIT_STATUS({
                    start_thread(0, sleeps, (void *)1);
                    CALL(exit_group, 4);
                }),
                4);
}

static struct {
    uintptr_t next, offset, pending;
} robust;
static struct {
    uintptr_t next;
    uint32_t word;
} held;

static int dies_with_a_lock(void *unused) {
    (void)unused;
    held.next = (uintptr_t)&robust;
    held.word = (uint32_t)CALL(gettid) | LINUX_FUTEX_WAITERS;
    robust.next = (uintptr_t)&held;
    robust.offset = (uintptr_t)&held.word - (uintptr_t)&held;
    CALL(set_robust_list, &robust, sizeof robust);
    return 0;
}

static void a_lock_of_a_thread_that_ended_says_so(void) {
    host_switches();
    start_thread(0, dies_with_a_lock, NULL);
    join_thread(0);
    CHECK_EQUAL(held.word, LINUX_FUTEX_WAITERS | LINUX_FUTEX_OWNER_DIED);
}

static void a_tick_gives_others_a_turn(void) {
    host_switches();
    start_thread(0, takes_steps, (void *)1);
    CHECK_EQUAL(boxer_tasks.others, 1);
    CALL(getppid);
    CHECK_EQUAL(step_count, 0);
    boxer_tasks.due = 1;
    CALL(getppid);
    CHECK_EQUAL(step_count, 1);
    CHECK_EQUAL(boxer_tasks.due, 0);
    join_thread(0);
    CHECK_EQUAL(boxer_tasks.others, 0);
}

static int computes(void *unused) {
    (void)unused;
    CHECK_EQUAL(boxer_tasks.others, 1); // main, which sleeps for a time
    boxer_tasks.due = 1;
    CALL(getppid);
    CHECK_EQUAL(boxer_tasks.others, 1);
    return 0;
}

static void one_that_waits_for_a_time_wants_ticks(void) {
    host_switches();
    start_thread(0, computes, NULL);
    sleeps((void *)1);
    join_thread(0);
}

static void a_failing_allocation_changes_nothing(void) {
    host_switches();
    start_thread(0, waits_at_the_gate, 0);
    let_run();
    for (uint64_t n = 1; n < 8; n++) {
        memory_fail_at(n);
        long tid = start_thread(1, takes_steps, 0);
        uint64_t left = memory_fail_at(0);
        CHECK(left ? tid > 0 : tid == -ENOMEM);
        if (tid > 0)
            join_thread(1);
        CHECK_EQUAL(task_count(), 2);
    }
    CALL(futex_time64, &gate, LINUX_FUTEX_WAKE, 1);
    join_thread(0);
}

int main(void) {
    RUN(tasks_take_turns_in_their_order);
    RUN(who_polls_lets_the_reader_have_it);
    RUN(a_word_is_waited_for_and_woken);
    RUN(wakes_count_whom_they_found);
    RUN(a_lock_that_is_taken_again_lets_others_go_first);
    RUN(who_is_woken_has_its_turn_at_last);
    RUN(bits_say_who_is_meant);
    RUN(a_word_is_changed_and_waiters_woken_at_once);
    RUN(a_wait_ends_at_its_time);
    RUN(all_sleep_at_once);
    RUN(a_read_waits_for_another_thread);
    RUN(a_pipe_carries_more_than_it_holds);
    RUN(many_wait_for_one_file);
    RUN(a_signal_reaches_the_thread_it_was_sent_to);
    RUN(there_are_no_more_than_there_may_be);
    RUN(others_end_when_they_are_told_to);
    RUN(waits_that_nothing_ends_are_told_with_each);
    RUN(without_switches_a_thread_runs_when_somebody_waits);
    RUN(a_thread_that_exits_does_not_return);
    RUN(the_last_thread_ends_the_process);
    RUN(a_lock_of_a_thread_that_ended_says_so);
    RUN(a_tick_gives_others_a_turn);
    RUN(one_that_waits_for_a_time_wants_ticks);
    RUN(a_failing_allocation_changes_nothing);
    return finish();
}
