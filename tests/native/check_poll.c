// ipc/pipe.c, ipc/eventfd.c, ipc/epoll.c, sys/poll.c.
#include "check.h"
#include "double_fibers.h"
#include "ipc/pipe.h"
#include "time/clock.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

static int in, out;

static void make_pipe(int flags) {
    int fds[2] = {-1, -1};
    CHECK_EQUAL(CALL(pipe2, fds, flags), 0);
    in = fds[0];
    out = fds[1];
}

static unsigned poll_now(int fd) {
    struct linux_pollfd poll = {.fd = fd, .events = LINUX_POLLIN | LINUX_POLLOUT};
    struct linux_timespec zero = {0};
    CALL(ppoll_time64, &poll, 1, &zero, 0, 0);
    return (unsigned)poll.revents;
}

static int alarms;

static void rang(int signo) {
    alarms += signo == LINUX_SIGALRM;
}

static int takes_out(void *unused) { // another thread of the program
    (void)unused;
    static char taken[30000];
    while (CALL(read, in, taken, sizeof taken) > 0)
        ;
    return 0;
}

static void a_write_waits_until_all_is_in(void) {
    static char data[200000];
    struct linux_sigaction action = {.handler = (uintptr_t)rang};
    struct linux_itimerval soon = {.value = {1, 0}};
    make_pipe(0);
    CALL(rt_sigaction, LINUX_SIGALRM, &action, 0, 8);
    CALL(setitimer, LINUX_ITIMER_REAL, &soon, 0);
    CHECK_EQUAL(CALL(write, out, data, sizeof data), 65536); // interrupted: what is in counts
    CHECK_EQUAL(alarms, 1);
    host_switches();
    host_thread(takes_out, NULL);
    CHECK_EQUAL(CALL(write, out, data, sizeof data), sizeof data);
    CHECK_EQUAL(host_output_size[2], 0);
}

static void a_write_that_nobody_will_read_ends_where_the_pipe_is_full(void) {
    static char data[200000];
    make_pipe(0);
    CHECK_EQUAL(CALL(write, out, data, sizeof data), 65536);
    CHECK_EQUAL(host_output_size[2], 0);
    CHECK_EQUAL(CALL(write, out, data, 1), -EDEADLK);
}

static void bytes_come_out_as_they_went_in(void) {
    static char data[100000], back[100000];
    make_pipe(04000);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + i / 256);
    size_t written = 0, seen = 0;
    while (seen < sizeof data) {
        long put = CALL(write, out, data + written,
                        sizeof data - written > 9000 ? 9000 : sizeof data - written);
        written += put > 0 ? (size_t)put : 0;
        long got = CALL(read, in, back + seen, 7001);
        CHECK(got > 0);
        seen += got > 0 ? (size_t)got : sizeof data;
    }
    CHECK_EQUAL(memcmp(data, back, sizeof data), 0);
}

static void a_full_pipe_takes_no_more(void) {
    static char data[PIPE_CAPACITY + 100];
    make_pipe(04000);
    CHECK_EQUAL(CALL(write, out, data, sizeof data), PIPE_CAPACITY);
    CHECK_EQUAL(CALL(write, out, data, 1), -EAGAIN);
    CHECK_EQUAL(poll_now(out), 0);
    CHECK_EQUAL(CALL(read, in, data, 100), 100);
    CHECK_EQUAL(CALL(write, out, data, 101), -EAGAIN); // up to PIPE_BUF: whole or not at all
    CHECK_EQUAL(CALL(write, out, data, 100), 100);
    int waiting = 0;
    CHECK_EQUAL(CALL(ioctl, in, 0x541b, &waiting), 0);
    CHECK_EQUAL(waiting, PIPE_CAPACITY);
    CHECK_EQUAL(pipe_resize(fd_file(in), 4096), -EBUSY);
    CHECK_EQUAL(pipe_resize(fd_file(in), 100000), 131072);
    CHECK_EQUAL(CALL(write, out, data, 5000), 5000);
}

static void closing_ends_is_seen(void) {
    char byte;
    make_pipe(0);
    CHECK_EQUAL(CALL(write, out, "x", 1), 1);
    CALL(close, out);
    CHECK_EQUAL(poll_now(in), LINUX_POLLIN | LINUX_POLLHUP);
    CHECK_EQUAL(CALL(read, in, &byte, 1), 1);
    CHECK_EQUAL(CALL(read, in, &byte, 1), 0);
    CHECK_EQUAL(poll_now(in), LINUX_POLLHUP);
    make_pipe(0);
    CALL(close, in);
    CHECK_EQUAL(poll_now(out) & LINUX_POLLERR, LINUX_POLLERR);
    CHECK_EQUAL(EXIT_STATUS(CALL(write, out, "x", 1)), 128 + LINUX_SIGPIPE);
    struct linux_sigaction ignore = {.handler = LINUX_SIG_IGN};
    CALL(rt_sigaction, LINUX_SIGPIPE, &ignore, 0, 8);
    CHECK_EQUAL(CALL(write, out, "x", 1), -EPIPE);
}

static void an_empty_pipe_that_only_we_can_fill_is_a_refused_wait(void) {
    char byte;
    make_pipe(0);
    CHECK_EQUAL(CALL(read, in, &byte, 1), -EDEADLK);
    struct linux_pollfd poll = {.fd = in, .events = LINUX_POLLIN};
    struct linux_timespec second = {.sec = 1};
    CHECK_EQUAL(CALL(ppoll_time64, &poll, 1, &second, 0, 0), 0);
    CHECK_EQUAL(CALL(ppoll_time64, &poll, 1, 0, 0, 0), -EDEADLK);
}

static long open_fifo(uint32_t flags) {
    return CALL(openat, AT_FDCWD, "/fifo", flags, 0);
}

static void fifos_meet_by_their_inode(void) {
    char byte = 0;
    CHECK_EQUAL(CALL(mknodat, AT_FDCWD, "/fifo", S_IFIFO | 0600, 0), 0);
    CHECK_EQUAL(open_fifo(O_WRONLY | O_NONBLOCK), -ENXIO);
    CHECK_EQUAL(open_fifo(O_RDONLY), -EDEADLK);
    long reader = open_fifo(O_RDONLY | O_NONBLOCK), writer = open_fifo(O_WRONLY);
    CHECK(reader >= 0 && writer >= 0);
    CHECK_EQUAL(CALL(write, writer, "z", 1), 1);
    CHECK_EQUAL(CALL(read, reader, &byte, 1), 1);
    CHECK_EQUAL(byte, 'z');
    CHECK_EQUAL(CALL(close, writer), 0);
    CHECK_EQUAL(CALL(read, reader, &byte, 1), 0);
    CHECK_EQUAL(CALL(close, reader), 0);
    CHECK_EQUAL(open_fifo(O_WRONLY | O_NONBLOCK), -ENXIO);
}

static void event_descriptors_count(void) {
    uint64_t value = 5;
    long fd = CALL(eventfd2, 3, 04000);
    CHECK_EQUAL(CALL(write, fd, &value, 8), 8);
    CHECK_EQUAL(CALL(read, fd, &value, 8), 8);
    CHECK_EQUAL(value, 8);
    CHECK_EQUAL(CALL(read, fd, &value, 8), -EAGAIN);
    value = UINT64_MAX;
    CHECK_EQUAL(CALL(write, fd, &value, 8), -EINVAL);
    value = UINT64_MAX - 1;
    CHECK_EQUAL(CALL(write, fd, &value, 8), 8);
    CHECK_EQUAL(poll_now((int)fd), LINUX_POLLIN);
    fd = CALL(eventfd2, 2, 1);
    CHECK_EQUAL(CALL(read, fd, &value, 8), 8);
    CHECK_EQUAL(value, 1);
    CHECK_EQUAL(CALL(eventfd2, 0, 2), -EINVAL);
}

static void poll_answers_bad_and_skipped_descriptors(void) {
    struct linux_pollfd polls[3] = {{.fd = 50, .events = 1}, {.fd = -1, .events = 1, .revents = 9}};
    make_pipe(0);
    polls[2] = (struct linux_pollfd){.fd = in, .events = LINUX_POLLIN};
    CHECK_EQUAL(CALL(ppoll_time64, polls, 3, 0, 0, 0), 1);
    CHECK_EQUAL(polls[0].revents, LINUX_POLLNVAL);
    CHECK_EQUAL(polls[1].revents, 0);
    CHECK_EQUAL(CALL(ppoll_time64, polls, 5000, 0, 0, 0), -EINVAL);
}

static void select_keeps_what_is_ready(void) {
    unsigned long read_set[16] = {0}, write_set[16] = {0};
    make_pipe(0);
    read_set[0] = 1ul << in;
    write_set[0] = 1ul << out;
    CHECK_EQUAL(CALL(pselect6_time64, out + 1, read_set, write_set, 0, 0, 0), 1);
    CHECK_EQUAL(read_set[0], 0);
    CHECK_EQUAL(write_set[0], 1ul << out);
    read_set[0] = 1ul << in;
    struct linux_timespec timeout = {.nsec = 5000000};
    CHECK_EQUAL(CALL(pselect6_time64, in + 1, read_set, 0, 0, &timeout, 0), 0);
    CHECK_EQUAL(timeout.nsec, 0);
    read_set[0] = 1ul << 40;
    CHECK_EQUAL(CALL(pselect6_time64, 41, read_set, 0, 0, 0, 0), -EBADF);
    CHECK_EQUAL(CALL(pselect6_time64, -1, 0, 0, 0, 0, 0), -EINVAL);
}

static long wait_now(long epfd, struct linux_epoll_event *events, int count) {
    return CALL(epoll_pwait, epfd, events, count, 0, 0, 8);
}

static long control(long epfd, int operation, int fd, uint32_t events) {
    struct linux_epoll_event event = {.events = events, .data = (uint64_t)fd};
    return CALL(epoll_ctl, epfd, operation, fd, &event);
}

static void epoll_reports_levels(void) {
    struct linux_epoll_event events[4];
    long epfd = CALL(epoll_create1, 0);
    make_pipe(0);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, in, LINUX_POLLIN), 0);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, in, LINUX_POLLIN), -EEXIST);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    CALL(write, out, "x", 1);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(wait_now(epfd, events, 4), 1);
        CHECK_EQUAL(events[0].data, (uint64_t)in);
        CHECK_EQUAL(events[0].events, LINUX_POLLIN);
    }
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_MOD, in, LINUX_POLLOUT), 0);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_DEL, in, 0), 0);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_DEL, in, 0), -ENOENT);
}

static void epoll_reports_edges_once(void) {
    struct linux_epoll_event events[4];
    char byte;
    long epfd = CALL(epoll_create1, 0);
    make_pipe(0);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, in, LINUX_POLLIN | LINUX_EPOLLET), 0);
    CALL(write, out, "xy", 2);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    CALL(read, in, &byte, 1); // still something there: no new edge
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    CALL(write, out, "z", 1);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    CALL(close, out);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1);
    CHECK_EQUAL(events[0].events, LINUX_POLLIN | LINUX_POLLHUP);
}

static void epoll_disarms_after_one_shot(void) {
    struct linux_epoll_event events[4];
    long epfd = CALL(epoll_create1, 0);
    make_pipe(0);
    CALL(write, out, "x", 1);
    control(epfd, LINUX_EPOLL_CTL_ADD, in, LINUX_POLLIN | LINUX_EPOLLONESHOT);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
    control(epfd, LINUX_EPOLL_CTL_MOD, in, LINUX_POLLIN | LINUX_EPOLLONESHOT);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1);
}

static void epoll_forgets_closed_files_not_closed_numbers(void) {
    struct linux_epoll_event events[4];
    long epfd = CALL(epoll_create1, 0);
    make_pipe(0);
    control(epfd, LINUX_EPOLL_CTL_ADD, in, LINUX_POLLIN);
    CALL(write, out, "x", 1);
    long other = CALL(dup, in);
    CALL(close, in);
    CHECK_EQUAL(wait_now(epfd, events, 4), 1); // the file lives on in the duplicate
    CALL(close, other);
    CHECK_EQUAL(wait_now(epfd, events, 4), 0);
}

static void epoll_shares_out_fairly_and_nests(void) {
    struct linux_epoll_event events[2];
    long epfd = CALL(epoll_create1, 0), outer = CALL(epoll_create1, 0);
    int fds[6], seen = 0;
    for (int i = 0; i < 6; i++) {
        fds[i] = (int)CALL(eventfd2, 1, 0);
        control(epfd, LINUX_EPOLL_CTL_ADD, fds[i], LINUX_POLLIN);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(wait_now(epfd, events, 2), 2);
        seen |= 1 << events[0].data | 1 << events[1].data;
    }
    CHECK_EQUAL(__builtin_popcount((unsigned)seen), 6);
    CHECK_EQUAL(control(outer, LINUX_EPOLL_CTL_ADD, (int)epfd, LINUX_POLLIN), 0);
    CHECK_EQUAL(wait_now(outer, events, 2), 1);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, (int)outer, LINUX_POLLIN), -ELOOP);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, (int)epfd, LINUX_POLLIN), -EINVAL);
    CHECK_EQUAL(control(epfd, LINUX_EPOLL_CTL_ADD, 60, LINUX_POLLIN), -EBADF);
    CHECK_EQUAL(control(fds[0], LINUX_EPOLL_CTL_ADD, fds[1], LINUX_POLLIN), -EINVAL);
    CHECK_EQUAL(CALL(epoll_pwait, epfd, events, 0, 0, 0, 8), -EINVAL);
}

static void epoll_wakes_for_a_timer(void) {
    struct linux_epoll_event events[2];
    long epfd = CALL(epoll_create1, 0), timer = CALL(timerfd_create, 1, 0);
    struct linux_itimerspec every = {.value = {.sec = 3}, .interval = {.sec = 2}};
    control(epfd, LINUX_EPOLL_CTL_ADD, (int)timer, LINUX_POLLIN | LINUX_EPOLLET);
    CALL(timerfd_settime64, timer, 0, &every, 0);
    int64_t start = clock_monotonic();
    for (int i = 0; i < 3; i++) // edge-triggered and never read: each expiration is an edge
        CHECK_EQUAL(CALL(epoll_pwait, epfd, events, 2, -1, 0, 8), 1);
    CHECK_EQUAL(clock_monotonic() - start, 7000000000ll);
    CHECK_EQUAL(CALL(epoll_pwait, epfd, events, 2, 100, 0, 8), 0);
}

int main(void) {
    RUN(a_write_waits_until_all_is_in);
    RUN(a_write_that_nobody_will_read_ends_where_the_pipe_is_full);
    RUN(bytes_come_out_as_they_went_in);
    RUN(a_full_pipe_takes_no_more);
    RUN(closing_ends_is_seen);
    RUN(an_empty_pipe_that_only_we_can_fill_is_a_refused_wait);
    RUN(fifos_meet_by_their_inode);
    RUN(event_descriptors_count);
    RUN(poll_answers_bad_and_skipped_descriptors);
    RUN(select_keeps_what_is_ready);
    RUN(epoll_reports_levels);
    RUN(epoll_reports_edges_once);
    RUN(epoll_disarms_after_one_shot);
    RUN(epoll_forgets_closed_files_not_closed_numbers);
    RUN(epoll_shares_out_fairly_and_nests);
    RUN(epoll_wakes_for_a_timer);
    return finish();
}
