// A scripted network (double_network.h). An end is a descriptor of the host's, from FIRST on.
#include "double_network.h"
#include "host/host.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <string.h>

enum { CONTROL = 3, FIRST = 0x10000, MOST = 64, ROOM = 1 << 17, QUEUE = 8 };
enum { FREE, LISTENER, STREAM, DATAGRAMS };
#define BIT(name) (1u << BOXER_NET_BIT_##name)

struct datagram {
    char text[64];
    struct boxer_net_address from;
};

struct end {
    int kind, fd, is_open, error, ended, reset, shut, closed, options[4];
    unsigned port, from_port;
    uint32_t changed; // bits to tell
    char in[4096], out[ROOM];
    size_t in_size, out_size, out_room;
    int waiting[QUEUE], waiting_count; // of a listener: ends
    struct datagram queue[QUEUE];
    int queued;
};

int network_granted, network_inherited, network_open, network_calls, network_answer;
uint32_t network_asked;
char network_name[256];

static struct end ends[MOST];
static int end_count;
static struct {
    unsigned port;
    int protocol;
} published[4];
static int published_count;
static char reply[sizeof(struct boxer_net_answer)];
static size_t reply_size;
static struct boxer_net_answer answer;
static int has_answer, tell_answer;

static struct end *of(int hfd) {
    int number = hfd >= FIRST ? hfd - FIRST : hfd >= CONTROL ? hfd - CONTROL : -1;
    struct end *end = number >= 0 && number < end_count ? &ends[number] : NULL;
    return end && end->fd == hfd && !end->closed ? end : NULL;
}

static int make(int kind, int first) {
    struct end *end = &ends[end_count];
    *end = (struct end){.kind = kind, .fd = first + end_count, .out_room = ROOM};
    end->changed = kind == LISTENER ? 0 : BIT(WRITABLE);
    return end_count++;
}

void network_publish(unsigned port, int protocol) {
    published[published_count].port = port;
    published[published_count++].protocol = protocol;
}

static struct end *listener(unsigned port) {
    for (int i = 0; i < end_count; i++)
        if (ends[i].kind == LISTENER && ends[i].port == port && !ends[i].closed)
            return &ends[i];
    return NULL;
}

static int knock_at(struct end *at, unsigned from_port) {
    int number = make(STREAM, network_inherited ? CONTROL : FIRST);
    ends[number].from_port = from_port;
    at->waiting[at->waiting_count++] = number;
    at->changed |= BIT(READABLE);
    return number;
}

int network_knock(unsigned port, unsigned from_port) {
    struct end *at = listener(port);
    return at ? knock_at(at, from_port) : -1;
}

int network_knock_inherited(int n) {
    return knock_at(&ends[n], 0);
}

void network_stands(int end, int error) {
    ends[end].error = error;
    ends[end].changed |= error ? BIT(FAILED) | BIT(HUNG_UP) | BIT(WRITABLE) : BIT(WRITABLE);
}

int network_last(void) {
    return end_count - 1;
}

void network_sends(int end, const char *text) {
    memcpy(ends[end].in + ends[end].in_size, text, strlen(text));
    ends[end].in_size += strlen(text);
    ends[end].changed |= BIT(READABLE);
}

void network_ends(int end) {
    ends[end].ended = 1;
    ends[end].changed |= BIT(READABLE) | BIT(ENDED);
}

void network_resets(int end) {
    ends[end].reset = 1;
    ends[end].changed |= BIT(READABLE) | BIT(ENDED) | BIT(HUNG_UP) | BIT(FAILED);
}

void network_takes(int end, size_t room) {
    ends[end].out_room = room;
    if (room)
        ends[end].changed |= BIT(WRITABLE);
}

const char *network_got(int end) {
    ends[end].out[ends[end].out_size] = 0;
    return ends[end].out;
}

int network_is_closed(int end) {
    return ends[end].closed;
}

int network_shut(int end) {
    return ends[end].shut;
}

int network_option(int end, int option) {
    return ends[end].options[option];
}

void network_delivers(int end, const char *text, const uint8_t from[4], unsigned port) {
    struct datagram *datagram = &ends[end].queue[ends[end].queued++];
    strcpy(datagram->text, text);
    datagram->from = (struct boxer_net_address){.family = 4, .port = port};
    memcpy(datagram->from.address, from, 4);
    ends[end].changed |= BIT(READABLE);
}

void network_answers(uint32_t id, uint32_t status, const uint8_t address[4]) {
    answer = (struct boxer_net_answer){.id = id, .status = status, .count = address != NULL};
    if (address)
        memcpy(answer.addresses, address, 4);
    has_answer = tell_answer = 1;
}

int network_has(int hfd) {
    if (network_granted && hfd == CONTROL)
        return 1;
    while (end_count < network_inherited)
        make(LISTENER, CONTROL);
    return of(hfd) != NULL;
}

int network_kind(int hfd) {
    const struct end *end = of(hfd);
    return !end || end->kind == DATAGRAMS ? 5 : 6;
}

long network_events(void *buffer, size_t size) {
    struct boxer_net_event *events = buffer;
    size_t count = 0, most = size / sizeof *events;
    network_calls++;
    for (int i = 0; i < end_count && count < most; i++) {
        struct end *end = &ends[i];
        if (!end->changed || end->closed || !end->is_open)
            continue;
        // What it is now, as epoll_wait(2) says it.
        uint32_t bits = end->changed & ~(end->out_room ? 0 : BIT(WRITABLE));
        end->changed = 0;
        if (bits)
            events[count++] = (struct boxer_net_event){(uint32_t)end->fd, bits};
    }
    if (tell_answer && count < most)
        events[count++] = (struct boxer_net_event){CONTROL, BIT(ANSWERED)};
    tell_answer = 0;
    return count ? (long)(count * sizeof *events) : -EAGAIN;
}

int network_ready(int hfd, int want_write) {
    const struct end *end = of(hfd);
    if (network_granted && hfd == CONTROL) {
        int any = tell_answer;
        for (int i = 0; i < end_count; i++)
            any |= ends[i].changed && !ends[i].closed && ends[i].is_open;
        return any && !want_write;
    }
    if (!end)
        return 0;
    return want_write ? end->out_room > 0 : end->waiting_count || end->in_size || end->ended;
}

int network_close(int hfd) {
    struct end *end = of(hfd);
    if (!end)
        return -EBADF;
    end->closed = 1;
    network_open--;
    return 0;
}

int host_accept(int hfd) {
    struct end *at = of(hfd);
    struct boxer_net_reply names = {0};
    struct boxer_net_address peer = {.family = 4, .address = {192, 0, 2, 7}};
    network_calls++;
    if (!at || at->kind != LISTENER || !at->waiting_count)
        return at ? -EAGAIN : -EBADF;
    int number = at->waiting[0];
    memmove(at->waiting, at->waiting + 1, sizeof at->waiting - sizeof *at->waiting);
    at->waiting_count--;
    peer.port = ends[number].from_port;
    memcpy(names.peer, &peer, sizeof peer);
    memcpy(reply, &names, reply_size = sizeof names);
    network_open++;
    ends[number].is_open = 1;
    return ends[number].fd;
}

static size_t all_of(const struct linux_iovec *vectors, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += vectors[i].size;
    return size;
}

static size_t put(const struct linux_iovec *vectors, size_t count, const char *from, size_t size) {
    size_t done = 0;
    for (size_t i = 0; i < count && done < size; i++) {
        size_t part = vectors[i].size < size - done ? vectors[i].size : size - done;
        memcpy(vectors[i].base, from + done, part);
        done += part;
    }
    return done;
}

static long receive_datagram(struct end *end, const struct linux_iovec *vectors, size_t count,
                             int peek, int *truncated) {
    struct datagram *first = &end->queue[0];
    if (!end->queued)
        return -EAGAIN;
    memcpy(vectors[0].base, &first->from, sizeof first->from);
    size_t done = put(vectors + 1, count - 1, first->text, strlen(first->text));
    *truncated = done < strlen(first->text);
    if (!peek) {
        memmove(end->queue, end->queue + 1, sizeof end->queue - sizeof *end->queue);
        end->queued--;
    }
    return (long)(done + sizeof first->from);
}

long host_receive(int hfd, const struct linux_iovec *vectors, size_t count, int peek,
                  int *truncated) {
    struct end *end = of(hfd);
    *truncated = 0;
    network_calls++;
    if (network_granted && hfd == CONTROL) {
        size_t done = put(vectors, count, reply, reply_size);
        reply_size = 0;
        return done ? (long)done : -EAGAIN;
    }
    if (!end)
        return -EBADF;
    if (end->kind == DATAGRAMS)
        return receive_datagram(end, vectors, count, peek, truncated);
    if (end->reset) {
        end->reset = 0;
        return -ECONNRESET;
    }
    if (!end->in_size)
        return end->ended ? 0 : -EAGAIN;
    size_t done = put(vectors, count, end->in, end->in_size);
    if (!peek) {
        memmove(end->in, end->in + done, end->in_size - done);
        end->in_size -= done;
    }
    return (long)done;
}

static int give(int number, int kind) {
    struct boxer_net_reply made = {.descriptor = (uint32_t)ends[number].fd, .value = 4};
    ends[number].kind = kind;
    ends[number].is_open = 1;
    memcpy(reply, &made, reply_size = sizeof made);
    network_open++;
    return 0;
}

static int port_of(const struct boxer_net_request *request, int protocol) {
    for (int i = 0; i < published_count; i++)
        if (published[i].port == request->port && published[i].protocol == protocol)
            return request->value == 0;
    return 0;
}

static int do_listen(const struct boxer_net_request *request) {
    struct end *old = listener(request->port);
    if (!port_of(request, 6))
        return -ENOENT;
    if (old) {
        give((int)(old - ends), LISTENER);
        network_open--;
        return 0;
    }
    int number = make(LISTENER, FIRST);
    ends[number].port = request->port;
    return give(number, LISTENER);
}

static int do_connect(const struct boxer_net_request *request) {
    if (request->protocol == 17 || network_answer > 0)
        return -network_answer;
    int number = make(STREAM, FIRST);
    ends[number].port = request->port;
    if (network_answer < 0)
        ends[number].changed = 0;
    return give(number, STREAM);
}

static int do_datagrams(const struct boxer_net_request *request) {
    if (request->port && !port_of(request, 17))
        return -ENOENT;
    return give(make(DATAGRAMS, FIRST), DATAGRAMS);
}

static int do_error(const struct boxer_net_request *request) {
    struct end *end = of((int)request->descriptor);
    struct boxer_net_reply told = {.value = end ? (uint32_t)end->error : EBADF};
    if (end)
        end->error = 0;
    memcpy(reply, &told, reply_size = sizeof told);
    return 0;
}

static int do_answer(void) {
    if (!has_answer)
        return -EAGAIN;
    has_answer = 0;
    memcpy(reply, &answer, reply_size = sizeof answer);
    return 0;
}

static int do_request(const struct boxer_net_request *request, const struct linux_iovec *more) {
    switch (request->kind) {
    case BOXER_NET_LISTEN:
        return do_listen(request);
    case BOXER_NET_CONNECT:
        return do_connect(request);
    case BOXER_NET_DATAGRAMS:
        return do_datagrams(request);
    case BOXER_NET_ERROR:
        return do_error(request);
    case BOXER_NET_OPTION:
        of((int)request->descriptor)->options[request->option] = (int)request->value + 1;
        return 0;
    case BOXER_NET_RESOLVE:
        if (network_answer > 0)
            return -network_answer;
        network_asked = request->descriptor;
        memcpy(network_name, more->base, more->size);
        network_name[more->size] = 0;
        return 0;
    case BOXER_NET_ANSWER:
        return do_answer();
    default:
        return -ENOSYS;
    }
}

long host_transmit(int hfd, const struct linux_iovec *vectors, size_t count) {
    struct end *end = of(hfd);
    size_t size = all_of(vectors, count);
    network_calls++;
    if (network_granted && hfd == CONTROL) {
        struct boxer_net_request request;
        memcpy(&request, vectors[0].base, sizeof request);
        int error = do_request(&request, vectors + 1);
        return error ? error : (long)size;
    }
    if (!end)
        return -EBADF;
    if (end->ended == 2)
        return -EPIPE;
    if (!end->out_room)
        return -EAGAIN;
    size_t part = size < end->out_room ? size : end->out_room;
    for (size_t i = 0, left = part; i < count && left; i++) {
        size_t own = vectors[i].size < left ? vectors[i].size : left;
        memcpy(end->out + end->out_size, vectors[i].base, own);
        end->out_size += own;
        left -= own;
    }
    end->out_room -= part;
    return (long)part;
}

int host_shut(int hfd, int how) {
    struct end *end = of(hfd);
    if (!end)
        return -EBADF;
    end->shut |= how;
    return 0;
}
