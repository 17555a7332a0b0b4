// A machine's network and orders, asked by a guest that says whatever it likes: garbage, lengths
// and numbers that are none, at any address, from a seed. Nothing is read or written outside of
// what the guest has given, and no descriptor of the host stays.
#define _GNU_SOURCE
#include "net.h"

#include "../../guest/include/boxer/boot.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEEDS = 300, CALLS = 400, MOST_BYTES = 1200, LONGEST_ORDER = 60000, PATIENCE = 3000 };

static uint64_t state;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static uint32_t word(void) {
    static const uint32_t odd[] = {INT32_MAX, 1u << 31, UINT32_MAX, 65535, 65536, 4096};
    switch (draw(4)) {
    case 0:
        return odd[draw(sizeof odd / sizeof *odd)];
    case 1:
        return NET_FIRST + draw(24);
    default:
        return draw(20);
    }
}

static void fill(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)draw(256);
}

static struct boxer_net_request a_request(void) {
    static const uint32_t kinds[] = {BOXER_NET_ORDER, BOXER_NET_ENDED, BOXER_NET_GRANTED};
    struct boxer_net_request request;
    fill((uint8_t *)&request, sizeof request);
    request.kind = draw(3) ? draw(12) : kinds[draw(3)];
    request.descriptor = word();
    request.protocol = draw(2) ? 6 : draw(2) ? 17 : word();
    request.family = draw(2) ? 4 : word();
    request.port = draw(2) ? 80 : word();
    request.option = word();
    request.value = draw(2) ? 0 : word();
    if (draw(2))
        memcpy(request.address, host_endpoint.address, sizeof host_endpoint.address);
    return request;
}

// Pieces of their own memory each, not aligned, as large as they say: what a sanitizer sees.
static uint8_t *blocks[16];

static void take_pieces(struct net_pieces *pieces, int is_request) {
    pieces->count = (int)draw(5);
    for (int i = 0; i < pieces->count; i++) {
        size_t size = draw(3) ? draw(MOST_BYTES) : draw(80);
        struct boxer_net_request request = a_request();
        if (is_request && i == 0 && draw(8))
            size = sizeof request;
        blocks[i] = malloc(size + 1);
        assert(blocks[i]);
        uint8_t *bytes = blocks[i] + 1; // one over: the end is the block's
        fill(bytes, size);
        if (is_request && size == sizeof request)
            memcpy(bytes, &request, size);
        pieces->list[i] = (struct iovec){bytes, size};
    }
}

static void give_back(const struct net_pieces *pieces) {
    for (int i = 0; i < pieces->count; i++)
        free(blocks[i]);
}

static uint32_t a_number(struct boxer_machine *machine) {
    return draw(2) ? 3 + machine->folders : word();
}

static void call(struct boxer_machine *machine) {
    struct net_pieces pieces;
    uint64_t moved = 0;
    uint32_t number = a_number(machine), accepted;
    int truncated = 0, sends = draw(2);
    take_pieces(&pieces, sends);
    struct net_socket *socket = net_socket(machine->net, number);
    int is_file = socket && socket->kind == NET_FILE;
    switch (draw(10)) {
    case 0:
        net_accept(machine, number, &accepted);
        break;
    case 1:
        net_shutdown(machine, number, word());
        break;
    case 2:
        net_close(machine, number);
        break;
    case 3:
        net_filetype(machine, number);
        net_descriptor(machine, number);
        break;
    case 4:
        net_events(machine, &pieces, &moved);
        break;
    case 5:
        if (is_file && sends)
            order_stream_write(socket, &pieces, &moved);
        else if (is_file)
            order_stream_read(socket, &pieces, &moved);
        break;
    default:
        if (sends)
            net_send(machine, number, &pieces, &moved);
        else
            net_receive(machine, number, &pieces, draw(3) == 0, &moved, &truncated);
    }
    uint64_t room = 0;
    for (int i = 0; i < pieces.count; i++)
        room += pieces.list[i].iov_len;
    assert(moved <= room || truncated);
    give_back(&pieces);
}

// What who watches might send, right or wrong, with any number of descriptors.
static void order(int watcher, const int streams[3]) {
    static uint8_t packet[16 + LONGEST_ORDER];
    uint32_t head[4] = {draw(3) ? BOXER_NET_ORDER_PROGRAM : word(), word(), word(), word()};
    size_t size = draw(4) ? draw(sizeof packet) : draw(40), count = draw(3) ? 3 : draw(7);
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(6 * sizeof(int))];
    } control = {0};
    fill(packet, size < 2000 ? size : 2000);
    if (size >= sizeof head)
        memcpy(packet, head, sizeof head);
    if (size > sizeof head && draw(4))
        packet[size - 1] = 0;
    struct iovec piece = {packet, size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (count) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                   .cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS};
        for (size_t i = 0; i < count; i++)
            memcpy(CMSG_DATA(rights) + i * sizeof(int), &streams[i % 3], sizeof(int));
    }
    sendmsg(watcher, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int bound(int kind) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

// What it says is 8 bytes each.
static void hear(int watcher) {
    uint8_t packet[4096];
    ssize_t size;
    while ((size = recv(watcher, packet, sizeof packet, MSG_DONTWAIT)) > 0)
        assert(size == 8);
}

static void live(const struct boxer_network *network, const int streams[3]) {
    int ends[2];
    assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    struct boxer_run run = {.descriptors = {-1, -1, -1}, .network = network, .orders = ends[1] + 1};
    struct boxer_outcome outcome = {0};
    struct boxer_machine machine = {
        .run = &run, .outcome = &outcome, .folders = draw(3), .output_left = 4096};
    if (network && draw(4) == 0)
        run.orders = 0;
    assert(net_begin(&machine) == 0);
    for (int i = 0; i < CALLS; i++) {
        if (draw(8) == 0)
            order(ends[0], streams);
        if (draw(400) == 0)
            shutdown(ends[0], SHUT_RDWR);
        call(&machine);
        hear(ends[0]);
    }
    net_end(&machine);
    free(machine.errors.bytes);
    close(ends[0]);
    close(ends[1]);
}

// Of datagrams a guest may ask for as many as it likes.
static void others_have_a_limit(const struct boxer_network *network, int there) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 2 * MOST_OTHERS)
        return;
    struct boxer_run run = {.descriptors = {-1, -1, -1}, .network = network};
    struct boxer_outcome outcome = {0};
    struct boxer_machine machine = {.run = &run, .outcome = &outcome};
    struct boxer_net_request request = {.kind = BOXER_NET_DATAGRAMS, .family = 4};
    struct net_pieces pieces = {.list = {{&request, sizeof request}}, .count = 1};
    uint64_t moved;
    assert(net_begin(&machine) == 0);
    for (int i = 0; i < MOST_OTHERS; i++)
        assert(net_send(&machine, 3, &pieces, &moved) == WASI_SUCCESS);
    for (int i = 0; i < 100; i++)
        assert(net_send(&machine, 3, &pieces, &moved) == net_error(EMFILE));
    net_close(&machine, NET_FIRST + 7);
    assert(net_send(&machine, 3, &pieces, &moved) == WASI_SUCCESS);
    net_end(&machine);
    assert(open_descriptors() == there);
}

int main(void) {
    static const char rules[] = "name host.boxer.internal 1 65535 host.boxer.internal\n"
                                "limit connections 8\nlimit connect_ns 1000000\n";
    char why[128];
    int pipe_ends[2];
    struct policy *policy = boxer_policy_new(rules, sizeof rules - 1, why, sizeof why);
    assert(policy && pipe2(pipe_ends, O_CLOEXEC) == 0);
    struct boxer_listener listeners[] = {{bound(SOCK_STREAM), IPPROTO_TCP, 4, 80},
                                         {bound(SOCK_DGRAM), IPPROTO_UDP, 4, 80}};
    struct boxer_network network = {listeners, 2,    open("/dev/null", O_WRONLY | O_CLOEXEC),
                                    policy,    NULL, 0};
    int streams[3] = {pipe_ends[0], open("/dev/null", O_WRONLY | O_CLOEXEC), pipe_ends[1]};
    int there = open_descriptors();
    others_have_a_limit(&network, there);
    for (state = 1; state <= SEEDS; state++) {
        uint64_t seed = state;
        live(draw(4) ? &network : NULL, streams);
        for (int i = 0; i < PATIENCE && open_descriptors() != there; i++)
            usleep(10000); // threads that still look a name up
        assert(open_descriptors() == there);
        state = seed;
    }
    boxer_policy_free(policy);
    return 0;
}
