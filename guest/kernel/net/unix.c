// Names of AF_UNIX sockets: paths, abstract names, none.
//
// Invariants
// 1. A path's socket is found by the inode that bind made; the socket keeps a reference, so an
//    inode's address is never reused while a socket is bound to it.
// 2. Abstract names are compared as bytes with their length.
#include "net/unix.h"
#include "net/node.h"
#include "net/socket.h"
#include "vfs/inode.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

#define HEAD offsetof(struct linux_sockaddr_un, path)

static KERNEL_STATE uint32_t next_auto;

static int is_path(const struct name *name) {
    return name->size > HEAD && name->un.path[0];
}

int unix_name(const void *address, uint32_t size, struct name *name) {
    uint16_t family;
    if (size < sizeof family || size > sizeof name->un)
        return -EINVAL;
    memcpy(&family, address, sizeof family);
    *name = (struct name){0};
    memcpy(&name->un, address, size);
    name->size = size;
    if (family == LINUX_AF_UNSPEC)
        return 0;
    if (family != LINUX_AF_UNIX)
        return -EINVAL;
    if (is_path(name)) {
        size_t length = 0;
        while (length < size - HEAD && name->un.path[length])
            length++;
        if (length == LINUX_UNIX_PATH_MAX)
            return -ENAMETOOLONG; // no room for the NUL that the file system wants
        memset(name->un.path + length, 0, sizeof name->un.path - length);
        name->size = (uint32_t)(HEAD + length + 1);
    }
    return 0;
}

static struct socket *find_abstract(const struct name *name) {
    for (struct socket *other = all_sockets; other; other = other->next)
        if (other->family == LINUX_AF_UNIX && other->local.size == name->size && !other->inode &&
            (other->listening || socket_is_datagram(other) || !other->connected) &&
            memcmp(&other->local.un, &name->un, name->size) == 0)
            return other;
    return NULL;
}

// unix(7): an address of the family alone binds to an abstract name of five hexadecimal digits.
static int autobind(struct socket *socket) {
    static const char digits[] = "0123456789abcdef";
    for (uint32_t tries = 0; tries < 1u << 20; tries++) {
        struct name name = {.size = HEAD + 6};
        name.un.family = LINUX_AF_UNIX;
        uint32_t number = next_auto++ & 0xfffff;
        for (int i = 5; i > 0; i--, number >>= 4)
            name.un.path[i] = digits[number & 15];
        if (!find_abstract(&name)) {
            socket->local = name;
            return 0;
        }
    }
    return -ENOSPC;
}

int unix_bind(struct socket *socket, const struct name *name) {
    if (name->family != LINUX_AF_UNIX)
        return -EINVAL;
    if (socket->local.size)
        return -EINVAL;
    if (name->size == HEAD)
        return autobind(socket);
    if (is_path(name)) {
        int error = fs_socket_create(name->un.path, &socket->inode);
        if (error)
            return error == -EEXIST ? -EADDRINUSE : error;
    } else if (find_abstract(name)) {
        return -EADDRINUSE;
    }
    socket->local = *name;
    return 0;
}

int unix_find(const struct socket *from, const struct name *to, struct socket **found) {
    struct socket *other;
    if (to->family != LINUX_AF_UNIX || to->size <= HEAD)
        return -EINVAL;
    if (is_path(to)) {
        struct inode *inode;
        int error = fs_socket_find(to->un.path, &inode);
        if (error)
            return error;
        for (other = all_sockets; other && other->inode != inode; other = other->next)
            ;
        fs_socket_release(inode);
    } else {
        other = find_abstract(to);
    }
    if (!other)
        return -ECONNREFUSED;
    if (other->type != from->type)
        return -EPROTOTYPE;
    *found = other;
    return 0;
}

void unix_unbind(struct socket *socket) {
    if (socket->inode)
        fs_socket_release(socket->inode);
    socket->inode = NULL;
}
