// socket(2), bind(2), listen(2), accept(2), connect(2), names, shutdown(2).
#include "sys/socket.h"
#include "host/attended.h"
#include "mm/memory.h"
#include "net/address.h"
#include "net/connect.h"
#include "net/inet.h"
#include "net/outer.h"
#include "net/outer_listen.h"
#include "net/outer_name.h"
#include "net/socket.h"
#include "net/unix.h"
#include "task/process.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "vfs/descriptor.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_socket.h>

#define BACKLOG_MOST 4096u // net.core.somaxconn
#define TYPE_FLAGS (LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC)

// 0 and the protocol, or the errno of a combination that does not exist here.
static int check_kind(int family, int type, int *protocol) {
    if (family == LINUX_AF_UNIX) {
        if (*protocol != 0 && *protocol != LINUX_AF_UNIX)
            return -EPROTONOSUPPORT;
        *protocol = 0;
        int known =
            type == LINUX_SOCK_STREAM || type == LINUX_SOCK_DGRAM || type == LINUX_SOCK_SEQPACKET;
        return known ? 0 : -ESOCKTNOSUPPORT;
    }
    if (family == LINUX_AF_NETLINK) {
        if (type != LINUX_SOCK_RAW && type != LINUX_SOCK_DGRAM)
            return -ESOCKTNOSUPPORT;
        return *protocol == 0 ? 0 : -EPROTONOSUPPORT; // NETLINK_ROUTE
    }
    if (family != LINUX_AF_INET && family != LINUX_AF_INET6)
        return -EAFNOSUPPORT;
    if (type == LINUX_SOCK_RAW)
        return current_cred()->euid == 0 ? -EPROTONOSUPPORT : -EPERM;
    if (type != LINUX_SOCK_STREAM && type != LINUX_SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    int own = type == LINUX_SOCK_STREAM ? LINUX_IPPROTO_TCP : LINUX_IPPROTO_UDP;
    if (*protocol == 0)
        *protocol = own;
    int lite = type == LINUX_SOCK_DGRAM && *protocol == LINUX_IPPROTO_UDPLITE;
    return *protocol == own || lite ? 0 : -EPROTONOSUPPORT;
}

static long install(struct socket *socket, int flags) {
    long fd = descriptor_for(&socket_ops, socket, flags & TYPE_FLAGS);
    if (fd < 0)
        socket_free(socket);
    return fd;
}

long sys_socket(int family, int type, int protocol) {
    int flags = type & ~LINUX_SOCK_TYPE;
    type &= LINUX_SOCK_TYPE;
    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    int error = check_kind(family, type, &protocol);
    if (error)
        return error;
    struct socket *socket = socket_new(family, type, protocol);
    return socket ? install(socket, flags) : -ENOBUFS;
}

long sys_socketpair(int family, int type, int protocol, int *fds) {
    int flags = type & ~LINUX_SOCK_TYPE;
    type &= LINUX_SOCK_TYPE;
    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    int error = check_kind(family, type, &protocol);
    if (error)
        return error;
    if (family != LINUX_AF_UNIX)
        return -EOPNOTSUPP;
    if (!fds || !user_range(fds, 2 * sizeof *fds))
        return -EFAULT;
    struct socket *a = socket_new(family, type, protocol);
    struct socket *b = a ? socket_new(family, type, protocol) : NULL;
    if (!b) {
        if (a)
            socket_free(a);
        return -ENOMEM;
    }
    socket_join(a, b);
    a->accepted = b->accepted = 1;
    long first = install(a, flags);
    if (first < 0) {
        socket_free(b);
        return first;
    }
    long second = install(b, flags);
    if (second < 0) {
        fd_close((int)first);
        return second;
    }
    fds[0] = (int)first;
    fds[1] = (int)second;
    return 0;
}

long sys_bind(int fd, const void *address, uint32_t size) {
    struct file *file;
    struct name name;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error || (error = socket_read_name(socket, address, size, &name)))
        return error;
    if (socket->family == LINUX_AF_NETLINK) {
        socket->local = name;
        return 0;
    }
    return socket->family == LINUX_AF_UNIX ? unix_bind(socket, &name) : inet_bind(socket, &name);
}

long sys_listen(int fd, int backlog) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (socket_is_datagram(socket))
        return -EOPNOTSUPP;
    if (socket->connected || (socket->family == LINUX_AF_UNIX && !socket->local.size))
        return -EINVAL;
    if (socket->family != LINUX_AF_UNIX && (error = inet_autobind(socket)))
        return error;
    if (!socket->listening)
        socket->shut = 0;
    socket->listening = 1;
    socket->backlog = (uint32_t)backlog > BACKLOG_MOST ? BACKLOG_MOST : (uint32_t)backlog;
    socket->peer_credentials =
        (struct linux_ucred){current->process->pid, current_cred()->euid, current_cred()->egid};
    if (socket->family != LINUX_AF_UNIX && !outer_listen(socket) && !socket->port_is_any)
        attended_listening(inet_port(socket), !outer_is_wildcard(&socket->local));
    return 0;
}

static int64_t deadline_after(int64_t timeout) {
    return timeout ? add_ns(clock_monotonic(), timeout) : INT64_MAX;
}

long sys_accept4(int fd, void *address, uint32_t *size, int flags) {
    struct file *file;
    struct socket *accepted;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    if ((error = fd_room())) // who waits to be let in goes on waiting
        return error;
    int64_t deadline = deadline_after(socket->receive_timeout);
    while ((error = socket_accept(socket, &accepted)) == -EAGAIN) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        if ((error = wait_file_until(file, LINUX_POLLIN, deadline)))
            return error;
    }
    if (error)
        return error;
    if (address && (error = socket_write_name(accepted, &accepted->remote, address, size))) {
        socket_free(accepted);
        return error;
    }
    return install(accepted, flags);
}

// The answer to a non-blocking TCP socket: the result waits in it.
static int in_progress(struct socket *socket, int result) {
    if (result != 0 && result != -ECONNREFUSED && result != -ETIMEDOUT)
        return result;
    socket->error = -result;
    socket->connecting = 1;
    socket->came++;
    return -EINPROGRESS;
}

// connect(2) again after EINPROGRESS.
static int end_of_connecting(struct socket *socket) {
    if (socket->reaching) {
        int result = outer_settle(socket);
        return result == -EINPROGRESS ? -EALREADY : result;
    }
    int error = socket->error ? socket->error : socket->connected ? 0 : ECONNABORTED;
    socket->connecting = 0;
    socket->error = 0;
    return -error;
}

// A signal or the end of the socket's patience leaves it under way.
static int wait_until_there(struct file *file, struct socket *socket) {
    int64_t deadline = deadline_after(socket->send_timeout);
    for (;;) {
        int error = outer_settle(socket);
        if (error != -EINPROGRESS)
            return error;
        error = wait_file_until(file, LINUX_POLLOUT, deadline);
        if (error)
            return error == -EAGAIN ? -EINPROGRESS : error;
    }
}

long sys_connect(int fd, const void *address, uint32_t size) {
    struct file *file;
    struct name name;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error || (error = socket_read_name(socket, address, size, &name)))
        return error;
    if (socket->connecting || socket->reaching)
        return end_of_connecting(socket);
    int waits = !(file->flags & O_NONBLOCK);
    error = socket_connect(socket, &name);
    if (socket->reaching)
        return waits ? wait_until_there(file, socket) : error;
    if (!waits && socket->family != LINUX_AF_UNIX && socket_is_stream(socket))
        return in_progress(socket, error);
    if (error == -EAGAIN && waits) {
        // The listener's queue is full, and only this program could accept: a wait nobody ends.
        error = wait_until(deadline_after(socket->send_timeout));
        return error ? error : -EAGAIN;
    }
    return error;
}

long sys_getsockname(int fd, void *address, uint32_t *size) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    return error ? error : socket_write_name(socket, &socket->local, address, size);
}

long sys_getpeername(int fd, void *address, uint32_t *size) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (socket->reaching)
        outer_settle(socket);
    if (!socket->connected || socket->is_reset)
        return -ENOTCONN;
    return socket_write_name(socket, &socket->remote, address, size);
}

long sys_shutdown(int fd, int how) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (how < LINUX_SHUT_RD || how > LINUX_SHUT_RDWR)
        return -EINVAL;
    int inet = socket->family != LINUX_AF_UNIX, bits = how + 1;
    if (socket->reaching)
        outer_settle(socket);
    if (inet && !socket->connected && !socket->listening)
        return -ENOTCONN;
    if (socket->listening && inet && how != LINUX_SHUT_WR) {
        socket_drop_pending(socket); // Linux: the listener goes back to being closed
        outer_unlisten(socket);
        socket->listening = 0;
    }
    socket->shut |= bits;
    socket->came++;
    if (socket->outside)
        outer_shutdown(socket, bits);
    struct socket *peer = socket_is_datagram(socket) ? NULL : socket->peer;
    if (peer) {
        if (bits & SHUT_SEND)
            peer->shut |= SHUT_RECEIVE;
        if ((bits & SHUT_RECEIVE) && !inet)
            peer->shut |= SHUT_SEND;
        peer->came++;
    }
    return 0;
}
