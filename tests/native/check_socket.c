// socket*.c: AF_UNIX, loopback streams and datagrams, descriptors in messages, options.
#include "check.h"
#include "double_fibers.h"
#include "mm/memory.h"
#include "task/process.h"
#include "time/clock.h"

#include <boxer/linux_poll.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { STREAM = LINUX_SOCK_STREAM, DGRAM = LINUX_SOCK_DGRAM, NONBLOCK = LINUX_SOCK_NONBLOCK };

static struct linux_sockaddr_in loopback(unsigned port) {
    struct linux_sockaddr_in name = {.family = LINUX_AF_INET};
    name.port = (uint16_t)(port << 8 | port >> 8);
    memcpy(&name.address, (unsigned char[]){127, 0, 0, 1}, 4);
    return name;
}

static unsigned poll_now(long fd) {
    struct linux_pollfd poll = {.fd = (int)fd,
                                .events = LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDHUP};
    struct linux_timespec zero = {0};
    CALL(ppoll_time64, &poll, 1, &zero, 0, 0);
    return (unsigned)poll.revents;
}

static void ignore_pipe_signal(void) {
    struct linux_sigaction ignore = {.handler = LINUX_SIG_IGN};
    CALL(rt_sigaction, LINUX_SIGPIPE, &ignore, 0, 8);
}

static long a, b;
static void pair(int type) {
    int fds[2] = {-1, -1};
    CHECK_EQUAL(CALL(socketpair, LINUX_AF_UNIX, type, 0, fds), 0);
    a = fds[0];
    b = fds[1];
}

static long client, server, listener;
static void connect_tcp(unsigned port) {
    struct linux_sockaddr_in name = loopback(port);
    listener = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
    client = CALL(socket, LINUX_AF_INET, STREAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, listener, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), -EINPROGRESS);
    CHECK(poll_now(client) & LINUX_POLLERR);
    int error = 0;
    CHECK_EQUAL(CALL(getsockopt, client, 1, LINUX_SO_ERROR, &error, &(uint32_t){4}), 0);
    CHECK_EQUAL(error, ECONNREFUSED);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), -ECONNABORTED); // the end of the first
    CHECK_EQUAL(CALL(listen, listener, 5), 0);
    CHECK_EQUAL(CALL(accept4, listener, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(poll_now(listener), 0);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), -EINPROGRESS);
    CHECK_EQUAL(poll_now(client), LINUX_POLLOUT);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), -EISCONN);
    CHECK_EQUAL(poll_now(listener), LINUX_POLLIN);
    struct linux_sockaddr_in peer, own;
    uint32_t size = sizeof peer;
    server = CALL(accept4, listener, &peer, &size, LINUX_SOCK_NONBLOCK);
    CHECK(server >= 0 && size == sizeof peer);
    size = sizeof own;
    CHECK_EQUAL(CALL(getsockname, client, &own, &size), 0);
    CHECK_EQUAL(memcmp(&peer, &own, sizeof own), 0);
    CHECK(own.port != 0);
    size = sizeof peer;
    CHECK_EQUAL(CALL(getpeername, client, &peer, &size), 0);
    CHECK_EQUAL(memcmp(&peer, &name, sizeof name), 0);
}

static void a_server_and_its_client_talk(void) {
    char buffer[16];
    connect_tcp(8080);
    CHECK_EQUAL(CALL(sendto, client, "GET /", 5, 0, 0, 0), 5);
    CHECK_EQUAL(CALL(write, client, " HTTP", 5), 5);
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT);
    CHECK_EQUAL(CALL(recvfrom, server, buffer, 16, LINUX_MSG_PEEK, 0, 0), 10);
    CHECK_EQUAL(CALL(recvfrom, server, buffer, 4, 0, 0, 0), 4);
    CHECK_EQUAL(CALL(read, server, buffer, 16), 6);
    CHECK_EQUAL(memcmp(buffer, "/ HTTP", 6), 0);
    CHECK_EQUAL(CALL(read, server, buffer, 16), -EAGAIN);
    CHECK_EQUAL(CALL(shutdown, client, LINUX_SHUT_WR), 0);
    CHECK_EQUAL(poll_now(server), LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDHUP);
    CHECK_EQUAL(CALL(read, server, buffer, 16), 0);
    CHECK_EQUAL(CALL(write, server, "200", 3), 3); // half close
    CHECK_EQUAL(CALL(read, client, buffer, 16), 3);
    CHECK_EQUAL(EXIT_STATUS(CALL(write, client, "x", 1)), 128 + LINUX_SIGPIPE);
    CHECK_EQUAL(CALL(sendto, client, "x", 1, LINUX_MSG_NOSIGNAL, 0, 0), -EPIPE);
    CALL(close, server);
    CHECK_EQUAL(CALL(read, client, buffer, 16), 0);
    CHECK(poll_now(client) & LINUX_POLLHUP);
}

static void one_message_goes_out_to_who_has_closed(void) {
    char byte;
    ignore_pipe_signal();
    connect_tcp(8083);
    CALL(close, server);
    CHECK_EQUAL(CALL(write, client, "x", 1), 1);
    CHECK_EQUAL(CALL(write, client, "x", 1), -EPIPE);
    CHECK_EQUAL(CALL(read, client, &byte, 1), 0);
}

static void unread_bytes_reset_the_connection(void) {
    char byte;
    struct linux_sockaddr_in name;
    uint32_t size = sizeof name;
    ignore_pipe_signal();
    connect_tcp(8081);
    CALL(write, client, "lost", 4);
    CALL(close, server);
    CHECK_EQUAL(CALL(read, client, &byte, 1), -ECONNRESET);
    CHECK_EQUAL(CALL(read, client, &byte, 1), 0);
    CHECK_EQUAL(CALL(write, client, "x", 1), -EPIPE);
    CHECK_EQUAL(CALL(getpeername, client, &name, &size), -ENOTCONN);
}

// What ssl.SSLSocket looks at, to tell bytes that came before its handshake.
static void what_came_before_a_reset_can_be_read(void) {
    char byte;
    struct linux_linger at_once = {1, 0};
    struct linux_sockaddr_in name;
    uint32_t size = sizeof name;
    connect_tcp(8087);
    CHECK_EQUAL(CALL(getpeername, server, &name, &size), 0);
    CHECK_EQUAL(CALL(setsockopt, client, 1, LINUX_SO_LINGER, &at_once, sizeof at_once), 0);
    CHECK_EQUAL(CALL(write, client, "x", 1), 1);
    CALL(close, client);
    CHECK_EQUAL(CALL(getpeername, server, &name, &size), -ENOTCONN);
    CHECK_EQUAL(CALL(read, server, &byte, 1), 1);
    CHECK_EQUAL(CALL(read, server, &byte, 1), -ECONNRESET);
    CHECK_EQUAL(CALL(read, server, &byte, 1), 0);
}

static void closing_a_listener_resets_who_waits(void) {
    char byte;
    struct linux_sockaddr_in name = loopback(8082);
    listener = CALL(socket, LINUX_AF_INET, STREAM, 0);
    client = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CALL(bind, listener, &name, sizeof name);
    CALL(listen, listener, 1);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), 0);
    CALL(close, listener);
    CHECK_EQUAL(CALL(read, client, &byte, 1), -ECONNRESET);
    long again = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(bind, again, &name, sizeof name), 0);
}

static void a_stream_is_bounded_and_drains(void) {
    static char data[1 << 20];
    size_t sent = 0, seen = 0;
    connect_tcp(8083);
    size_t before = pages_in_use();
    for (long got; (got = CALL(write, client, data, 1000)) > 0;)
        sent += (size_t)got;
    CHECK_EQUAL(sent, 212992);
    CHECK_EQUAL(poll_now(client), 0);
    CHECK((pages_in_use() - before) * PAGE_SIZE < 2 * sent);
    for (long got; (got = CALL(read, server, data, 7777)) > 0;)
        seen += (size_t)got;
    CHECK_EQUAL(seen, sent);
    CHECK_EQUAL(poll_now(client), LINUX_POLLOUT);
    CHECK(pages_in_use() <= before + 2);
}

static void addresses_and_ports_are_kept_apart(void) {
    struct linux_sockaddr_in name = loopback(9000), any = name, far = name;
    any.address = 0;
    memcpy(&far.address, (unsigned char[]){10, 0, 0, 1}, 4);
    long first = CALL(socket, LINUX_AF_INET, STREAM, 0);
    long second = CALL(socket, LINUX_AF_INET, STREAM, 0);
    long datagrams = CALL(socket, LINUX_AF_INET, DGRAM, 0);
    int on = 1;
    CHECK_EQUAL(CALL(bind, first, &any, sizeof any), 0);
    CHECK_EQUAL(CALL(bind, first, &any, sizeof any), -EINVAL);
    CHECK_EQUAL(CALL(bind, second, &name, sizeof name), -EADDRINUSE);
    CHECK_EQUAL(CALL(bind, datagrams, &name, sizeof name), 0);
    CALL(setsockopt, first, 1, LINUX_SO_REUSEADDR, &on, 4);
    CALL(setsockopt, second, 1, LINUX_SO_REUSEADDR, &on, 4);
    CHECK_EQUAL(CALL(bind, second, &far, sizeof far), -EADDRNOTAVAIL);
    CHECK_EQUAL(CALL(bind, second, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(connect, second, &far, sizeof far), -ENETUNREACH);
    CHECK_EQUAL(CALL(connect, second, &name, 4), -EINVAL);
    CHECK_EQUAL(CALL(listen, datagrams, 1), -EOPNOTSUPP);
    CHECK_EQUAL(CALL(accept4, second, 0, 0, 0), -EINVAL);
}

static void ipv6_listeners_serve_ipv4(void) {
    struct linux_sockaddr_in6 any = {.family = LINUX_AF_INET6, .port = 0x901f}, peer; // 8080
    struct linux_sockaddr_in name = loopback(0x1f90);
    uint32_t size = sizeof peer;
    listener = CALL(socket, LINUX_AF_INET6, STREAM, 0);
    CHECK_EQUAL(CALL(bind, listener, &any, sizeof any), 0);
    CALL(listen, listener, 1);
    client = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(connect, client, &name, sizeof name), 0);
    server = CALL(accept4, listener, &peer, &size, 0);
    CHECK_EQUAL(
        peer.family == LINUX_AF_INET6 && peer.address[10] == 0xff && peer.address[12] == 127, 1);
    long other = CALL(socket, LINUX_AF_INET6, STREAM, 0);
    any.address[15] = 1; // ::1
    CHECK_EQUAL(CALL(connect, other, &any, sizeof any), 0);
}

static void datagrams_keep_their_bounds_and_senders(void) {
    struct linux_sockaddr_in name = loopback(5353), from;
    uint32_t size = sizeof from;
    char buffer[16];
    long receiver = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    long sender = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, receiver, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(sendto, sender, "one", 3, 0, &name, sizeof name), 3);
    CHECK_EQUAL(CALL(sendto, sender, "", 0, 0, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(sendto, sender, "three", 5, 0, &name, sizeof name), 5);
    CHECK_EQUAL(CALL(sendto, sender, "x", 1, 0, 0, 0), -EDESTADDRREQ);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 2, LINUX_MSG_TRUNC, &from, &size), 3);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), 0);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), 5);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(CALL(connect, sender, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(write, sender, "four", 4), 4);
    CALL(close, receiver);
    CHECK_EQUAL(CALL(write, sender, "five", 4), 4);
    CHECK_EQUAL(CALL(write, sender, "six", 3), -ECONNREFUSED); // what ICMP told
}

struct one_control {
    struct linux_cmsghdr head;
    int value;
};

static long send_with(long fd, const struct linux_sockaddr_in *to, int type, int value) {
    struct linux_iovec vector = {"x", 1};
    struct one_control control = {{sizeof control, LINUX_IPPROTO_IP, type}, value};
    struct linux_msghdr header = {.name = (void *)to,
                                  .name_size = sizeof *to,
                                  .vectors = &vector,
                                  .count = 1,
                                  .control = &control,
                                  .control_size = sizeof control};
    control.head.size = (size_t)((char *)&control.value - (char *)&control) + sizeof value;
    return CALL(sendmsg, fd, &header, 0);
}

static int told_hops(long fd, size_t room, int *flags) {
    char byte;
    struct linux_iovec vector = {&byte, 1};
    struct one_control control = {.value = -1};
    struct linux_msghdr header = {
        .vectors = &vector, .count = 1, .control = &control, .control_size = room};
    CHECK_EQUAL(CALL(recvmsg, fd, &header, 0), 1);
    *flags = header.flags;
    return header.control_size ? control.value : -2;
}

static void datagrams_tell_their_hops_to_who_asks(void) {
    struct linux_sockaddr_in name = loopback(5360);
    int one = 1, seven = 7, flags;
    const size_t whole = sizeof(struct one_control);
    long receiver = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    long sender = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, receiver, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(sendto, sender, "x", 1, 0, &name, sizeof name), 1);
    CHECK_EQUAL(told_hops(receiver, whole, &flags), -2); // nobody has asked
    CHECK_EQUAL(CALL(setsockopt, receiver, LINUX_IPPROTO_IP, 12, &one, sizeof one), 0);
    CHECK_EQUAL(CALL(sendto, sender, "x", 1, 0, &name, sizeof name), 1);
    CHECK_EQUAL(told_hops(receiver, whole, &flags), 64);
    CHECK_EQUAL(CALL(setsockopt, sender, LINUX_IPPROTO_IP, 2, &seven, sizeof seven), 0);
    CHECK_EQUAL(CALL(sendto, sender, "x", 1, 0, &name, sizeof name), 1);
    CHECK_EQUAL(told_hops(receiver, whole, &flags), 7);
    CHECK_EQUAL(send_with(sender, &name, 2, 9), 1);
    CHECK_EQUAL(told_hops(receiver, whole, &flags), 9);
    CHECK_EQUAL(flags, 0);
    CHECK_EQUAL(send_with(sender, &name, 2, 0), -EINVAL);
    CHECK_EQUAL(send_with(sender, &name, 2, 256), -EINVAL);
    CHECK_EQUAL(send_with(sender, &name, 77, 1), -EINVAL);
    CHECK_EQUAL(CALL(sendto, receiver, "x", 1, 0, &name, sizeof name), 1); // to itself
    CHECK_EQUAL(told_hops(receiver, sizeof(struct linux_cmsghdr), &flags), -1);
    CHECK_EQUAL(flags, LINUX_MSG_CTRUNC);
    CHECK_EQUAL(CALL(sendto, sender, "x", 1, 0, &name, sizeof name), 1);
    CHECK_EQUAL(told_hops(receiver, 3, &flags), -2);
    CHECK_EQUAL(flags, LINUX_MSG_CTRUNC);
}

static void parts_become_one_datagram(void) {
    static char much[65507];
    struct linux_sockaddr_in name = loopback(5361), elsewhere = loopback(5362);
    char buffer[16];
    long receiver = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    long sender = CALL(socket, LINUX_AF_INET, DGRAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(bind, receiver, &name, sizeof name), 0);
    CHECK_EQUAL(CALL(sendto, sender, "one", 3, LINUX_MSG_MORE, &name, sizeof name), 3);
    CHECK_EQUAL(CALL(sendto, sender, "two", 3, LINUX_MSG_MORE, &elsewhere, sizeof elsewhere), 3);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(CALL(sendto, sender, "!", 1, 0, 0, 0), 1);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), 7);
    CHECK_EQUAL(memcmp(buffer, "onetwo!", 7), 0);
    CHECK_EQUAL(CALL(sendto, sender, "one", 3, LINUX_MSG_MORE, &name, sizeof name), 3);
    CHECK_EQUAL(CALL(sendto, sender, much, sizeof much, 0, &name, sizeof name), -EMSGSIZE);
    CHECK_EQUAL(CALL(sendto, sender, "new", 3, 0, &name, sizeof name), 3); // nothing is left
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), 3);
    CHECK_EQUAL(CALL(sendto, sender, "lost", 4, LINUX_MSG_MORE, &name, sizeof name), 4);
    CALL(close, sender);
    CHECK_EQUAL(CALL(recvfrom, receiver, buffer, 16, 0, 0, 0), -EAGAIN);
}

static void unix_sockets_meet_by_path_and_abstract_name(void) {
    struct linux_sockaddr_un path = {LINUX_AF_UNIX, "/socket"}, abstract = {LINUX_AF_UNIX, "\0x"};
    struct linux_sockaddr_un got;
    uint32_t size = sizeof got;
    long first = CALL(socket, LINUX_AF_UNIX, STREAM, 0);
    long second = CALL(socket, LINUX_AF_UNIX, STREAM, 0);
    CHECK_EQUAL(CALL(connect, second, &path, sizeof path), -ENOENT);
    CHECK_EQUAL(CALL(bind, first, &path, 2 + 7), 0);
    CHECK_EQUAL(CALL(bind, second, &path, sizeof path), -EADDRINUSE);
    CHECK_EQUAL(CALL(connect, second, &path, sizeof path), -ECONNREFUSED);
    CALL(listen, first, 0);
    CHECK_EQUAL(CALL(connect, second, &path, sizeof path), 0);
    CHECK_EQUAL(CALL(getpeername, second, &got, &size), 0);
    CHECK_EQUAL(size, 2 + 8);
    CHECK_EQUAL(strcmp(got.path, "/socket"), 0);
    long third = CALL(socket, LINUX_AF_UNIX, STREAM | NONBLOCK, 0);
    CHECK_EQUAL(CALL(connect, third, &path, sizeof path), -EAGAIN); // the queue is full
    long datagram = CALL(socket, LINUX_AF_UNIX, DGRAM, 0);
    CHECK_EQUAL(CALL(connect, datagram, &path, sizeof path), -EPROTOTYPE);
    CHECK_EQUAL(CALL(bind, datagram, &abstract, 4), 0);
    size = sizeof got;
    CHECK_EQUAL(CALL(getsockname, datagram, &got, &size), 0);
    CHECK_EQUAL(size, 4);
    struct linux_ucred peer;
    size = sizeof peer;
    CHECK_EQUAL(CALL(getsockopt, second, 1, LINUX_SO_PEERCRED, &peer, &size), 0);
    CHECK_EQUAL(peer.pid, PROCESS_PID);
}

static void packets_are_whole(void) {
    char buffer[8];
    pair(LINUX_SOCK_SEQPACKET | NONBLOCK);
    CALL(write, a, "first", 5);
    CALL(write, a, "second", 6);
    CHECK_EQUAL(CALL(read, b, buffer, 3), 3); // the rest of it is gone
    CHECK_EQUAL(CALL(read, b, buffer, 8), 6);
    CALL(close, a);
    CHECK_EQUAL(CALL(read, b, buffer, 8), 0);
}

static void descriptors_travel_in_messages(void) {
    char text[4] = "abc", byte[4];
    struct {
        struct linux_cmsghdr head;
        int fds[2];
    } control = {.head = {sizeof control, LINUX_SOL_SOCKET, LINUX_SCM_RIGHTS}}, got;
    struct linux_iovec vector = {text, 3};
    struct linux_msghdr header = {
        .vectors = &vector, .count = 1, .control = &control, .control_size = sizeof control};
    pair(STREAM | NONBLOCK);
    long event = CALL(eventfd2, 9, 0);
    control.fds[0] = (int)event;
    control.fds[1] = 60;
    CHECK_EQUAL(CALL(sendmsg, a, &header, 0), -EBADF);
    control.fds[1] = (int)event;
    CHECK_EQUAL(CALL(sendmsg, a, &header, 0), 3);
    CALL(close, event);
    CALL(write, a, "d", 1);
    vector = (struct linux_iovec){byte, 4};
    header.control = &got;
    CHECK_EQUAL(CALL(recvmsg, b, &header, LINUX_MSG_CMSG_CLOEXEC), 3); // not into the next packet
    CHECK_EQUAL(header.control_size, sizeof got);
    CHECK_EQUAL(got.head.type, LINUX_SCM_RIGHTS);
    CHECK_EQUAL(CALL(fcntl64, got.fds[0], 1, 0), 1);
    uint64_t value;
    CHECK_EQUAL(CALL(read, got.fds[1], &value, 8), 8);
    CHECK_EQUAL(value, 9);
    CHECK_EQUAL(CALL(recvmsg, b, &header, 0), 1);
    CHECK_EQUAL(header.control_size, 0);
    control.fds[0] = control.fds[1] = got.fds[0];
    header = (struct linux_msghdr){.vectors = &vector, .count = 1};
    header.control = &control;
    header.control_size = sizeof control;
    CHECK_EQUAL(CALL(sendmsg, a, &header, 0), 4);
    header.control_size = sizeof(struct linux_cmsghdr) + sizeof(int);
    CHECK_EQUAL(CALL(recvmsg, b, &header, 0), 4);
    CHECK_EQUAL(header.flags, LINUX_MSG_CTRUNC);
}

static void timeouts_end_a_wait(void) {
    char byte;
    struct {
        int64_t sec, usec;
    } timeout = {2, 0};
    pair(STREAM);
    CHECK_EQUAL(CALL(read, a, &byte, 1), -EDEADLK);
    CHECK_EQUAL(CALL(setsockopt, a, 1, LINUX_SO_RCVTIMEO, &timeout, sizeof timeout), 0);
    int64_t before = clock_monotonic();
    CHECK_EQUAL(CALL(recvfrom, a, &byte, 1, 0, 0, 0), -EAGAIN);
    CHECK_EQUAL(clock_monotonic() - before, 2000000000);
    CHECK_EQUAL(CALL(read, a, &byte, 1), -EAGAIN);
    CHECK_EQUAL(clock_monotonic() - before, 4000000000);
    timeout.usec = 1000000;
    CHECK_EQUAL(CALL(setsockopt, a, 1, LINUX_SO_RCVTIMEO, &timeout, sizeof timeout), -EDOM);
}

static int sends_more(void *unused) { // another thread of the program
    (void)unused;
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(CALL(write, b, "more", 4), 4);
        CALL(sched_yield);
    }
    return 0;
}

static void a_stream_is_filled_where_all_is_wanted(void) {
    static char much[500000];
    char got[16] = {0};
    pair(STREAM);
    CHECK_EQUAL(CALL(write, b, "some", 4), 4);
    CHECK_EQUAL(CALL(recvfrom, a, got, 16, 0, 0, 0), 4);
    host_switches();
    host_thread(sends_more, NULL);
    CHECK_EQUAL(CALL(recvfrom, a, got, 10, LINUX_MSG_WAITALL, 0, 0), 10);
    CHECK_EQUAL(memcmp(got, "moremoremo", 10), 0);
    CHECK_EQUAL(CALL(recvfrom, a, got, 10, LINUX_MSG_WAITALL, 0, 0), 2); // nobody sends the rest
    long sent = CALL(sendto, b, much, sizeof much, 0, 0, 0);             // nobody makes room
    CHECK(sent > 0 && sent < (long)sizeof much);
    CHECK_EQUAL(host_output_size[2], 0);
}

static void options_are_shown_again(void) {
    int value = 1;
    uint32_t size = sizeof value;
    long fd = CALL(socket, LINUX_AF_INET, STREAM, 0);
    CHECK_EQUAL(CALL(setsockopt, fd, LINUX_IPPROTO_TCP, LINUX_TCP_NODELAY, &value, 4), 0);
    value = 0;
    CHECK_EQUAL(CALL(getsockopt, fd, LINUX_IPPROTO_TCP, LINUX_TCP_NODELAY, &value, &size), 0);
    CHECK_EQUAL(value, 1);
    value = 5000;
    CALL(setsockopt, fd, 1, LINUX_SO_SNDBUF, &value, 4);
    CALL(getsockopt, fd, 1, LINUX_SO_SNDBUF, &value, &size);
    CHECK_EQUAL(value, 10000);
    CALL(getsockopt, fd, 1, LINUX_SO_TYPE, &value, &size);
    CHECK_EQUAL(value, STREAM);
    CHECK_EQUAL(CALL(setsockopt, fd, 1, 999, &value, 4), -ENOPROTOOPT);
    CHECK_EQUAL(CALL(setsockopt, fd, 999, 1, &value, 4), -ENOPROTOOPT);
    CHECK_EQUAL(CALL(getsockopt, 0, 1, 3, &value, &size), -ENOTSOCK);
    const struct row rows[] = {
        {"no such family", NR_socket, {17, STREAM, 0}, -EAFNOSUPPORT},
        {"no such type", NR_socket, {LINUX_AF_INET, 9, 0}, -ESOCKTNOSUPPORT},
        {"wrong protocol", NR_socket, {LINUX_AF_INET, STREAM, 17}, -EPROTONOSUPPORT},
        {"odd flags", NR_socket, {LINUX_AF_INET, STREAM | 0x100, 0}, -EINVAL},
        {"pair of TCP", NR_socketpair, {LINUX_AF_INET, STREAM, 0, (long)&value}, -EOPNOTSUPP},
        {"peer of nobody", NR_getpeername, {fd, (long)&value, (long)&size}, -ENOTCONN},
        {"shutdown of nobody", NR_shutdown, {fd, 1}, -ENOTCONN},
        {"receiving from nobody", NR_recvfrom, {fd, (long)&value, 1}, -ENOTCONN},
        {"bind of stdin", NR_bind, {0, (long)&value, 4}, -ENOTSOCK},
        {"bind of nothing", NR_bind, {60, (long)&value, 4}, -EBADF},
    };
    RUN_ROWS(rows);
}

static void the_interface_is_lo(void) {
    struct {
        uint32_t size;
        uint16_t type, flags;
        uint32_t sequence, pid;
        char family, pad[3];
    } request = {.size = 20, .type = 18, .flags = 0x301, .sequence = 9};
    unsigned char reply[512];
    long fd = CALL(socket, LINUX_AF_NETLINK, LINUX_SOCK_RAW | NONBLOCK, 0);
    CHECK_EQUAL(CALL(sendto, fd, &request, 20, 0, 0, 0), 20);
    long got = CALL(recvfrom, fd, reply, sizeof reply, 0, 0, 0);
    CHECK(got > 60);
    CHECK_EQUAL(reply[4], 16); // RTM_NEWLINK
    CHECK_EQUAL(reply[8], 9);
    CHECK_EQUAL(memcmp(reply + 36, "lo", 3), 0);
    CHECK_EQUAL(reply[got - 16], 3); // NLMSG_DONE
    CHECK_EQUAL(CALL(recvfrom, fd, reply, sizeof reply, 0, 0, 0), -EAGAIN);
    request.type = 24;
    CHECK_EQUAL(CALL(sendto, fd, &request, 20, 0, 0, 0), 20);
    CHECK_EQUAL(CALL(recvfrom, fd, reply, sizeof reply, 0, 0, 0), 36);
    CHECK_EQUAL(reply[4], 2); // NLMSG_ERROR
    CHECK_EQUAL(CALL(sendto, fd, &request, 4, 0, 0, 0), -EINVAL);
    struct {
        char name[16];
        int number, rest[5];
    } ifreq = {.name = "lo"};
    CHECK_EQUAL(CALL(ioctl, fd, 0x8933, &ifreq), 0);
    CHECK_EQUAL(ifreq.number, 1);
    ifreq.number = 2;
    CHECK_EQUAL(CALL(ioctl, fd, 0x8910, &ifreq), -ENODEV);
    CHECK_EQUAL(CALL(ioctl, fd, 0x5401, &ifreq), -ENOTTY);
}

int main(void) {
    RUN(the_interface_is_lo);
    RUN(a_server_and_its_client_talk);
    RUN(one_message_goes_out_to_who_has_closed);
    RUN(unread_bytes_reset_the_connection);
    RUN(what_came_before_a_reset_can_be_read);
    RUN(closing_a_listener_resets_who_waits);
    RUN(a_stream_is_bounded_and_drains);
    RUN(addresses_and_ports_are_kept_apart);
    RUN(ipv6_listeners_serve_ipv4);
    RUN(datagrams_keep_their_bounds_and_senders);
    RUN(datagrams_tell_their_hops_to_who_asks);
    RUN(parts_become_one_datagram);
    RUN(unix_sockets_meet_by_path_and_abstract_name);
    RUN(packets_are_whole);
    RUN(descriptors_travel_in_messages);
    RUN(timeouts_end_a_wait);
    RUN(a_stream_is_filled_where_all_is_wanted);
    RUN(options_are_shown_again);
    return finish();
}
