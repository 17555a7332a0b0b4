// sendto(2), recvfrom(2), sendmsg(2), recvmsg(2) and their many-message forms.
#include "sys/messages.h"
#include "mm/memory.h"
#include "net/address.h"
#include "net/control.h"
#include "net/queue.h"
#include "net/socket.h"
#include "sys/poll.h"
#include "time/clock.h"
#include "vfs/file.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_socket.h>
#include <boxer/linux_time.h>

// The sum of the vectors, each checked; -EMSGSIZE, -EFAULT, or -EINVAL over the machine word.
static long vectors_size(const struct linux_iovec *vectors, size_t count) {
    size_t total = 0;
    if (count > LINUX_IOV_MAX)
        return -EMSGSIZE;
    if (count && !user_range(vectors, count * sizeof *vectors))
        return -EFAULT;
    for (size_t i = 0; i < count; i++) {
        if (vectors[i].size > (size_t)INT32_MAX - total)
            return -EINVAL;
        if (vectors[i].size && (!vectors[i].base || !user_range(vectors[i].base, vectors[i].size)))
            return -EFAULT;
        total += vectors[i].size;
    }
    return (long)total;
}

static int64_t deadline_after(int64_t timeout) {
    return timeout ? add_ns(clock_monotonic(), timeout) : INT64_MAX;
}

static int waits(const struct file *file, const struct message *message) {
    return !(file->flags & O_NONBLOCK) && !(message->flags & LINUX_MSG_DONTWAIT);
}

// One vector into a stream goes on until all is in; once some is, the call does not fail.
static long send_waiting(struct file *file, struct socket *socket, struct message *message) {
    int64_t deadline = INT64_MAX;
    struct linux_iovec rest;
    long done = 0;
    message->waits = waits(file, message);
    int whole = waits(file, message) && socket_is_stream(socket) && message->count == 1 &&
                message->file_count == 0;
    if (whole) {
        rest = message->vectors[0];
        message->vectors = &rest;
    }
    for (int first = 1;; first = 0) {
        long result = socket_send(socket, message);
        if (whole && result > 0 && (size_t)result < rest.size) {
            done += result;
            rest = (struct linux_iovec){(char *)rest.base + result, rest.size - (size_t)result};
            message->size = rest.size;
            continue;
        }
        if (result != -EAGAIN || !waits(file, message))
            return result < 0 && done ? done : result < 0 ? result : done + result;
        if (first)
            deadline = deadline_after(socket->send_timeout);
        int error = done ? wait_more(file, LINUX_POLLOUT, deadline)
                         : wait_file_until(file, LINUX_POLLOUT, deadline);
        if (error)
            return done ? done : error;
    }
}

// MSG_WAITALL: one vector from a stream is filled, up to the end, descriptors or an error.
static long receive_waiting(struct file *file, struct socket *socket, struct message *message) {
    int64_t deadline = INT64_MAX;
    struct linux_iovec rest;
    long done = 0;
    message->waits = waits(file, message);
    int whole = (message->flags & LINUX_MSG_WAITALL) && !(message->flags & LINUX_MSG_PEEK) &&
                waits(file, message) && socket_is_stream(socket) && message->count == 1;
    if (whole) {
        rest = message->vectors[0];
        message->vectors = &rest;
    }
    for (int first = 1;; first = 0) {
        long result = socket_receive(socket, message);
        if (whole && result > 0 && (size_t)result < rest.size && !message->file_count) {
            done += result;
            rest = (struct linux_iovec){(char *)rest.base + result, rest.size - (size_t)result};
            message->size = rest.size;
            continue;
        }
        if (result != -EAGAIN || !waits(file, message))
            return result < 0 && done ? done : result < 0 ? result : done + result;
        if (first)
            deadline = deadline_after(socket->receive_timeout);
        int error = done ? wait_more(file, LINUX_POLLIN, deadline)
                         : wait_file_until(file, LINUX_POLLIN, deadline);
        if (error)
            return done ? done : error;
    }
}

long sys_sendto(int fd, const void *data, size_t size, int flags, const void *address,
                uint32_t address_size) {
    struct file *file;
    struct name name;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    struct linux_iovec vector = {(void *)data, size};
    long total = vectors_size(&vector, 1);
    if (total < 0)
        return total;
    struct message message = {.vectors = &vector, .count = 1, .size = size, .flags = flags};
    if (address) {
        if ((error = socket_read_name(socket, address, address_size, &name)))
            return error;
        message.name = &name;
    }
    return send_waiting(file, socket, &message);
}

// The sender's name as the receiver sees it: IPv4 senders of an IPv6 socket are mapped already.
static int give_name(struct socket *socket, struct message *message, void *address,
                     uint32_t *size) {
    if (!address)
        return 0;
    if (!socket_is_datagram(socket) && socket->family != LINUX_AF_UNIX) {
        *size = 0; // TCP names nobody
        return 0;
    }
    if (!message->from.size) {
        *size = 0;
        return 0;
    }
    return socket_write_name(socket, &message->from, address, size);
}

long sys_recvfrom(int fd, void *data, size_t size, int flags, void *address,
                  uint32_t *address_size) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    struct linux_iovec vector = {data, size};
    long total = vectors_size(&vector, 1);
    if (total < 0)
        return total;
    if (address && (!address_size || !user_range(address_size, sizeof *address_size)))
        return -EFAULT;
    struct message message = {.vectors = &vector, .count = 1, .size = size, .flags = flags};
    long result = receive_waiting(file, socket, &message);
    message_drop_files(&message);
    if (result >= 0 && (error = give_name(socket, &message, address, address_size)))
        return error;
    return result;
}

long sys_sendmsg(int fd, const struct linux_msghdr *header, int flags) {
    struct file *file;
    struct name name;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (!header || !user_range(header, sizeof *header))
        return -EFAULT;
    long size = vectors_size(header->vectors, header->count);
    if (size < 0)
        return size;
    struct message message = {
        .vectors = header->vectors, .count = header->count, .size = (size_t)size, .flags = flags};
    if (header->name && header->name_size) {
        if ((error = socket_read_name(socket, header->name, header->name_size, &name)))
            return error;
        message.name = &name;
    }
    if ((error = control_read(socket, header, &message)))
        return error;
    long result = send_waiting(file, socket, &message);
    message_drop_files(&message); // what was not taken over
    return result;
}

long sys_recvmsg(int fd, struct linux_msghdr *header, int flags) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (!header || !user_range(header, sizeof *header))
        return -EFAULT;
    long size = vectors_size(header->vectors, header->count);
    if (size < 0)
        return size;
    if (header->control_size && !user_range(header->control, header->control_size))
        return -EFAULT;
    struct message message = {
        .vectors = header->vectors, .count = header->count, .size = (size_t)size, .flags = flags};
    long result = receive_waiting(file, socket, &message);
    if (result < 0)
        return result;
    if (header->name) {
        error = give_name(socket, &message, header->name, &header->name_size);
        if (error) {
            message_drop_files(&message);
            return error;
        }
    } else {
        header->name_size = 0;
    }
    control_write(socket, header, &message);
    message_drop_files(&message); // what found no room
    header->flags = message.out_flags;
    return result;
}

long sys_sendmmsg(int fd, struct linux_mmsghdr *messages, unsigned count, int flags) {
    if (count > LINUX_IOV_MAX)
        count = LINUX_IOV_MAX;
    if (count && !user_range(messages, count * sizeof *messages))
        return -EFAULT;
    for (unsigned i = 0; i < count; i++) {
        long result = sys_sendmsg(fd, &messages[i].header, flags);
        if (result < 0)
            return i ? (long)i : result;
        messages[i].size = (uint32_t)result;
    }
    return count;
}

// The timeout is looked at between messages, as on Linux (recvmmsg(2), BUGS).
long sys_recvmmsg(int fd, struct linux_mmsghdr *messages, unsigned count, int flags,
                  const struct linux_timespec *timeout) {
    int64_t deadline;
    int error = poll_deadline(timeout, &deadline);
    if (error)
        return error;
    if (count > LINUX_IOV_MAX)
        count = LINUX_IOV_MAX;
    if (count && !user_range(messages, count * sizeof *messages))
        return -EFAULT;
    for (unsigned i = 0; i < count; i++) {
        long result = sys_recvmsg(fd, &messages[i].header, flags & ~LINUX_MSG_WAITFORONE);
        if (result < 0)
            return i ? (long)i : result;
        messages[i].size = (uint32_t)result;
        if (flags & LINUX_MSG_WAITFORONE)
            flags |= LINUX_MSG_DONTWAIT;
        if (deadline != INT64_MAX && clock_monotonic() >= deadline)
            return i + 1;
    }
    return count;
}
