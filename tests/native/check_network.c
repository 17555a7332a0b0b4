// outside/*, net/outer*.c, net/dns*.c: sockets that reach beyond the box.
#include "check.h"
#include "double_network.h"
#include "task/process.h"
#include "vfs/fd.h"

#include <boxer/boot.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { STREAM = LINUX_SOCK_STREAM, DGRAM = LINUX_SOCK_DGRAM, NONBLOCK = LINUX_SOCK_NONBLOCK };
enum { PORT = 8000, POLLED = LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDHUP };

static struct linux_sockaddr_in at(unsigned a, unsigned b, unsigned c, unsigned d, unsigned port) {
    struct linux_sockaddr_in name = {.family = LINUX_AF_INET};
    name.port = (uint16_t)(port << 8 | port >> 8);
    memcpy(&name.address, (unsigned char[]){(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}, 4);
    return name;
}

static int is_at(const struct linux_sockaddr_in *name, struct linux_sockaddr_in other) {
    return name->family == LINUX_AF_INET && name->address == other.address &&
           name->port == other.port;
}

static unsigned poll_now(long fd) {
    struct linux_pollfd poll = {.fd = (int)fd, .events = POLLED};
    struct linux_timespec zero = {0};
    CALL(ppoll_time64, &poll, 1, &zero, 0, 0);
    return (unsigned)poll.revents;
}

static int error_of(long fd) {
    int error = -1;
    CALL(getsockopt, fd, 1, LINUX_SO_ERROR, &error, &(uint32_t){4});
    return error;
}

static void granted(void) {
    network_granted = 1;
    CALL(mkdirat, AT_FDCWD, "/etc", 0755);
    kernel_thaw("/");
}

static long listening(int flags) {
    struct linux_sockaddr_in any = at(0, 0, 0, 0, PORT);
    long fd = CALL(socket, LINUX_AF_INET, STREAM | flags, 0);
    CALL(setsockopt, fd, 1, LINUX_SO_REUSEADDR, &(int){1}, 4);
    CHECK_EQUAL(CALL(bind, fd, &any, sizeof any), 0);
    CHECK_EQUAL(CALL(listen, fd, 5), 0);
    return fd;
}

static long listener, server;
static int client;
static void accepted(void) {
    network_publish(PORT, 6);
    granted();
    listener = listening(NONBLOCK);
    CHECK_EQUAL(CALL(accept4, listener, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(poll_now(listener), 0);
    client = network_knock(PORT, 50000);
    CHECK_EQUAL(poll_now(listener), LINUX_POLLIN);
    server = CALL(accept4, listener, 0, 0, NONBLOCK);
    CHECK(server > 2);
    CHECK_EQUAL(CALL(accept4, listener, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(poll_now(listener), 0);
}

static void without_a_network_nothing_is_asked(void) {
    kernel_thaw("/");
    listener = listening(NONBLOCK);
    struct linux_sockaddr_in far = at(192, 0, 2, 1, 80);
    long fd = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -ENETUNREACH);
    long datagrams = CALL(socket, LINUX_AF_INET, DGRAM, 0);
    CHECK_EQUAL(CALL(connect, datagrams, &far, sizeof far), -ENETUNREACH);
    CHECK_EQUAL(CALL(sendto, datagrams, "x", 1, 0, &far, sizeof far), -ENETUNREACH);
    struct linux_sockaddr_in names = at(127, 0, 0, 11, 53);
    CHECK_EQUAL(CALL(connect, fd, &names, sizeof names), -ECONNREFUSED);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "/etc/resolv.conf", 0), -ENOENT);
    CHECK_EQUAL(network_calls, 0);
}

static void a_connection_from_outside_is_one(void) {
    char buffer[16] = {0};
    struct linux_sockaddr_in name;
    uint32_t size = sizeof name;
    accepted();
    CHECK_EQUAL(CALL(getpeername, server, &name, &size), 0);
    CHECK(is_at(&name, at(192, 0, 2, 7, 50000)));
    CHECK_EQUAL(CALL(getsockname, server, &name, &size), 0);
    CHECK(is_at(&name, at(127, 0, 0, 1, PORT)));
    CHECK_EQUAL(poll_now(server), LINUX_POLLOUT);
    CHECK_EQUAL(CALL(read, server, buffer, 10), -EAGAIN);
    network_sends(client, "hello");
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(recvfrom, server, buffer, 2, LINUX_MSG_PEEK, 0, 0), 2);
    CHECK_EQUAL(CALL(read, server, buffer, 2), 2); // not short: there may be more
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(read, server, buffer, 10), 3);
    CHECK_EQUAL(memcmp(buffer, "llo", 3), 0);
    CHECK_EQUAL(poll_now(server), LINUX_POLLOUT);
    CHECK_EQUAL(CALL(write, server, "answer", 6), 6);
    CHECK_EQUAL(strcmp(network_got(client), "answer"), 0);
    network_ends(client);
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDHUP);
    CHECK_EQUAL(CALL(read, server, buffer, 10), 0);
    CHECK_EQUAL(CALL(read, server, buffer, 10), 0);
    CHECK_EQUAL(CALL(shutdown, server, LINUX_SHUT_WR), 0);
    CHECK_EQUAL(network_shut(client), 2);
    CHECK(poll_now(server) & LINUX_POLLHUP);
    CHECK_EQUAL(CALL(sendto, server, "x", 1, LINUX_MSG_NOSIGNAL, 0, 0), -EPIPE);
    CHECK_EQUAL(CALL(close, server), 0);
    CHECK(network_is_closed(client));
}

static void a_reset_is_told_once(void) {
    char buffer[4];
    accepted();
    network_resets(client);
    CHECK(poll_now(server) & LINUX_POLLERR);
    CHECK_EQUAL(CALL(read, server, buffer, 4), -ECONNRESET);
    CHECK_EQUAL(poll_now(server) & LINUX_POLLERR, 0);
}

static void what_finds_no_room_is_waited_for(void) {
    static char block[4096];
    accepted();
    network_takes(client, 1000);
    CHECK_EQUAL(CALL(write, server, block, sizeof block), 1000);
    CHECK_EQUAL(poll_now(server), 0);
    CHECK_EQUAL(CALL(write, server, block, sizeof block), -EAGAIN);
    network_takes(client, 100);
    CHECK_EQUAL(poll_now(server), LINUX_POLLOUT);
    CHECK_EQUAL(CALL(write, server, block, 100), 100);
    CHECK_EQUAL(poll_now(server), LINUX_POLLOUT); // nobody has said otherwise
}

// A program that is told so reads, and waits for ever where nothing is there.
static void what_was_taken_whole_is_not_readable(void) {
    char buffer[5];
    accepted();
    network_sends(client, "whole");
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(read, server, buffer, 5), 5);
    CHECK_EQUAL(poll_now(server), LINUX_POLLOUT);
    network_sends(client, "more");
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(read, server, buffer, 4), 4);
    network_ends(client);
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDHUP);
    network_knock(PORT, 50001);
    network_knock(PORT, 50002);
    CHECK_EQUAL(poll_now(listener), LINUX_POLLIN);
    CHECK(CALL(accept4, listener, 0, 0, 0) > 2);
    CHECK_EQUAL(poll_now(listener), LINUX_POLLIN);
    CHECK(CALL(accept4, listener, 0, 0, 0) > 2);
    CHECK_EQUAL(poll_now(listener), 0);
}

static void edges_are_events_of_the_host(void) {
    struct linux_epoll_event event = {.events = LINUX_POLLIN | LINUX_EPOLLET, .data = 7}, got;
    struct linux_timespec zero = {0};
    char buffer[2];
    accepted();
    long epoll = CALL(epoll_create1, 0);
    CHECK_EQUAL(CALL(epoll_ctl, epoll, LINUX_EPOLL_CTL_ADD, server, &event), 0);
    CHECK_EQUAL(CALL(epoll_pwait2, epoll, &got, 1, &zero, 0, 8), 0);
    network_sends(client, "abc");
    CHECK_EQUAL(CALL(epoll_pwait2, epoll, &got, 1, &zero, 0, 8), 1);
    CHECK_EQUAL(got.data, 7);
    CHECK_EQUAL(CALL(epoll_pwait2, epoll, &got, 1, &zero, 0, 8), 0);
    CHECK_EQUAL(CALL(read, server, buffer, 1), 1);
    CHECK_EQUAL(CALL(epoll_pwait2, epoll, &got, 1, &zero, 0, 8), 0);
    network_sends(client, "d");
    CHECK_EQUAL(CALL(epoll_pwait2, epoll, &got, 1, &zero, 0, 8), 1);
}

static void listeners_end_with_their_last_descriptor(void) {
    network_publish(PORT, 6);
    granted();
    listener = listening(0);
    long copy = CALL(dup, listener);
    CHECK_EQUAL(network_open, 1);
    CALL(close, listener);
    CHECK_EQUAL(network_open, 1);
    CHECK(network_knock(PORT, 1) >= 0);
    CALL(close, copy);
    CHECK_EQUAL(network_open, 0);
    CHECK_EQUAL(network_knock(PORT, 1), -1);
    listener = listening(0);
    CHECK(network_knock(PORT, 1) >= 0);
    CHECK_EQUAL(CALL(shutdown, listener, LINUX_SHUT_RD), 0);
    CHECK_EQUAL(network_knock(PORT, 1), -1);
    CHECK_EQUAL(CALL(listen, listener, 1), 0);
    CHECK(network_knock(PORT, 1) >= 0);
    CHECK(CALL(accept4, listener, 0, 0, 0) > 2);
}

static void who_shares_a_port_takes_turns(void) {
    long fds[2];
    network_publish(PORT, 6);
    granted();
    for (int i = 0; i < 2; i++) {
        struct linux_sockaddr_in any = at(0, 0, 0, 0, PORT);
        fds[i] = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
        CALL(setsockopt, fds[i], 1, LINUX_SO_REUSEPORT, &(int){1}, 4);
        CHECK_EQUAL(CALL(bind, fds[i], &any, sizeof any), 0);
        CHECK_EQUAL(CALL(listen, fds[i], 5), 0);
    }
    for (int turn = 0; turn < 4; turn++) {
        network_knock(PORT, 1);
        int first = poll_now(fds[0]) != 0;
        CHECK_EQUAL(first + (poll_now(fds[1]) != 0), 1);
        CHECK_EQUAL(CALL(accept4, fds[first], 0, 0, 0), -EAGAIN);
        CHECK(CALL(accept4, fds[!first], 0, 0, 0) > 2);
    }
    network_knock(PORT, 1);
    CALL(close, poll_now(fds[0]) ? fds[0] : fds[1]); // it is the other's then
    CHECK_EQUAL((poll_now(fds[0]) | poll_now(fds[1])) & LINUX_POLLIN, LINUX_POLLIN);
}

static void each_protocol_has_its_own_connections(void) {
    struct linux_sockaddr_in any = at(0, 0, 0, 0, PORT);
    struct linux_sockaddr_in6 every = {.family = LINUX_AF_INET6, .port = any.port};
    long fds[2];
    network_publish(PORT, 6);
    granted();
    for (int first = 0; first < 2; first++) {
        for (int i = 0; i < 2; i++) {
            int is6 = i != first;
            fds[is6] = CALL(socket, is6 ? LINUX_AF_INET6 : LINUX_AF_INET, STREAM | NONBLOCK, 0);
            CALL(setsockopt, fds[is6], 1, LINUX_SO_REUSEADDR, &(int){1}, 4);
            if (is6) {
                CALL(setsockopt, fds[1], LINUX_IPPROTO_IPV6, LINUX_IPV6_V6ONLY, &(int){1}, 4);
                CHECK_EQUAL(CALL(bind, fds[1], &every, sizeof every), 0);
            } else {
                CHECK_EQUAL(CALL(bind, fds[0], &any, sizeof any), 0);
            }
            CHECK_EQUAL(CALL(listen, fds[is6], 5), 0);
        }
        for (int turn = 0; turn < 3; turn++) {
            network_knock(PORT, 1);
            CHECK_EQUAL(poll_now(fds[1]), 0);
            CHECK(CALL(accept4, fds[0], 0, 0, 0) > 2);
        }
        CALL(close, fds[0]);
        network_knock(PORT, 1); // rather its than nobody's
        CHECK(CALL(accept4, fds[1], 0, 0, 0) > 2);
        CALL(close, fds[1]);
    }
}

static void loopback_in_the_box_is_not_published(void) {
    struct linux_sockaddr_in own = at(127, 0, 0, 1, PORT);
    network_publish(PORT, 6);
    granted();
    long fd = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(bind, fd, &own, sizeof own), 0);
    CHECK_EQUAL(CALL(listen, fd, 5), 0);
    CHECK_EQUAL(network_knock(PORT, 1), -1);
}

static void a_passed_listener_is_whose_first_listens(void) {
    char buffer[8];
    network_inherited = 1;
    kernel_thaw("/");
    listener = listening(NONBLOCK);
    CHECK_EQUAL(poll_now(listener), 0);
    CHECK_EQUAL(CALL(accept4, listener, 0, 0, 0), -EAGAIN);
    client = network_knock_inherited(0);
    CHECK_EQUAL(poll_now(listener), LINUX_POLLIN);
    server = CALL(accept4, listener, 0, 0, 0);
    CHECK(server > 2);
    network_sends(client, "x");
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(read, server, buffer, 8), 1);
    CALL(close, listener);
    listener = listening(NONBLOCK); // the host's is still there
    network_knock_inherited(0);
    CHECK(CALL(accept4, listener, 0, 0, 0) > 2);
}

static long listening_at(int port) {
    struct linux_sockaddr_in own = at(0, 0, 0, 0, port);
    long fd = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, fd, &own, sizeof own), 0);
    CHECK_EQUAL(CALL(listen, fd, 5), 0);
    return fd;
}

static void passed_listeners_are_those_of_exposed_ports(void) {
    network_inherited = 3;
    kernel_expose(80);
    kernel_expose(443);
    kernel_thaw("/");
    long other = listening_at(9000), second = listening_at(443), none = listening_at(9001);
    long first = listening_at(80);
    const long listeners[] = {first, second, other};
    for (int n = 0; n < 3; n++) {
        network_knock_inherited(n);
        for (int i = 0; i < 3; i++)
            CHECK_EQUAL(poll_now(listeners[i]), i == n ? LINUX_POLLIN : 0);
        CHECK(CALL(accept4, listeners[n], 0, 0, 0) > 2);
    }
    CHECK_EQUAL(poll_now(none), 0);
}

static void connecting_is_under_way_or_ends(void) {
    struct linux_sockaddr_in far = at(192, 0, 2, 1, 80), name;
    uint32_t size = sizeof name;
    granted();
    network_answer = EACCES;
    long fd = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EACCES);
    network_answer = 0;
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EISCONN);
    CHECK_EQUAL(CALL(getpeername, fd, &name, &size), 0);
    CHECK(is_at(&name, far));
    network_answer = -1;
    fd = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EINPROGRESS);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EALREADY);
    CHECK_EQUAL(poll_now(fd), 0);
    CHECK_EQUAL(error_of(fd), 0);
    CHECK_EQUAL(CALL(write, fd, "x", 1), -EAGAIN);
    CHECK_EQUAL(CALL(getpeername, fd, &name, &size), -ENOTCONN);
    network_stands(network_last(), 0);
    CHECK_EQUAL(poll_now(fd), LINUX_POLLOUT);
    CHECK_EQUAL(error_of(fd), 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EISCONN);
    CHECK_EQUAL(CALL(write, fd, "x", 1), 1);
    CHECK_EQUAL(strcmp(network_got(network_last()), "x"), 0);
    fd = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EINPROGRESS);
    int end = network_last();
    network_stands(end, ECONNREFUSED);
    CHECK(poll_now(fd) & LINUX_POLLERR);
    CHECK_EQUAL(error_of(fd), ECONNREFUSED);
    CHECK_EQUAL(error_of(fd), 0);
    CHECK(network_is_closed(end));
    CHECK_EQUAL(CALL(connect, fd, &far, sizeof far), -EINPROGRESS); // once more
}

static void a_linger_of_nothing_resets(void) {
    accepted();
    struct linux_linger linger = {1, 0};
    CALL(setsockopt, server, 1, LINUX_SO_LINGER, &linger, sizeof linger);
    CALL(close, server);
    CHECK_EQUAL(network_option(client, BOXER_NET_OPTION_LINGER), 0 + 1);
}

static void datagrams_have_addresses(void) {
    struct linux_sockaddr_in any = at(0, 0, 0, 0, PORT), far = at(192, 0, 2, 9, 99), from;
    uint32_t size = sizeof from;
    char buffer[64];
    network_publish(PORT, 17);
    granted();
    long fd = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, fd, &any, sizeof any), 0);
    int end = network_last();
    CHECK_EQUAL(CALL(recvfrom, fd, buffer, 64, 0, &from, &size), -EAGAIN);
    network_delivers(end, "question", (uint8_t[]){192, 0, 2, 9}, 99);
    CHECK_EQUAL(poll_now(fd), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(recvfrom, fd, buffer, 64, 0, &from, &size), 8);
    CHECK(is_at(&from, far));
    CHECK_EQUAL(poll_now(fd), LINUX_POLLOUT);
    CHECK_EQUAL(CALL(recvfrom, fd, buffer, 64, 0, &from, &size), -EAGAIN);
    CHECK_EQUAL(CALL(sendto, fd, "answer", 6, 0, &far, sizeof far), 6);
    CHECK_EQUAL(memcmp(network_got(end) + sizeof(struct boxer_net_address), "answer", 6), 0);
    long other = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(connect, other, &far, sizeof far), 0);
    CHECK_EQUAL(CALL(write, other, "x", 1), 1);
    end = network_last();
    network_delivers(end, "stranger", (uint8_t[]){192, 0, 2, 8}, 99);
    network_delivers(end, "friend", (uint8_t[]){192, 0, 2, 9}, 99);
    CHECK_EQUAL(CALL(ppoll_time64, 0, 0, &(struct linux_timespec){0}, 0, 0), 0);
    CHECK_EQUAL(CALL(read, other, buffer, 64), 6);
    CALL(close, fd);
    CALL(close, other);
    CHECK_EQUAL(network_open, 0);
}

static const char question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                               "\x04Name\x07"
                               "example\x00\x00\x01\x00\x01";
enum { QUESTION = sizeof question - 1 };

static void names_are_asked_by_datagram(void) {
    struct linux_sockaddr_in names = at(127, 0, 0, 11, 53), from;
    uint32_t size = sizeof from;
    unsigned char got[512];
    granted();
    long fd = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(sendto, fd, question, QUESTION, 0, &names, sizeof names), QUESTION);
    CHECK_EQUAL(strcmp(network_name, "Name.example"), 0);
    CHECK_EQUAL(poll_now(fd), LINUX_POLLOUT);
    network_answers(network_asked, 0, (uint8_t[]){192, 0, 2, 5});
    CHECK_EQUAL(poll_now(fd), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(recvfrom, fd, got, sizeof got, 0, &from, &size), QUESTION + 16);
    CHECK(is_at(&from, names));
    CHECK_EQUAL(memcmp(got, "\x12\x34\x81\x80\x00\x01\x00\x01", 8), 0);
    CHECK_EQUAL(memcmp(got + 12, question + 12, QUESTION - 12), 0);
    CHECK_EQUAL(memcmp(got + QUESTION + 12, (uint8_t[]){192, 0, 2, 5}, 4), 0);
    network_answer = EACCES; // it may not be asked for: there is none
    CALL(sendto, fd, question, QUESTION, 0, &names, sizeof names);
    CHECK_EQUAL(CALL(read, fd, got, sizeof got), QUESTION);
    CHECK_EQUAL(got[3] & 15, 3);
    network_answer = 0;
    CALL(sendto, fd, question, QUESTION, 0, &names, sizeof names);
    network_answers(network_asked, 3, NULL);
    CHECK(poll_now(fd) & LINUX_POLLIN);
    CHECK_EQUAL(CALL(read, fd, got, sizeof got), QUESTION);
    CHECK_EQUAL(got[3] & 15, 2);
    CALL(sendto, fd, question, QUESTION, 0, &names, sizeof names);
    CALL(close, fd); // nobody is there for the answer
    network_answers(network_asked, 0, (uint8_t[]){192, 0, 2, 5});
    listening(0);
    CALL(ppoll_time64, 0, 0, &(struct linux_timespec){0}, 0, 0);
}

static void names_are_asked_by_connection(void) {
    struct linux_sockaddr_in names = at(127, 0, 0, 11, 53);
    unsigned char asked[2 + QUESTION] = {0, QUESTION}, got[512];
    granted();
    memcpy(asked + 2, question, QUESTION);
    long fd = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(connect, fd, &names, sizeof names), 0);
    CHECK_EQUAL(CALL(write, fd, asked, 5), 5);
    CHECK_EQUAL(network_name[0], 0);
    CHECK_EQUAL(CALL(write, fd, asked + 5, sizeof asked - 5), (long)sizeof asked - 5);
    CHECK_EQUAL(strcmp(network_name, "Name.example"), 0);
    network_answers(network_asked, 0, (uint8_t[]){192, 0, 2, 5});
    CHECK_EQUAL(CALL(read, fd, got, sizeof got), 2 + QUESTION + 16); // waits for it
    CHECK_EQUAL(got[1], QUESTION + 16);
    CALL(write, fd, asked, sizeof asked);
    CALL(close, fd);
}

// What a query may be made of, and that none of it does any harm.
static void strange_queries_are_answered_or_not(void) {
    struct linux_sockaddr_in names = at(127, 0, 0, 11, 53);
    char query[600];
    unsigned char got[600];
    granted();
    long fd = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    static const struct {
        int at, value, code; // code -1: silence
    } cases[] = {{2, 0x80, -1}, {2, 0x28, 4}, {5, 2, 1},  {12, 64, 1}, {12, 0xc0, 1},
                 {25, 3, 1},    {27, 33, 4},  {29, 3, 4}, {12, 63, 1}, {17, 8, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(query, question, QUESTION);
        query[cases[i].at] = (char)cases[i].value;
        CHECK_EQUAL(CALL(sendto, fd, query, QUESTION, 0, &names, sizeof names), QUESTION);
        long size = CALL(read, fd, got, sizeof got);
        CHECK_EQUAL(size < 0 ? -1 : got[3] & 15, cases[i].code);
    }
    for (int size = 0; size < QUESTION; size++) { // cut short
        CHECK_EQUAL(CALL(sendto, fd, question, size, 0, &names, sizeof names), size);
        CALL(read, fd, got, sizeof got);
    }
    memset(query, 63, sizeof query);
    CHECK_EQUAL(CALL(sendto, fd, query, 600, 0, &names, sizeof names), 600);
    memcpy(query, question, 12);
    CHECK_EQUAL(CALL(sendto, fd, query, 512, 0, &names, sizeof names), 512);
    CHECK(CALL(read, fd, got, sizeof got) >= 12);
    for (int i = 0; i < 100; i++) // more than are kept
        CALL(sendto, fd, question, QUESTION, 0, &names, sizeof names);
    CHECK_EQUAL(CALL(read, fd, got, sizeof got), QUESTION);
    CHECK_EQUAL(got[3] & 15, 2);
}

static void a_frozen_machine_has_nothing_of_it(void) {
    char text[64] = {0};
    accepted();
    long fd = CALL(openat, AT_FDCWD, "/etc/resolv.conf", O_RDONLY);
    CHECK(CALL(read, fd, text, sizeof text) > 0);
    CHECK_EQUAL(strncmp(text, "nameserver 127.0.0.11\n", 22), 0);
    kernel_freeze();
    CHECK_EQUAL(network_open, 0);
    CHECK_EQUAL(network_knock(PORT, 1), -1);
    network_granted = 0;
    kernel_thaw("/");
    CHECK_EQUAL(poll_now(listener), 0); // it listens inside
    CHECK_EQUAL(CALL(read, server, text, 1), -ECONNRESET);
    CHECK_EQUAL(CALL(close, server), 0);
    kernel_freeze();
    network_granted = 1;
    kernel_thaw("/");
    CHECK(network_knock(PORT, 50001) >= 0);
    CHECK(CALL(accept4, listener, 0, 0, 0) > 2);
}

// A copy of a machine begins a life of its own: the sockets are the other's.
static void another_life_has_new_listeners_and_no_connections(void) {
    char buffer[4];
    unsigned char address[16];
    unsigned port;
    accepted();
    CHECK_EQUAL(kernel_stands_outside(address, &port), 4);
    CHECK_EQUAL(port, 50000);
    CHECK_EQUAL(memcmp(address, (uint8_t[]){192, 0, 2, 7}, 4), 0);
    kernel_thaw("/");
    CHECK(poll_now(server) & LINUX_POLLHUP);
    CHECK_EQUAL(CALL(read, server, buffer, 4), -ECONNRESET);
    CHECK_EQUAL(CALL(sendto, server, "x", 1, LINUX_MSG_NOSIGNAL, 0, 0), -ECONNRESET);
    CHECK_EQUAL(poll_now(listener), 0);
    CHECK(network_knock(PORT, 50001) >= 0);
    long other = CALL(accept4, listener, 0, 0, 0);
    CHECK(other > 2);
    CHECK_EQUAL(poll_now(other), LINUX_POLLOUT);
    CALL(close, server);
    CALL(close, other);
    CHECK_EQUAL(kernel_stands_outside(address, &port), 0);
}

int main(void) {
    RUN(without_a_network_nothing_is_asked);
    RUN(a_connection_from_outside_is_one);
    RUN(a_reset_is_told_once);
    RUN(what_finds_no_room_is_waited_for);
    RUN(what_was_taken_whole_is_not_readable);
    RUN(edges_are_events_of_the_host);
    RUN(listeners_end_with_their_last_descriptor);
    RUN(who_shares_a_port_takes_turns);
    RUN(each_protocol_has_its_own_connections);
    RUN(loopback_in_the_box_is_not_published);
    RUN(a_passed_listener_is_whose_first_listens);
    RUN(passed_listeners_are_those_of_exposed_ports);
    RUN(connecting_is_under_way_or_ends);
    RUN(a_linger_of_nothing_resets);
    RUN(datagrams_have_addresses);
    RUN(names_are_asked_by_datagram);
    RUN(names_are_asked_by_connection);
    RUN(strange_queries_are_answered_or_not);
    RUN(another_life_has_new_listeners_and_no_connections);
    RUN(a_frozen_machine_has_nothing_of_it);
    return finish();
}
