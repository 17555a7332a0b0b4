// Every allocation of a call fails once: the call answers an error or works, and nothing is lost.
#include "check.h"
#include "mm/memory.h"
#include "vfs/fd.h"

#include <boxer/linux_mman.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_socket.h>
#include <string.h>

static int fds[2], made;
static char data[5000];

static long pipe_call(void) {
    return CALL(pipe2, fds, 0);
}
static long write_call(void) {
    long got = CALL(write, fds[1], data, 5000);
    return got == 5000 ? 0 : got;
}
static long pair_call(void) {
    return CALL(socketpair, LINUX_AF_UNIX, LINUX_SOCK_STREAM, 0, fds);
}
static long event_call(void) {
    made = (int)CALL(eventfd2, 1, 0);
    return made < 0 ? made : 0;
}
static long timer_call(void) {
    made = (int)CALL(timerfd_create, 1, 0);
    return made < 0 ? made : 0;
}
static long signal_call(void) {
    uint64_t set = 1;
    made = (int)CALL(signalfd4, -1, &set, 8, 0);
    return made < 0 ? made : 0;
}
static long epoll_call(void) {
    made = (int)CALL(epoll_create1, 0);
    return made < 0 ? made : 0;
}
static long watch_call(void) {
    struct linux_epoll_event event = {.events = LINUX_POLLIN};
    return CALL(epoll_ctl, made, LINUX_EPOLL_CTL_ADD, fds[0], &event);
}
static long rights_call(void) {
    struct {
        struct linux_cmsghdr head;
        int fd;
    } control = {{sizeof(struct linux_cmsghdr) + sizeof(int), 1, LINUX_SCM_RIGHTS}, fds[0]};
    struct linux_iovec vector = {data, 10};
    struct linux_msghdr header = {
        .vectors = &vector, .count = 1, .control = &control, .control_size = sizeof control};
    long got = CALL(sendmsg, fds[1], &header, LINUX_MSG_DONTWAIT);
    return got == 10 ? 0 : got;
}
static long map_call(void) {
    long at = CALL(mmap2, 0, 9 * PAGE_SIZE, 3, LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS, -1, 0);
    return at > 0 ? 0 : at;
}

struct step {
    const char *name;
    long (*call)(void);
};

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fd_file(fd) != NULL;
    return count;
}

// Fails the first, second, .. allocation of the call until it goes through; each failure must leave
// pages and descriptors as they were.
static void fail_each(const struct step *step) {
    for (uint64_t at = 1; at < 50; at++) {
        pages_scrub(); // empty slabs do not blur the count
        size_t pages = pages_in_use();
        int descriptors = open_descriptors();
        memory_fail_at(at);
        long result = step->call();
        memory_fail_at(0);
        if (result == 0)
            return;
        pages_scrub();
        if ((result != -ENOMEM && result != -ENOBUFS) || pages_in_use() != pages ||
            open_descriptors() != descriptors) {
            failures++;
            printf("%s, allocation %d: answers %ld, pages %zu to %zu, descriptors %d to %d\n",
                   step->name, (int)at, result, pages, pages_in_use(), descriptors,
                   open_descriptors());
        }
    }
    failures++;
    printf("%s: never goes through\n", step->name);
}

static void a_failed_allocation_is_an_error_and_no_more(void) {
    static const struct step steps[] = {
        {"mmap", map_call},
        {"eventfd", event_call},
        {"timerfd", timer_call},
        {"signalfd", signal_call},
        {"pipe", pipe_call},
        {"write to a pipe", write_call},
        {"socketpair", pair_call},
        {"send", write_call},
        {"epoll_create", epoll_call},
        {"epoll_ctl", watch_call},
        {"sendmsg with a descriptor", rights_call},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        fail_each(&steps[i]);
}

static void a_full_descriptor_table_is_an_error_and_no_more(void) {
    struct linux_rlimit64 limit = {4, 4096};
    CHECK_EQUAL(CALL(prlimit64, 0, LINUX_RLIMIT_NOFILE, &limit, 0), 0);
    pages_scrub();
    size_t pages = pages_in_use();
    CHECK_EQUAL(CALL(pipe2, fds, 0), -EMFILE);
    CHECK_EQUAL(pair_call(), -EMFILE);
    CHECK_EQUAL(CALL(dup, 0), 3);
    CHECK_EQUAL(event_call(), -EMFILE);
    CHECK_EQUAL(timer_call(), -EMFILE);
    CHECK_EQUAL(signal_call(), -EMFILE);
    CHECK_EQUAL(epoll_call(), -EMFILE);
    CHECK_EQUAL(CALL(socket, LINUX_AF_INET, LINUX_SOCK_STREAM, 0), -EMFILE);
    CALL(close, 3);
    pages_scrub();
    CHECK_EQUAL(pages_in_use(), pages);
}

int main(void) {
    RUN(a_failed_allocation_is_an_error_and_no_more);
    RUN(a_full_descriptor_table_is_an_error_and_no_more);
    return finish();
}
