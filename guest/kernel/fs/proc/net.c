// /proc/PID/net: the interface lo, and the machine's sockets, as proc_pid_net(5) shows them.
//
// Invariant: a socket's inode number is what /proc/PID/fd and fstat(2) say of it, 0 of one without
// a descriptor.
#include "fs/proc/net.h"
#include "fs/proc/proc.h"
#include "fs/proc/text.h"
#include "net/queue.h"
#include "net/socket.h"

#include <boxer/linux_socket.h>
#include <string.h>

// The states of TCP (tcp_states.h), which datagrams borrow.
enum { ESTABLISHED = 1, SYN_SENT = 2, FIN_WAIT2 = 5, CLOSE = 7, CLOSE_WAIT = 8, LISTEN = 10 };

static void show_dev(struct text *text) {
    text_print(text,
               "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast|bytes"
               "    packets errs drop fifo colls carrier compressed\n"
               "    lo: %u %u 0 0 0 0 0 0 %u %u 0 0 0 0 0 0\n",
               loopback[0].bytes, U(loopback[0].calls), loopback[1].bytes, U(loopback[1].calls));
}

static uint64_t swapped(uint16_t port) {
    return U(port >> 8 | (port & 0xff) << 8);
}

static void add_name(struct text *text, const struct name *name, int family) {
    static const struct name none;
    uint32_t words[4] = {0};
    if (!name->size)
        name = &none;
    int count = family == LINUX_AF_INET ? 1 : 4;
    memcpy(words, count == 1 ? (const void *)&name->in.address : (const void *)&name->in6.address,
           (size_t)count * sizeof *words);
    for (int i = 0; i < count; i++)
        text_print(text, "%08X", U(words[i]));
    text_print(text, ":%04X ", swapped(name->in.port));
}

static int state_of(const struct socket *socket) {
    if (socket->listening)
        return LISTEN;
    if (socket->reaching || socket->connecting)
        return SYN_SENT;
    if (!socket->connected || socket->shut == SHUT_BOTH)
        return CLOSE;
    if (socket->shut && !socket_is_datagram(socket))
        return socket->shut == SHUT_SEND ? FIN_WAIT2 : CLOSE_WAIT;
    return ESTABLISHED;
}

static uint64_t number_of(const struct socket *socket) {
    for (const struct socket *one = all_sockets; one; one = one->next)
        for (const struct socket *waits = one->pending; waits; waits = waits->pending_next)
            if (waits == socket)
                return 0; // it has no descriptor yet
    return (uintptr_t)socket;
}

static void show_inet(struct text *text, int family, int type) {
    int number = 0;
    text_print(text, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
                     "   uid  timeout inode\n");
    for (const struct socket *socket = all_sockets; socket; socket = socket->next) {
        if (socket->family != family || socket->type != type || socket->serves_names ||
            !socket->local.size)
            continue;
        text_print(text, "%4u: ", U(number++));
        add_name(text, &socket->local, family);
        add_name(text, &socket->remote, family);
        text_print(text, "%02X %08X:%08X 00:00000000 00000000 %5u 0 %u 1 0\n", U(state_of(socket)),
                   U(socket->peer && socket_is_stream(socket) ? socket->peer->queued : 0),
                   U(socket->listening ? socket->pending_count : socket->queued), U(0),
                   number_of(socket));
    }
}

static void show_tcp(struct text *text) {
    show_inet(text, LINUX_AF_INET, LINUX_SOCK_STREAM);
}

static void show_tcp6(struct text *text) {
    show_inet(text, LINUX_AF_INET6, LINUX_SOCK_STREAM);
}

static void show_udp(struct text *text) {
    show_inet(text, LINUX_AF_INET, LINUX_SOCK_DGRAM);
}

static void show_udp6(struct text *text) {
    show_inet(text, LINUX_AF_INET6, LINUX_SOCK_DGRAM);
}

// Of a name in the abstract namespace each NUL is shown as `@`.
static void add_unix_name(struct text *text, const struct name *name) {
    const char *path = name->un.path;
    size_t most = name->size > sizeof name->un.family ? name->size - sizeof name->un.family : 0;
    if (most)
        text_add(text, " ", 1);
    for (size_t i = 0; i < most && (path[i] || !path[0]); i++)
        text_add(text, path[i] ? &path[i] : "@", 1);
}

static void show_unix(struct text *text) {
    text_print(text, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    for (const struct socket *socket = all_sockets; socket; socket = socket->next) {
        if (socket->family != LINUX_AF_UNIX)
            continue;
        text_print(text, "%08x: 00000002 00000000 %08X %04X %02X %5u", U((uintptr_t)socket),
                   U(socket->listening ? 0x10000 : 0), U(socket->type),
                   U(socket->connected ? 3 : 1), number_of(socket));
        add_unix_name(text, &socket->local);
        text_print(text, "\n");
    }
}

const struct proc_entry proc_net[] = {
    PROC_TEXT("arp", "IP address       HW type     Flags       HW address            Mask     "
                     "Device\n"),
    PROC_FILE("dev", show_dev),
    PROC_TEXT("if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n"),
    PROC_TEXT("route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\t"
                       "Window\tIRTT\n"),
    PROC_FILE("tcp", show_tcp),
    PROC_FILE("tcp6", show_tcp6),
    PROC_FILE("udp", show_udp),
    PROC_FILE("udp6", show_udp6),
    PROC_FILE("unix", show_unix),
    PROC_END,
};
