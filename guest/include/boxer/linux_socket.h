// Sockets as the riscv32 system calls pass them (include/uapi/linux/socket.h,
// asm-generic/socket.h).
#ifndef BOXER_LINUX_SOCKET_H
#define BOXER_LINUX_SOCKET_H

#include <boxer/linux_iovec.h>

#include <stddef.h>
#include <stdint.h>

enum {
    LINUX_AF_UNSPEC = 0,
    LINUX_AF_UNIX = 1,
    LINUX_AF_INET = 2,
    LINUX_AF_INET6 = 10,
    LINUX_AF_NETLINK = 16
};
enum {
    LINUX_SOCK_STREAM = 1,
    LINUX_SOCK_DGRAM = 2,
    LINUX_SOCK_RAW = 3,
    LINUX_SOCK_SEQPACKET = 5,
    LINUX_SOCK_TYPE = 0xf,
    LINUX_SOCK_NONBLOCK = 04000,
    LINUX_SOCK_CLOEXEC = 02000000,
};
enum {
    LINUX_IPPROTO_IP = 0,
    LINUX_IPPROTO_TCP = 6,
    LINUX_IPPROTO_UDP = 17,
    LINUX_IPPROTO_UDPLITE = 136,
    LINUX_IPPROTO_IPV6 = 41
};
enum { LINUX_SHUT_RD = 0, LINUX_SHUT_WR = 1, LINUX_SHUT_RDWR = 2 };

struct linux_sockaddr_in {
    uint16_t family, port; // port and address: network order
    uint32_t address;
    uint8_t zero[8];
};

struct linux_sockaddr_in6 {
    uint16_t family, port;
    uint32_t flowinfo;
    uint8_t address[16];
    uint32_t scope;
};

#define LINUX_UNIX_PATH_MAX 108
struct linux_sockaddr_un {
    uint16_t family;
    char path[LINUX_UNIX_PATH_MAX];
};

struct linux_msghdr {
    void *name;
    uint32_t name_size;
    struct linux_iovec *vectors;
    size_t count;
    void *control;
    size_t control_size;
    int flags;
};

struct linux_mmsghdr {
    struct linux_msghdr header;
    uint32_t size;
};

struct linux_cmsghdr {
    size_t size;
    int level, type;
};

struct linux_ucred {
    uint32_t pid, uid, gid;
};

struct linux_linger {
    int on, seconds;
};

enum { LINUX_SCM_RIGHTS = 1, LINUX_SCM_CREDENTIALS = 2 };

enum {
    LINUX_MSG_OOB = 0x1,
    LINUX_MSG_PEEK = 0x2,
    LINUX_MSG_CTRUNC = 0x8,
    LINUX_MSG_TRUNC = 0x20,
    LINUX_MSG_DONTWAIT = 0x40,
    LINUX_MSG_EOR = 0x80,
    LINUX_MSG_WAITALL = 0x100,
    LINUX_MSG_ERRQUEUE = 0x2000,
    LINUX_MSG_NOSIGNAL = 0x4000,
    LINUX_MSG_MORE = 0x8000,
    LINUX_MSG_WAITFORONE = 0x10000,
    LINUX_MSG_CMSG_CLOEXEC = 0x40000000,
};

#define LINUX_SOL_SOCKET 1
enum {
    LINUX_SO_DEBUG = 1,
    LINUX_SO_REUSEADDR = 2,
    LINUX_SO_TYPE = 3,
    LINUX_SO_ERROR = 4,
    LINUX_SO_DONTROUTE = 5,
    LINUX_SO_BROADCAST = 6,
    LINUX_SO_SNDBUF = 7,
    LINUX_SO_RCVBUF = 8,
    LINUX_SO_KEEPALIVE = 9,
    LINUX_SO_OOBINLINE = 10,
    LINUX_SO_PRIORITY = 12,
    LINUX_SO_LINGER = 13,
    LINUX_SO_REUSEPORT = 15,
    LINUX_SO_PASSCRED = 16,
    LINUX_SO_PEERCRED = 17,
    LINUX_SO_RCVLOWAT = 18,
    LINUX_SO_SNDLOWAT = 19,
    LINUX_SO_RCVTIMEO_OLD = 20,
    LINUX_SO_SNDTIMEO_OLD = 21,
    LINUX_SO_ACCEPTCONN = 30,
    LINUX_SO_PEERSEC = 31,
    LINUX_SO_MARK = 36,
    LINUX_SO_PROTOCOL = 38,
    LINUX_SO_DOMAIN = 39,
    LINUX_SO_BUSY_POLL = 46,
    LINUX_SO_BINDTODEVICE = 25,
    LINUX_SO_INCOMING_CPU = 49,
    LINUX_SO_RCVTIMEO = 66,
    LINUX_SO_SNDTIMEO = 67,
};

// TCP, IP and IPv6 options that programs set on loopback.
enum {
    LINUX_TCP_NODELAY = 1,
    LINUX_TCP_MAXSEG = 2,
    LINUX_TCP_CORK = 3,
    LINUX_TCP_INFO = 11,
    LINUX_IPV6_V6ONLY = 26,
};

_Static_assert(sizeof(struct linux_sockaddr_in) == 16, "sockaddr_in");
_Static_assert(sizeof(struct linux_sockaddr_in6) == 28, "sockaddr_in6");

#endif
