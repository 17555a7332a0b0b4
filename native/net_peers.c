// Names, ports and connections of a network of boxes: files and sockets in its folder.
#define _GNU_SOURCE
#include "net_peers.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// A listener's queue is the system's; a connection that finds it full is refused at once, where
// TCP would try again.
enum { QUEUE = 4096, FIRST_PORT = 32768, LAST_PORT = 60999, TRIES = 256, LONGEST_PATH = 64 };
static const char MARK[] = "boxer-peer";

int peers_begin(struct net_peers *peers, const struct boxer_network *network) {
    for (uint32_t i = 0; network && i < network->membership_count; i++) {
        const struct boxer_membership *given = &network->memberships[i];
        if (i == MOST_NETWORKS || given->prefix < 1 || given->prefix > 32)
            return -1;
        peers->of[i] = *given;
        peers->of[i].name = peers->names[i];
        peers->of[i].folder = fcntl(given->folder, F_DUPFD_CLOEXEC, 0);
        if (peers->of[i].folder < 0)
            return -1;
        peers->count = i + 1;
        snprintf(peers->names[i], sizeof peers->names[i], "%s", given->name);
    }
    return 0;
}

void peers_end(struct net_peers *peers) {
    while (peers->count)
        close(peers->of[--peers->count].folder);
}

static void text_of(const uint8_t address[4], char text[INET_ADDRSTRLEN]) {
    snprintf(text, INET_ADDRSTRLEN, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
}

static uint32_t number_of(const uint8_t address[4]) {
    return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
           address[3];
}

// As IPv4, also one in an IPv6 address. 0, or -1.
int peers_as_ipv4(const struct endpoint *endpoint, uint8_t address[4]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (endpoint->family == 4)
        memcpy(address, endpoint->address, 4);
    else if (endpoint->family == 6 && memcmp(endpoint->address, mapped, sizeof mapped) == 0)
        memcpy(address, endpoint->address + 12, 4);
    else
        return -1;
    return 0;
}

const struct boxer_membership *peers_of(const struct net_peers *peers,
                                        const struct endpoint *endpoint) {
    uint8_t address[4];
    if (peers_as_ipv4(endpoint, address) < 0)
        return NULL;
    for (uint32_t i = 0; i < peers->count; i++) {
        const struct boxer_membership *own = &peers->of[i];
        uint32_t other = number_of(own->address) ^ number_of(address);
        if (!(other >> (32 - own->prefix)))
            return own;
    }
    return NULL;
}

// Whether a process holds the lock of an address: as src/boxer/blobstore/holding.py takes it.
static int lives(int folder, const char *address) {
    char path[LONGEST_PATH];
    snprintf(path, sizeof path, "%s/lock", address);
    int fd = openat(folder, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return 0;
    struct flock probe = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int held = fcntl(fd, F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
    close(fd);
    return held;
}

static int is_plain(const char *name) {
    return *name && *name != '.' && !strchr(name, '/') && strlen(name) <= LONGEST_NAME;
}

static size_t find_in(const struct boxer_membership *own, const char *name, struct endpoint *found,
                      size_t most) {
    char path[LONGEST_NAME + 8];
    size_t count = 0;
    snprintf(path, sizeof path, "names/%s", name);
    int fd = openat(own->folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; count < most && (entry = readdir(folder));) {
        struct endpoint one = {.family = 4};
        char address[INET_ADDRSTRLEN];
        if (inet_pton(AF_INET, entry->d_name, one.address) != 1)
            continue;
        text_of(one.address, address);
        if (lives(own->folder, address))
            found[count++] = one;
    }
    closedir(folder);
    return count;
}

size_t peers_find(const struct net_peers *peers, const char *name, struct endpoint *found,
                  size_t most) {
    size_t count = 0;
    for (uint32_t i = 0; is_plain(name) && i < peers->count; i++)
        count += find_in(&peers->of[i], name, found + count, most - count);
    return count;
}

int peers_name(const struct net_peers *peers, const struct endpoint *endpoint, char *name) {
    const struct boxer_membership *own = peers_of(peers, endpoint);
    char address[INET_ADDRSTRLEN], path[LONGEST_PATH];
    uint8_t bytes[4];
    if (!own || peers_as_ipv4(endpoint, bytes) < 0)
        return -1;
    text_of(bytes, address);
    snprintf(path, sizeof path, "%s/name", address);
    int fd = lives(own->folder, address)
                 ? openat(own->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                 : -1;
    if (fd < 0)
        return -1;
    ssize_t size = read(fd, name, LONGEST_NAME);
    close(fd);
    name[size > 0 ? size : 0] = 0;
    return is_plain(name) ? 0 : -1;
}

// By way of the descriptor: a socket's path is short, and a folder's need not be.
void peers_place(const struct boxer_membership *own, const uint8_t address[4], const char *kind,
                 uint16_t port, struct sockaddr_un *place) {
    char text[INET_ADDRSTRLEN];
    text_of(address, text);
    *place = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(place->sun_path, sizeof place->sun_path, "/proc/self/fd/%d/%s/%s%u", own->folder, text,
             kind, port);
}

// The end of who connects has a name, by which the other one knows its address and port. No other
// socket of the host has it at that time; nobody can connect to it.
static int bind_own(int fd, const struct boxer_membership *own) {
    static _Atomic uint32_t next;
    struct stat status;
    if (fstat(own->folder, &status) < 0)
        return -errno;
    for (int i = 0; i < TRIES; i++) {
        uint32_t port = FIRST_PORT + (next++ + (uint32_t)getpid()) % (LAST_PORT - FIRST_PORT + 1);
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int size = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%s %llx %x %u", MARK,
                            (unsigned long long)status.st_ino, number_of(own->address), port);
        socklen_t whole = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
        if (bind(fd, (struct sockaddr *)&name, whole) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return -errno;
    }
    return -EADDRNOTAVAIL;
}

void peers_read_name(struct sockaddr_storage *peer, socklen_t size) {
    const struct sockaddr_un *name = (const struct sockaddr_un *)peer;
    struct sockaddr_in in = {.sin_family = AF_INET};
    char text[sizeof name->sun_path + 1] = "";
    unsigned address = 0, port = 0;
    if (peer->ss_family != AF_UNIX)
        return;
    size_t head = offsetof(struct sockaddr_un, sun_path) + 1;
    if (size > head && size <= sizeof *name)
        memcpy(text, name->sun_path + 1, size - head);
    if (strncmp(text, MARK, strlen(MARK)) == 0 &&
        sscanf(text + strlen(MARK), " %*x %x %u", &address, &port) == 2) {
        in.sin_addr.s_addr = htonl(address);
        in.sin_port = htons((uint16_t)port);
    }
    memset(peer, 0, sizeof *peer);
    memcpy(peer, &in, sizeof in);
}

int peers_connect(const struct boxer_membership *own, const struct endpoint *to) {
    char address[INET_ADDRSTRLEN];
    struct sockaddr_un place;
    uint8_t bytes[4];
    if (peers_as_ipv4(to, bytes) < 0 || !to->port)
        return -ECONNREFUSED;
    text_of(bytes, address);
    if (!lives(own->folder, address))
        return -EHOSTUNREACH;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    peers_place(own, bytes, "", to->port, &place);
    int error = -bind_own(fd, own);
    if (!error && connect(fd, (struct sockaddr *)&place, sizeof place) < 0)
        error = errno == ENOENT || errno == EAGAIN ? ECONNREFUSED : errno;
    if (!error)
        return fd;
    close(fd);
    return -error;
}

int peers_listen(const struct net_peers *peers, uint32_t n, uint16_t port) {
    struct sockaddr_un place;
    if (n >= peers->count || !port)
        return -ENOENT;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    peers_unlisten(peers, n, port); // of one that had the address and was killed
    peers_place(&peers->of[n], peers->of[n].address, "", port, &place);
    if (bind(fd, (struct sockaddr *)&place, sizeof place) == 0 && listen(fd, QUEUE) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -(error == ENOENT ? ENETDOWN : error);
}

void peers_unlisten(const struct net_peers *peers, uint32_t n, uint16_t port) {
    char address[INET_ADDRSTRLEN], path[LONGEST_PATH];
    if (n >= peers->count)
        return;
    text_of(peers->of[n].address, address);
    snprintf(path, sizeof path, "%s/%u", address, port);
    unlinkat(peers->of[n].folder, path, 0);
}
