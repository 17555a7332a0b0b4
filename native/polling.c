// poll_oneoff over the three streams, files, sockets and the clocks; see polling.h.
#define _GNU_SOURCE
#include "polling.h"
#include "files.h"
#include "net.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_NS = 1000 };

uint64_t guest_clock(struct boxer_machine *machine, uint32_t clock) {
    if (machine->run->fixed) {
        machine->passed_ns += LOOK_NS;
        return machine->passed_ns + (clock == WASI_CLOCK_REALTIME ? machine->run->epoch_ns : 0);
    }
    return clock == WASI_CLOCK_REALTIME ? real_now_ns() : now_ns() - machine->born_ns;
}

// What is known of a subscription before any waiting.
struct asked {
    uint64_t userdata;
    uint64_t timeout_ns, until_ns; // clocks only; until_ns: of the host's monotonic clock
    uint16_t error;
    uint8_t kind, ready;
};

static void look_at_clock(struct boxer_machine *machine, const struct wasi_subscription *from,
                          struct asked *to) {
    uint64_t timeout = from->of.clock.timeout, now = now_ns();
    if (from->of.clock.flags & WASI_ABSOLUTE_TIME) {
        uint64_t passed = guest_clock(machine, from->of.clock.id);
        timeout = timeout > passed ? timeout - passed : 0;
    }
    to->timeout_ns = timeout;
    to->until_ns = timeout > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + timeout;
    to->ready = timeout == 0;
}

static void look_at_stream(struct boxer_machine *machine, const struct wasi_subscription *from,
                           struct asked *to, struct pollfd *polled) {
    uint32_t number = from->of.descriptor;
    int reads = from->kind == WASI_EVENT_FD_READ;
    if (from->kind <= WASI_EVENT_FD_WRITE && files_have(machine, number)) {
        to->ready = 1; // always (poll(2))
        return;
    }
    if (number > 2 && from->kind <= WASI_EVENT_FD_WRITE && net_has(machine, number)) {
        polled->fd = net_descriptor(machine, number);
        polled->events = reads ? POLLIN : POLLOUT;
        return;
    }
    if (from->kind > WASI_EVENT_FD_WRITE || number > 2 || reads != (number == 0)) {
        to->error = WASI_BADF;
        to->ready = 1;
        return;
    }
    polled->fd = machine->run->descriptors[number];
    polled->events = reads ? POLLIN : POLLOUT;
    to->ready = polled->fd < 0;
}

// A build never waits: its time is moved to the first that is due.
static int move_time(struct boxer_machine *machine, struct asked *asked, uint32_t count) {
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t own = asked[i].ready                      ? 0
                       : asked[i].kind == WASI_EVENT_CLOCK ? asked[i].timeout_ns
                                                           : UINT64_MAX;
        least = own < least ? own : least;
    }
    machine->passed_ns += least == UINT64_MAX ? 0 : least;
    for (uint32_t i = 0; i < count; i++)
        asked[i].ready |= asked[i].kind == WASI_EVENT_CLOCK && asked[i].timeout_ns <= least;
    return watch_check(machine) ? STREAM_OVER : 0;
}

static int wait_for(struct boxer_machine *machine, struct asked *asked, struct pollfd *polled,
                    uint32_t count) {
    uint64_t until = UINT64_MAX;
    if (machine->run->fixed)
        return move_time(machine, asked, count);
    for (uint32_t i = 0; i < count; i++) {
        // What is ready already keeps nobody from being looked at.
        uint64_t own = asked[i].ready                      ? 0
                       : asked[i].kind == WASI_EVENT_CLOCK ? asked[i].until_ns
                                                           : UINT64_MAX;
        until = own < until ? own : until;
    }
    int waited = stream_wait(machine, polled, count, until);
    if (waited < 0)
        return waited;
    uint64_t now = now_ns();
    for (uint32_t i = 0; i < count; i++)
        asked[i].ready |=
            asked[i].kind == WASI_EVENT_CLOCK ? asked[i].until_ns <= now : polled[i].revents != 0;
    return 0;
}

int guest_poll(struct boxer_machine *machine, const struct wasi_subscription *subscriptions,
               struct wasi_event *happened, uint32_t count) {
    struct asked *asked = calloc(count, sizeof *asked);
    struct pollfd *polled = calloc(count, sizeof *polled);
    int events = asked && polled ? 0 : -1;
    for (uint32_t i = 0; i < count && events == 0; i++) {
        struct wasi_subscription from;
        memcpy(&from, &subscriptions[i], sizeof from);
        asked[i] = (struct asked){.userdata = from.userdata, .kind = from.kind};
        polled[i].fd = -1;
        if (from.kind == WASI_EVENT_CLOCK)
            look_at_clock(machine, &from, &asked[i]);
        else
            look_at_stream(machine, &from, &asked[i], &polled[i]);
    }
    if (events == 0)
        events = wait_for(machine, asked, polled, count);
    for (uint32_t i = 0; i < count && events >= 0; i++) {
        if (!asked[i].ready)
            continue;
        struct wasi_event event = {.userdata = asked[i].userdata,
                                   .error = asked[i].error,
                                   .kind = asked[i].kind,
                                   .size = 1};
        memcpy(&happened[events++], &event, sizeof event);
    }
    free(asked);
    free(polled);
    return events;
}
