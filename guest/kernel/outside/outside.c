// Descriptors of the host's network and what the host tells of them.
#include "outside/outside.h"
#include "host/host.h"
#include "mm/slab.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <string.h>

enum { PLACES = 1 << 16, MOST_INHERITED = 16, EVENTS = 128, CUT_OFF = -1 };

static KERNEL_STATE int control;      // 0: none
static KERNEL_STATE uint32_t granted; // bits of net_grant
static KERNEL_STATE int inherited, inherited_count;
static KERNEL_STATE uint16_t exposed[MOST_INHERITED];
static KERNEL_STATE int exposed_count;
static KERNEL_STATE struct outside **known; // by the descriptor's low 16 bits
static KERNEL_STATE unsigned room;
static KERNEL_STATE void (*on_answer)(void), (*on_order)(void), (*on_birth)(void);

// What the control descriptor is there for.
static void ask_for_grants(void) {
    struct boxer_net_request request = {.kind = BOXER_NET_GRANTED};
    struct boxer_net_reply reply;
    int error = outside_request(&request, NULL, 0, &reply, sizeof reply);
    granted = error ? 1u << BOXER_NET_GRANT_NETWORK : reply.value;
}

static int is_inherited(int hfd) {
    return hfd >= inherited && hfd < inherited + inherited_count;
}

static void close_at_host(int hfd) {
    if (!is_inherited(hfd)) // somebody may listen there again
        host_close(hfd);
}

// A machine that goes on from another life, as a copy does, has none of the host's sockets. ends:
// its own life does.
static void cut_off(int ends) {
    for (unsigned place = 0; place < room; place++) {
        if (!known[place])
            continue;
        if (ends)
            close_at_host(known[place]->hfd);
        known[place]->hfd = CUT_OFF;
        known[place]->bits = OUTSIDE_ENDED | OUTSIDE_HUNG_UP | OUTSIDE_FAILED;
        known[place] = NULL;
    }
}

void outside_thaw(int first) {
    enum host_kind kind;
    int flags;
    cut_off(0);
    control = inherited = inherited_count = 0;
    granted = 0;
    for (int hfd = first; first && host_fdkind(hfd, &kind, &flags) == 0; hfd++) {
        if (kind == HOST_DATAGRAMS) {
            control = hfd;
            ask_for_grants();
            return;
        }
        if (kind != HOST_SOCKET || inherited_count == MOST_INHERITED)
            return;
        inherited = first;
        inherited_count++;
    }
}

void outside_freeze(void) {
    cut_off(1);
    kfree(known);
    known = NULL;
    control = inherited = inherited_count = 0;
    granted = 0;
    room = 0;
}

int outside_is_granted(void) {
    return (granted & 1u << BOXER_NET_GRANT_NETWORK) != 0;
}

int outside_takes_orders(void) {
    return (granted & 1u << BOXER_NET_GRANT_ORDERS) != 0;
}

int outside_gives_lives(void) {
    return (granted & 1u << BOXER_NET_GRANT_LIVES) != 0;
}

void outside_await(void) {
    struct boxer_net_request request = {.kind = BOXER_NET_AWAIT};
    if (outside_gives_lives())
        outside_request(&request, NULL, 0, NULL, 0);
}

int outside_control(void) {
    return control ? control : -1;
}

static int make_room(unsigned place) {
    unsigned wanted = room ? room : 16;
    while (wanted <= place)
        wanted *= 2;
    if (wanted == room)
        return 0;
    struct outside **grown = krealloc(known, wanted * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memset(grown + room, 0, (wanted - room) * sizeof *grown);
    known = grown;
    room = wanted;
    return 0;
}

static struct outside *find(uint32_t hfd) {
    unsigned place = hfd % PLACES;
    return place < room && known[place] && (uint32_t)known[place]->hfd == hfd ? known[place] : NULL;
}

struct outside *outside_new(int hfd) {
    struct outside *outside = find((uint32_t)hfd);
    if (!outside && make_room((unsigned)hfd % PLACES) == 0) {
        outside = known[(unsigned)hfd % PLACES] ? NULL : kzalloc(sizeof *outside);
        if (outside) {
            known[(unsigned)hfd % PLACES] = outside;
            outside->hfd = hfd;
        }
    }
    if (outside)
        outside->refs++;
    else
        host_close(hfd);
    return outside;
}

void outside_put(struct outside *outside) {
    if (--outside->refs)
        return;
    if (outside->hfd != CUT_OFF) {
        known[(unsigned)outside->hfd % PLACES] = NULL;
        close_at_host(outside->hfd);
    }
    kfree(outside);
}

uint32_t outside_bits(struct outside *outside) {
    if (control || outside->hfd == CUT_OFF)
        return outside->bits;
    struct host_poll polls[2] = {{.hfd = outside->hfd}, {.hfd = outside->hfd, .want_write = 1}};
    size_t count = is_inherited(outside->hfd) ? 1 : 2; // a listener takes nothing
    if (host_poll(polls, count, 0) < 0)
        return OUTSIDE_READABLE; // the call itself will say why
    return (polls[0].ready ? OUTSIDE_READABLE : 0) | (polls[1].ready ? OUTSIDE_WRITABLE : 0);
}

uint32_t outside_sure_bits(struct outside *outside) {
    struct host_poll poll = {.hfd = outside->hfd};
    uint32_t both = OUTSIDE_READABLE | OUTSIDE_TAKEN, bits = outside_bits(outside);
    if (!control || (bits & both) != both)
        return bits;
    outside->bits &= ~(uint32_t)OUTSIDE_TAKEN;
    if (host_poll(&poll, 1, 0) >= 0 && !poll.ready)
        outside->bits &= ~(uint32_t)OUTSIDE_READABLE;
    return outside->bits;
}

void outside_took(struct outside *outside) {
    outside->bits |= OUTSIDE_TAKEN;
}

int outside_awaited(const struct outside *outside) {
    return control ? control : outside->hfd;
}

void outside_expose(unsigned long port) {
    if (exposed_count < MOST_INHERITED && port && port <= UINT16_MAX)
        exposed[exposed_count++] = (uint16_t)port;
}

struct outside *outside_inherited(unsigned port) {
    int first = exposed_count, last = inherited_count;
    for (int i = 0; i < exposed_count && i < inherited_count; i++)
        if (exposed[i] == port) {
            first = i;
            last = i + 1;
        }
    for (int hfd = inherited + first; hfd < inherited + last; hfd++)
        if (!find((uint32_t)hfd))
            return outside_new(hfd);
    return NULL;
}

int outside_look(void) {
    struct boxer_net_event events[EVENTS];
    if (!control)
        return 0;
    long size = host_read(control, events, sizeof events);
    int count = size < 0 ? 0 : (int)((size_t)size / sizeof *events);
    for (int i = 0; i < count; i++) {
        struct outside *outside = find(events[i].descriptor);
        if (events[i].bits & OUTSIDE_BORN) {
            if (on_birth)
                on_birth();
        } else if (outside) {
            uint32_t old = OUTSIDE_UNTRIED;
            if (events[i].bits & OUTSIDE_READABLE)
                old |= OUTSIDE_TAKEN;
            outside->bits = (outside->bits & ~old) | events[i].bits;
            outside->came++;
        } else if ((events[i].bits & OUTSIDE_ANSWERED) && on_answer) {
            on_answer();
        } else if ((events[i].bits & OUTSIDE_ORDERED) && on_order) {
            on_order();
        }
    }
    return count;
}

void outside_on_answer(void (*function)(void)) {
    on_answer = function;
}

void outside_on_order(void (*function)(void)) {
    on_order = function;
}

void outside_on_birth(void (*function)(void)) {
    on_birth = function;
}

int outside_request(const struct boxer_net_request *request, const void *more, size_t size,
                    void *reply, size_t reply_size) {
    struct linux_iovec asked[2] = {{(void *)request, sizeof *request}, {(void *)more, size}};
    struct linux_iovec answered = {reply, reply_size};
    int truncated;
    int is_order = request->kind >= BOXER_NET_GRANTED;
    if (!control || !(is_order || outside_is_granted()))
        return -ENETUNREACH;
    long result = host_transmit(control, asked, size ? 2 : 1);
    if (result < 0 || !reply)
        return result < 0 ? (int)result : 0;
    result = host_receive(control, &answered, 1, 0, &truncated);
    return result < 0 ? (int)result : result == (long)reply_size ? 0 : -EIO;
}
