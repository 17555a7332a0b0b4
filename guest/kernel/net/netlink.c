// AF_NETLINK, as far as programs ask it for network interfaces: if_nameindex(3), getifaddrs(3); and
// the ioctls of netdevice(7).
//
// The machine has one interface, the loopback: lo, number 1, 127.0.0.1/8 and ::1/128. Requests that
// are not a dump of links or addresses answer EOPNOTSUPP.
#include "net/netlink.h"
#include "mm/memory.h"
#include "net/queue.h"
#include "net/socket.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { NLMSG_ERROR = 2, NLMSG_DONE = 3, NLM_F_MULTI = 2 };
enum { RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_GETADDR = 22 };
enum { IFLA_ADDRESS = 1, IFLA_BROADCAST = 2, IFLA_IFNAME = 3, IFLA_MTU = 4 };
enum { IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_LABEL = 3 };

#define LOOPBACK_INDEX 1
#define LOOPBACK_TYPE 772u      // ARPHRD_LOOPBACK
#define LOOPBACK_FLAGS 0x10049u // IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_LOWER_UP
#define LOOPBACK_MTU 65536u
#define SCOPE_HOST 254

struct header {
    uint32_t size;
    uint16_t type, flags;
    uint32_t sequence, pid;
};

struct link {
    uint8_t family, pad;
    uint16_t type;
    int32_t index;
    uint32_t flags, change;
};

struct address {
    uint8_t family, prefix, flags, scope;
    uint32_t index;
};

struct attribute {
    uint16_t size, type;
};

// A reply while it grows; all of ours fit many times over.
struct reply {
    char bytes[1024];
    size_t size, start; // start: of the message being written
};

static void *extend(struct reply *reply, size_t size) {
    void *at = reply->bytes + reply->size;
    size_t padded = (size + 3) & ~(size_t)3;
    memset(at, 0, padded);
    reply->size += padded;
    return at;
}

static void begin(struct reply *reply, const struct header *request, int type) {
    reply->start = reply->size;
    struct header *header = extend(reply, sizeof *header);
    *header = (struct header){.type = (uint16_t)type,
                              .flags = NLM_F_MULTI,
                              .sequence = request->sequence,
                              .pid = current->process->pid};
}

static void end(struct reply *reply) {
    uint32_t size = (uint32_t)(reply->size - reply->start);
    memcpy(reply->bytes + reply->start, &size, sizeof size);
}

static void put(struct reply *reply, int type, const void *data, size_t size) {
    struct attribute head = {(uint16_t)(sizeof head + size), (uint16_t)type};
    memcpy(extend(reply, sizeof head), &head, sizeof head);
    memcpy(extend(reply, size), data, size);
}

static void put_link(struct reply *reply, const struct header *request) {
    static const char no_address[6];
    uint32_t mtu = LOOPBACK_MTU;
    begin(reply, request, RTM_NEWLINK);
    struct link *link = extend(reply, sizeof *link);
    *link = (struct link){.type = LOOPBACK_TYPE, .index = LOOPBACK_INDEX, .flags = LOOPBACK_FLAGS};
    put(reply, IFLA_IFNAME, "lo", 3);
    put(reply, IFLA_MTU, &mtu, sizeof mtu);
    put(reply, IFLA_ADDRESS, no_address, sizeof no_address);
    put(reply, IFLA_BROADCAST, no_address, sizeof no_address);
    end(reply);
}

static void put_address(struct reply *reply, const struct header *request, int family) {
    static const uint8_t four[4] = {127, 0, 0, 1}, six[16] = {[15] = 1};
    int is_four = family == LINUX_AF_INET;
    const uint8_t *bytes = is_four ? four : six;
    size_t size = is_four ? sizeof four : sizeof six;
    begin(reply, request, RTM_NEWADDR);
    struct address *address = extend(reply, sizeof *address);
    *address = (struct address){.family = (uint8_t)family,
                                .prefix = is_four ? 8 : 128,
                                .scope = SCOPE_HOST,
                                .index = LOOPBACK_INDEX};
    put(reply, IFA_ADDRESS, bytes, size);
    if (is_four) {
        put(reply, IFA_LOCAL, bytes, size);
        put(reply, IFA_LABEL, "lo", 3);
    }
    end(reply);
}

static void put_status(struct reply *reply, const struct header *request, int type, int status) {
    begin(reply, request, type);
    memcpy(extend(reply, sizeof status), &status, sizeof status);
    if (type == NLMSG_ERROR)
        memcpy(extend(reply, sizeof *request), request, sizeof *request);
    end(reply);
}

long netlink_request(struct socket *socket, const char *bytes, size_t size) {
    struct header request;
    struct reply reply = {.size = 0};
    if (size < sizeof request)
        return -EINVAL;
    memcpy(&request, bytes, sizeof request);
    if (request.size < sizeof request || request.size > size)
        return -EINVAL;
    uint8_t family = size > sizeof request ? (uint8_t)bytes[sizeof request] : 0;
    if (request.type == RTM_GETLINK) {
        put_link(&reply, &request);
    } else if (request.type == RTM_GETADDR) {
        if (family == LINUX_AF_UNSPEC || family == LINUX_AF_INET)
            put_address(&reply, &request, LINUX_AF_INET);
        if (family == LINUX_AF_UNSPEC || family == LINUX_AF_INET6)
            put_address(&reply, &request, LINUX_AF_INET6);
    } else {
        put_status(&reply, &request, NLMSG_ERROR, -EOPNOTSUPP);
    }
    if (request.type == RTM_GETLINK || request.type == RTM_GETADDR)
        put_status(&reply, &request, NLMSG_DONE, 0);
    int error = socket_deliver(socket, NULL, reply.bytes, reply.size);
    return error ? error : (long)size;
}

enum {
    SIOCGIFNAME = 0x8910,
    SIOCGIFCONF = 0x8912,
    SIOCGIFFLAGS = 0x8913,
    SIOCGIFADDR = 0x8915,
    SIOCGIFNETMASK = 0x891b,
    SIOCGIFMTU = 0x8921,
    SIOCGIFHWADDR = 0x8927,
    SIOCGIFINDEX = 0x8933,
    SIOCETHTOOL = 0x8946,
};

// struct ifreq as far as it is used; its union is longer.
struct request {
    char name[16];
    union {
        int32_t number;
        int16_t flags;
        struct linux_sockaddr_in address;
    };
};

struct list {
    int32_t size;
    void *requests;
};

static struct linux_sockaddr_in address_of(unsigned char a, unsigned char d) {
    struct linux_sockaddr_in name = {.family = LINUX_AF_INET};
    memcpy(&name.address, (unsigned char[]){a, 0, 0, d}, 4);
    return name;
}

static int list_interfaces(struct list *list) {
    // On Linux entries are struct ifreq: 16 bytes of name, 16 of a union that is longer where
    // pointers are.
    size_t entry = 16 + (sizeof(void *) == 8 ? 24 : 16);
    struct request lo = {.name = "lo", .address = address_of(127, 1)};
    if (!list || !user_range(list, sizeof *list))
        return -EFAULT;
    if (list->requests) {
        if (list->size < (int32_t)entry) {
            list->size = 0;
            return 0;
        }
        if (!user_range(list->requests, entry))
            return -EFAULT;
        memset(list->requests, 0, entry);
        memcpy(list->requests, &lo, sizeof lo);
    }
    list->size = (int32_t)entry;
    return 0;
}

int netdevice_ioctl(unsigned request, uintptr_t argument) {
    struct request *asked = (struct request *)argument;
    if (request == SIOCGIFCONF)
        return list_interfaces((struct list *)argument);
    if (request < SIOCGIFNAME || request > SIOCETHTOOL)
        return -ENOTTY;
    if (!argument || !user_range(asked, sizeof *asked))
        return -EFAULT;
    if (request == SIOCGIFNAME) {
        if (asked->number != LOOPBACK_INDEX)
            return -ENODEV;
        memcpy(asked->name, "lo", 3);
        return 0;
    }
    if (memcmp(asked->name, "lo", 3) != 0)
        return -ENODEV;
    switch (request) {
    case SIOCGIFINDEX:
        asked->number = LOOPBACK_INDEX;
        return 0;
    case SIOCGIFFLAGS:
        asked->flags = (int16_t)(LOOPBACK_FLAGS & 0xffff);
        return 0;
    case SIOCGIFADDR:
        asked->address = address_of(127, 1);
        return 0;
    case SIOCGIFNETMASK:
        asked->address = address_of(255, 0);
        return 0;
    case SIOCGIFMTU:
        asked->number = LOOPBACK_MTU;
        return 0;
    case SIOCGIFHWADDR:
        asked->address = (struct linux_sockaddr_in){.family = LOOPBACK_TYPE};
        return 0;
    case SIOCETHTOOL:
        return -EOPNOTSUPP;
    default:
        return request > SIOCGIFINDEX ? -ENOTTY : -EINVAL;
    }
}
