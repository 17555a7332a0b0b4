// setsockopt(2) and getsockopt(2).
//
// Options that tune a wire (keep-alive, TCP_NODELAY, TTL ..) are accepted, remembered and shown
// again: loopback inside one memory has no wire to tune.
#include "sys/socket_options.h"
#include "mm/memory.h"
#include "net/ancillary.h"
#include "net/outer.h"
#include "net/socket.h"
#include "time/clock.h"
#include "vfs/file.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { MULTICAST_FIRST = 32, MULTICAST_LAST = 49 }; // IP_MULTICAST_IF .. MCAST_MSFILTER

struct timeval64 {
    int64_t sec, usec;
};

static int store(struct socket *socket, int level, int name, int value) {
    struct option *option = (struct option *)socket_option(socket, level, name);
    if (!option) {
        if (socket->option_count == STORED_OPTIONS)
            return -ENOBUFS;
        option = &socket->options[socket->option_count++];
    }
    *option = (struct option){level, name, value};
    return 0;
}

// Linux doubles what it is asked for, and keeps it between bounds.
static uint32_t buffer_size(int value) {
    uint32_t wanted = value < 0 ? BUFFER_MOST : (uint32_t)value;
    if (wanted > BUFFER_MOST / 2)
        wanted = BUFFER_MOST / 2;
    return wanted * 2 < BUFFER_LEAST ? BUFFER_LEAST : wanted * 2;
}

static int set_timeout(int64_t *timeout, const void *value, uint32_t size, int old) {
    struct timeval64 time;
    if (old && size >= sizeof(struct linux_timeval)) {
        struct linux_timeval short_time;
        memcpy(&short_time, value, sizeof short_time);
        time = (struct timeval64){short_time.sec, short_time.usec};
    } else if (!old && size >= sizeof time) {
        memcpy(&time, value, sizeof time);
    } else {
        return -EINVAL;
    }
    if (time.usec < 0 || time.usec >= 1000000)
        return -EDOM;
    struct linux_timespec spec = {.sec = time.sec, .nsec = (int32_t)time.usec * 1000};
    if (time.sec < 0) {
        *timeout = 1; // Linux: times out at once
        return 0;
    }
    return timespec_ns(&spec, timeout);
}

static int set_socket_level(struct socket *socket, int name, const void *value, uint32_t size) {
    int number;
    if (name == LINUX_SO_RCVTIMEO || name == LINUX_SO_RCVTIMEO_OLD)
        return set_timeout(&socket->receive_timeout, value, size, name == LINUX_SO_RCVTIMEO_OLD);
    if (name == LINUX_SO_SNDTIMEO || name == LINUX_SO_SNDTIMEO_OLD)
        return set_timeout(&socket->send_timeout, value, size, name == LINUX_SO_SNDTIMEO_OLD);
    if (name == LINUX_SO_BINDTODEVICE) // to none: as it is
        return size == 0 || *(const char *)value == 0 ? 0 : -EPERM;
    if (size < sizeof number)
        return -EINVAL;
    memcpy(&number, value, sizeof number);
    switch (name) {
    case LINUX_SO_REUSEADDR:
        socket->reuse_address = number != 0;
        return 0;
    case LINUX_SO_REUSEPORT:
        socket->reuse_port = number != 0;
        return 0;
    case LINUX_SO_PASSCRED:
        if (socket->family != LINUX_AF_UNIX)
            return -EOPNOTSUPP;
        socket->pass_credentials = number != 0;
        return 0;
    case LINUX_SO_SNDBUF:
        socket->send_limit = buffer_size(number);
        return 0;
    case LINUX_SO_RCVBUF:
        socket->receive_limit = buffer_size(number);
        return 0;
    case LINUX_SO_LINGER:
        if (size < sizeof socket->linger)
            return -EINVAL;
        memcpy(&socket->linger, value, sizeof socket->linger);
        socket->linger.on = socket->linger.on != 0;
        return 0;
    case LINUX_SO_KEEPALIVE:
        outer_set_option(socket, BOXER_NET_OPTION_KEEPALIVE, number != 0);
        return store(socket, LINUX_SOL_SOCKET, name, number != 0);
    case LINUX_SO_DEBUG:
    case LINUX_SO_DONTROUTE:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_OOBINLINE:
        return store(socket, LINUX_SOL_SOCKET, name, number != 0);
    case LINUX_SO_PRIORITY:
    case LINUX_SO_RCVLOWAT:
    case LINUX_SO_MARK:
    case LINUX_SO_BUSY_POLL:
    case LINUX_SO_INCOMING_CPU:
        return store(socket, LINUX_SOL_SOCKET, name, number);
    default:
        return -ENOPROTOOPT;
    }
}

static int level_known(const struct socket *socket, int level) {
    if (socket->family == LINUX_AF_UNIX)
        return 0;
    return level == LINUX_IPPROTO_IP ||
           (level == LINUX_IPPROTO_IPV6 && socket->family == LINUX_AF_INET6) ||
           (level == LINUX_IPPROTO_TCP && socket_is_stream(socket)) ||
           (level == socket->protocol && socket_is_datagram(socket));
}

static int set_protocol_level(struct socket *socket, int level, int name, const void *value,
                              uint32_t size) {
    int number = 0;
    if (!level_known(socket, level) || name <= 0 || name > 80)
        return socket->family == LINUX_AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
    if (level == LINUX_IPPROTO_IP && size > sizeof number && name >= MULTICAST_FIRST &&
        name <= MULTICAST_LAST)
        return -ENODEV; // no multicast on this loopback
    if (size < 1 || (size < sizeof number && level != LINUX_IPPROTO_IP))
        return -EINVAL;
    memcpy(&number, value, size < sizeof number ? 1 : sizeof number);
    if (level == LINUX_IPPROTO_IPV6 && name == LINUX_IPV6_V6ONLY) {
        if (socket->local.size)
            return -EINVAL;
        socket->v6_only = number != 0;
        return 0;
    }
    int error = ancillary_check_option(level, name, number);
    return error ? error : store(socket, level, name, number);
}

long sys_setsockopt(int fd, int level, int name, const void *value, uint32_t size) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (size > INT32_MAX)
        return -EINVAL;
    if (size && (!value || !user_range(value, size)))
        return -EFAULT;
    return level == LINUX_SOL_SOCKET ? set_socket_level(socket, name, value, size)
                                     : set_protocol_level(socket, level, name, value, size);
}

static int get_number(struct socket *socket, int name, int *number) {
    const struct option *option;
    switch (name) {
    case LINUX_SO_TYPE:
        *number = socket->type;
        return 0;
    case LINUX_SO_DOMAIN:
        *number = socket->family;
        return 0;
    case LINUX_SO_PROTOCOL:
        *number = socket->protocol;
        return 0;
    case LINUX_SO_ACCEPTCONN:
        *number = socket->listening;
        return 0;
    case LINUX_SO_ERROR:
        *number = socket->outside ? outer_error(socket) : socket->error;
        socket->error = 0;
        return 0;
    case LINUX_SO_REUSEADDR:
        *number = socket->reuse_address;
        return 0;
    case LINUX_SO_REUSEPORT:
        *number = socket->reuse_port;
        return 0;
    case LINUX_SO_PASSCRED:
        *number = socket->pass_credentials;
        return 0;
    case LINUX_SO_SNDBUF:
        *number = (int)socket->send_limit;
        return 0;
    case LINUX_SO_RCVBUF:
        *number = (int)socket->receive_limit;
        return 0;
    case LINUX_SO_RCVLOWAT:
    case LINUX_SO_SNDLOWAT:
        *number = 1;
        return 0;
    case LINUX_SO_DEBUG:
    case LINUX_SO_DONTROUTE:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_KEEPALIVE:
    case LINUX_SO_OOBINLINE:
    case LINUX_SO_PRIORITY:
    case LINUX_SO_MARK:
    case LINUX_SO_BUSY_POLL:
    case LINUX_SO_INCOMING_CPU:
        option = socket_option(socket, LINUX_SOL_SOCKET, name);
        *number = option ? option->value : 0;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

// The defaults that programs look at; anything else reads as 0 until it was set.
static int default_of(int level, int name) {
    if (level == LINUX_IPPROTO_IP && name == 2) // IP_TTL
        return 64;
    if (level == LINUX_IPPROTO_IPV6 && (name == 16 || name == 18)) // hop limits
        return name == 16 ? 64 : 1;
    if (level == LINUX_IPPROTO_TCP && name == LINUX_TCP_MAXSEG)
        return 65483; // of loopback's MTU
    return 0;
}

static int give(const void *from, uint32_t have, void *value, uint32_t *size) {
    uint32_t part = have < *size ? have : *size;
    if (part && (!value || !user_range(value, part)))
        return -EFAULT;
    if (part)
        memcpy(value, from, part);
    *size = part;
    return 0;
}

static int give_timeout(int64_t timeout, int old, void *value, uint32_t *size) {
    struct timeval64 time = {timeout / NSEC_PER_SEC, timeout % NSEC_PER_SEC / 1000};
    struct linux_timeval short_time = {(long)time.sec, (long)time.usec};
    return old ? give(&short_time, sizeof short_time, value, size)
               : give(&time, sizeof time, value, size);
}

static int get_socket_level(struct socket *socket, int name, void *value, uint32_t *size) {
    int number, error;
    switch (name) {
    case LINUX_SO_RCVTIMEO:
    case LINUX_SO_RCVTIMEO_OLD:
        return give_timeout(socket->receive_timeout, name == LINUX_SO_RCVTIMEO_OLD, value, size);
    case LINUX_SO_SNDTIMEO:
    case LINUX_SO_SNDTIMEO_OLD:
        return give_timeout(socket->send_timeout, name == LINUX_SO_SNDTIMEO_OLD, value, size);
    case LINUX_SO_LINGER:
        return give(&socket->linger, sizeof socket->linger, value, size);
    case LINUX_SO_BINDTODEVICE: // none
        return give(NULL, 0, value, size);
    case LINUX_SO_PEERCRED:
        if (!socket->peer_credentials.pid)
            return give(&(struct linux_ucred){0, UINT32_MAX, UINT32_MAX},
                        sizeof(struct linux_ucred), value, size);
        return give(&socket->peer_credentials, sizeof socket->peer_credentials, value, size);
    default:
        error = get_number(socket, name, &number);
        return error ? error : give(&number, sizeof number, value, size);
    }
}

long sys_getsockopt(int fd, int level, int name, void *value, uint32_t *size) {
    struct file *file;
    int error;
    struct socket *socket = socket_of(fd, &file, &error);
    if (error)
        return error;
    if (!size || !user_range(size, sizeof *size))
        return -EFAULT;
    if (*size > INT32_MAX)
        return -EINVAL;
    if (level == LINUX_SOL_SOCKET)
        return get_socket_level(socket, name, value, size);
    if (!level_known(socket, level) || name <= 0 || name > 80)
        return socket->family == LINUX_AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
    const struct option *option = socket_option(socket, level, name);
    int number =
        option ? ancillary_shown_option(level, name, option->value) : default_of(level, name);
    if (level == LINUX_IPPROTO_IPV6 && name == LINUX_IPV6_V6ONLY)
        number = socket->v6_only;
    return give(&number, sizeof number, value, size);
}
