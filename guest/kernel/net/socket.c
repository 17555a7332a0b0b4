// Sockets as objects and as files.
#include "net/socket.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "net/connect.h"
#include "net/corked.h"
#include "net/dns.h"
#include "net/netlink.h"
#include "net/outer.h"
#include "net/queue.h"
#include "net/unix.h"
#include "outside/outside.h"
#include "task/process.h"
#include "task/task.h"
#include "time/clock.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_socket.h>

#define FIONREAD 0x541bu
#define SIOCOUTQ 0x5411u

KERNEL_STATE struct socket *all_sockets;

struct socket *socket_new(int family, int type, int protocol) {
    struct socket *socket = kzalloc(sizeof *socket);
    if (!socket)
        return NULL;
    socket->family = family;
    socket->type = type;
    socket->protocol = protocol;
    socket->send_limit = socket->receive_limit = BUFFER_DEFAULT;
    socket->next = all_sockets;
    if (all_sockets)
        all_sockets->previous = socket;
    all_sockets = socket;
    return socket;
}

int socket_is_stream(const struct socket *socket) {
    return socket->type == LINUX_SOCK_STREAM;
}

int socket_is_datagram(const struct socket *socket) {
    return socket->type == LINUX_SOCK_DGRAM || socket->type == LINUX_SOCK_RAW;
}

void socket_join(struct socket *a, struct socket *b) {
    a->peer = b;
    b->peer = a;
    a->connected = b->connected = 1;
    a->peer_credentials = b->peer_credentials =
        (struct linux_ucred){current->process->pid, current_cred()->euid, current_cred()->egid};
}

size_t socket_room(const struct socket *from, const struct socket *to) {
    size_t limit = from->send_limit < to->receive_limit ? from->send_limit : to->receive_limit;
    return to->queued < limit ? limit - to->queued : 0;
}

// socket(7): with SO_LINGER of no time, close resets the connection.
static int aborts(const struct socket *socket) {
    return socket->family != LINUX_AF_UNIX && socket->linger.on && socket->linger.seconds == 0;
}

// The other end of a connection learns that this one is gone.
static void leave(struct socket *socket, struct socket *peer) {
    if (socket_is_datagram(peer)) {
        if (socket->family == LINUX_AF_UNIX)
            peer->error = ECONNREFUSED;
    } else {
        peer->shut |= socket->family == LINUX_AF_UNIX ? SHUT_BOTH : SHUT_RECEIVE;
        // Bytes that were sent and never read: the sender must not believe they arrived.
        if (socket->first || !socket->accepted || aborts(socket)) {
            peer->error = ECONNRESET;
            peer->shut = SHUT_BOTH;
            peer->is_reset = 1;
        }
    }
    peer->peer = NULL;
    peer->came++;
    peer->left++;
}

// A datagram socket may be the peer of many.
static void leave_all(struct socket *socket) {
    if (!socket_is_datagram(socket) && socket->peer)
        leave(socket, socket->peer);
    for (struct socket *other = all_sockets; other && socket_is_datagram(socket);
         other = other->next)
        if (other->peer == socket)
            leave(socket, other);
}

const struct option *socket_option(const struct socket *socket, int level, int name) {
    for (unsigned i = 0; i < socket->option_count; i++)
        if (socket->options[i].level == level && socket->options[i].name == name)
            return &socket->options[i];
    return NULL;
}

void socket_free(struct socket *socket) {
    socket_drop_pending(socket);
    outer_close(socket);
    dns_forget(socket);
    struct socket *server = socket->peer && socket->peer->serves_names ? socket->peer : NULL;
    leave_all(socket);
    socket_drop_queue(socket);
    cork_drop(socket);
    unix_unbind(socket);
    if (socket->previous)
        socket->previous->next = socket->next;
    else
        all_sockets = socket->next;
    if (socket->next)
        socket->next->previous = socket->previous;
    kfree(socket);
    if (server) // nobody else knows it
        socket_free(server);
}

struct socket *socket_of(int fd, struct file **file, int *error) {
    *file = fd_file(fd);
    *error = !*file ? -EBADF : (*file)->ops != &socket_ops ? -ENOTSOCK : 0;
    return *error ? NULL : (*file)->private_data;
}

static long file_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct linux_iovec vector = {buffer, size};
    struct message message = {.vectors = &vector, .count = 1, .size = size};
    struct socket *socket = file->private_data;
    (void)pos;
    if (size == 0 && socket_is_stream(socket))
        return 0;
    long result = socket_receive(socket, &message);
    for (unsigned i = 0; i < message.file_count; i++)
        file_put(message.files[i]); // read(2) cannot hand over descriptors: they are dropped
    kfree(message.files);
    return result;
}

static long file_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct linux_iovec vector = {(void *)buffer, size};
    struct message message = {.vectors = &vector, .count = 1, .size = size};
    (void)pos;
    return socket_send(file->private_data, &message);
}

static unsigned file_poll(struct file *file) {
    return socket_poll(file->private_data);
}

static int file_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    struct socket *socket = file->private_data;
    int value;
    if (request == FIONREAD) {
        if (socket->listening)
            return -EINVAL;
        // A stream's bytes; of datagrams the first.
        value = socket->outside            ? (int)outer_queued(socket)
                : socket_is_stream(socket) ? (int)socket->queued
                : socket->first            ? (int)socket->first->size
                                           : 0;
    } else if (request == SIOCOUTQ) {
        value = socket->peer ? (int)socket->peer->queued : 0;
    } else {
        return netdevice_ioctl(request, argument);
    }
    if (!argument || !user_range((void *)argument, sizeof value))
        return -EFAULT;
    *(int *)argument = value;
    return 0;
}

static uint32_t file_mode(struct file *file) {
    (void)file;
    return S_IFSOCK | 0777;
}

static int64_t file_patience(struct file *file, int writing) {
    const struct socket *socket = file->private_data;
    int64_t timeout = writing ? socket->send_timeout : socket->receive_timeout;
    return timeout ? add_ns(clock_monotonic(), timeout) : INT64_MAX;
}

static uint32_t file_activity(struct file *file) {
    struct socket *socket = file->private_data;
    uint32_t activity = socket->came + socket->left + (socket->outside ? socket->outside->came : 0);
    for (unsigned i = 0; i < socket->door_count; i++)
        activity += socket->doors[i]->came;
    return activity;
}

static int file_host_descriptor(struct file *file) {
    const struct socket *socket = file->private_data;
    const struct outside *outside = socket->door_count ? socket->doors[0] : socket->outside;
    if (socket->asking || (socket->peer && socket->peer->asking))
        return outside_control();
    return outside ? outside_awaited(outside) : -1;
}

static int file_has_door(struct file *file) {
    const struct socket *socket = file->private_data;
    return socket->listening && socket->door_count;
}

static void file_release(struct file *file) {
    if (file->private_data)
        socket_free(file->private_data);
}

const struct file_ops socket_ops = {
    .read = file_read,
    .write = file_write,
    .ioctl = file_ioctl,
    .poll = file_poll,
    .mode = file_mode,
    .activity = file_activity,
    .host_descriptor = file_host_descriptor,
    .has_door = file_has_door,
    .patience = file_patience,
    .release = file_release,
};
