// Socket addresses at the caller's side.
#include "net/address.h"
#include "mm/memory.h"
#include "net/inet.h"
#include "net/socket.h"
#include "net/unix.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

#define NETLINK_NAME 12u // sizeof(struct sockaddr_nl)

int socket_read_name(struct socket *socket, const void *address, uint32_t size, struct name *name) {
    if (size > 128) // sizeof(struct sockaddr_storage)
        return -EINVAL;
    if (!address || !user_range(address, size))
        return size ? -EFAULT : -EINVAL;
    if (socket->family == LINUX_AF_NETLINK) {
        *name = (struct name){.size = NETLINK_NAME};
        memcpy(&name->un, address, size < NETLINK_NAME ? size : NETLINK_NAME);
        return size < NETLINK_NAME ? -EINVAL : 0;
    }
    return socket->family == LINUX_AF_UNIX ? unix_name(address, size, name)
                                           : inet_name(socket, address, size, name);
}

// An unnamed AF_UNIX end shows its family alone.
int socket_write_name(const struct socket *socket, const struct name *name, void *address,
                      uint32_t *size) {
    if (!size || !user_range(size, sizeof *size))
        return -EFAULT;
    uint32_t room = *size;
    struct name unnamed = {.size = sizeof unnamed.family};
    unnamed.family = (uint16_t)socket->family;
    if (socket->family == LINUX_AF_INET) // unbound: the wildcard, port 0
        unnamed.size = sizeof unnamed.in;
    else if (socket->family != LINUX_AF_UNIX)
        unnamed.size = socket->family == LINUX_AF_INET6 ? sizeof unnamed.in6 : NETLINK_NAME;
    if (name->size == 0)
        name = &unnamed;
    if (room > INT32_MAX)
        return -EINVAL;
    uint32_t part = name->size < room ? name->size : room;
    if (part && (!address || !user_range(address, part)))
        return -EFAULT;
    if (part)
        memcpy(address, &name->un, part);
    *size = name->size;
    return 0;
}
