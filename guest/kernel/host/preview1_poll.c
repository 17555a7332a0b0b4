// host_poll over poll_oneoff.
#include "host/preview1.h"

#include <boxer/linux_errno.h>

#define POLLS_MAX 32 // a box has three descriptors that can be waited for

enum { ON_CLOCK, ON_READ, ON_WRITE };

struct p1_subscription {
    uint64_t userdata;
    uint8_t tag;
    _Alignas(8) uint32_t clock_or_fd;
    uint64_t timeout, precision;
    uint16_t flags;
};

struct p1_event {
    uint64_t userdata;
    p1_errno error;
    uint8_t type;
    uint64_t bytes;
    uint16_t flags;
};

_Static_assert(sizeof(struct p1_subscription) == 48, "subscription");
_Static_assert(offsetof(struct p1_subscription, clock_or_fd) == 16, "subscription");
_Static_assert(offsetof(struct p1_subscription, timeout) == 24, "subscription");
_Static_assert(sizeof(struct p1_event) == 32, "event");

uint32_t p1_poll_oneoff(const struct p1_subscription *, struct p1_event *, size_t, size_t *)
    IMPORT(poll_oneoff);

static size_t subscribe(struct p1_subscription *wanted, const struct host_poll *polls, size_t count,
                        int64_t timeout_ns) {
    for (size_t i = 0; i < count; i++)
        wanted[i] = (struct p1_subscription){
            .userdata = i,
            .tag = polls[i].want_write ? ON_WRITE : ON_READ,
            .clock_or_fd = (uint32_t)polls[i].hfd,
        };
    if (timeout_ns < 0)
        return count;
    wanted[count] = (struct p1_subscription){
        .userdata = count,
        .tag = ON_CLOCK,
        .clock_or_fd = 1, // monotonic, relative
        .timeout = (uint64_t)timeout_ns,
    };
    return count + 1;
}

int host_poll(struct host_poll *polls, size_t count, int64_t timeout_ns) {
    struct p1_subscription wanted[POLLS_MAX + 1];
    struct p1_event events[POLLS_MAX + 1];
    if (count > POLLS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        polls[i].ready = 0;
    size_t asked = subscribe(wanted, polls, count, timeout_ns), got = 0;
    if (asked == 0)
        return -EINVAL; // would wait for ever
    uint32_t error = p1_poll_oneoff(wanted, events, asked, &got);
    if (error)
        return p1_error(error);
    int ready = 0;
    // An event with an error counts: the call that follows tells which.
    for (size_t i = 0; i < got && i < asked; i++) {
        uint64_t which = events[i].userdata;
        if (which < count && !polls[which].ready) {
            polls[which].ready = 1;
            ready++;
        }
    }
    return ready;
}
