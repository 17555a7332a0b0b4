// The tables of special addresses, and names that stand for addresses.
#define _GNU_SOURCE
#include "addresses.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V4(a, b, c) {a, b, c}, 4
#define V6(...) {__VA_ARGS__}, 6

// The first range that holds an address says what it is.
static const struct address_kind kinds[] = {
    {V4(0, 0, 0), 8, REACH_NEVER, "this host (0.0.0.0/8)"},
    {V4(10, 0, 0), 8, REACH_PRIVATE, "private (10.0.0.0/8)"},
    {V4(100, 64, 0), 10, REACH_PRIVATE, "a provider's own (100.64.0.0/10)"},
    {V4(127, 0, 0), 8, REACH_NEVER, "the box's own loopback (127.0.0.0/8)"},
    {V4(169, 254, 0), 16, REACH_NAMED, "link-local (169.254.0.0/16)"},
    {V4(172, 16, 0), 12, REACH_PRIVATE, "private (172.16.0.0/12)"},
    {V4(192, 0, 0), 24, REACH_NAMED, "for protocols (192.0.0.0/24)"},
    {V4(192, 0, 2), 24, REACH_NAMED, "for documentation (192.0.2.0/24)"},
    {V4(192, 88, 99), 24, REACH_NAMED, "of relays (192.88.99.0/24)"},
    {V4(192, 168, 0), 16, REACH_PRIVATE, "private (192.168.0.0/16)"},
    {V4(198, 18, 0), 15, REACH_NAMED, "for benchmarks (198.18.0.0/15)"},
    {V4(198, 51, 100), 24, REACH_NAMED, "for documentation (198.51.100.0/24)"},
    {V4(203, 0, 113), 24, REACH_NAMED, "for documentation (203.0.113.0/24)"},
    {V4(224, 0, 0), 4, REACH_NAMED, "of a group (224.0.0.0/4)"},
    {V4(240, 0, 0), 4, REACH_NAMED, "reserved (240.0.0.0/4)"},
    {V6(0), 128, REACH_NEVER, "this host (::)"},
    {V6([15] = 1), 128, REACH_NEVER, "the box's own loopback (::1)"},
    {V6(0), 96, REACH_NEVER, "an IPv4 address of old (::/96)"},
    {V6(0xfc), 7, REACH_PRIVATE, "private (fc00::/7)"},
    {V6(0xfe, 0x80), 10, REACH_NAMED, "link-local (fe80::/10)"},
    {V6(0xff), 8, REACH_NAMED, "of a group (ff00::/8)"},
    {V6(0x20, 0x01), 23, REACH_NAMED, "for protocols (2001::/23)"},
    {V6(0x20, 0x01, 0x0d, 0xb8), 32, REACH_NAMED, "for documentation (2001:db8::/32)"},
    {V6(0x20, 0x02), 16, REACH_NAMED, "of relays (2002::/16)"},
    {V6(0x3f, 0xff), 20, REACH_NAMED, "for documentation (3fff::/20)"},
};
// What is in use of IPv6 lies in 2000::/3.
static const struct address_kind elsewhere = {V6(0), 8, REACH_NAMED,
                                              "not in use (outside 2000::/3)"};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b};

int address_within(const uint8_t *address, const uint8_t *net, unsigned prefix) {
    unsigned whole = prefix / 8, rest = prefix % 8;
    if (memcmp(address, net, whole) != 0)
        return 0;
    return !rest || !((address[whole] ^ net[whole]) & (0xff << (8 - rest)) & 0xff);
}

const struct address_kind *address_kind(const struct endpoint *endpoint) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].family == endpoint->family &&
            address_within(endpoint->address, kinds[i].address, kinds[i].prefix))
            return &kinds[i];
    if (endpoint->family == 6 && endpoint->address[0] >> 5 != 1)
        return &elsewhere;
    return NULL;
}

static struct endpoint inner(const struct endpoint *endpoint) {
    struct endpoint found = {.family = 4, .port = endpoint->port};
    memcpy(found.address, endpoint->address + 12, 4);
    return found;
}

void address_normalise(struct endpoint *endpoint) {
    if (endpoint->family == 6 && memcmp(endpoint->address, mapped, sizeof mapped) == 0)
        *endpoint = inner(endpoint);
    if (endpoint->family == 4)
        memset(endpoint->address + 4, 0, 12);
    const uint8_t *bytes = endpoint->address;
    int is_scoped = endpoint->family == 6 && ((bytes[0] == 0xfe && bytes[1] >> 6 == 2) ||
                                              (bytes[0] == 0xff && (bytes[1] & 0xf) <= 2));
    if (!is_scoped)
        endpoint->scope = 0;
}

struct endpoint address_meant(const struct endpoint *endpoint) {
    if (endpoint->family == 6 && memcmp(endpoint->address, translated, sizeof translated) == 0)
        return inner(endpoint);
    return *endpoint;
}

int address_equal(const struct endpoint *left, const struct endpoint *right) {
    return left->family == right->family && left->scope == right->scope &&
           memcmp(left->address, right->address, left->family == 4 ? 4 : 16) == 0;
}

void address_text(const struct endpoint *endpoint, char *room) {
    int family = endpoint->family == 4 ? AF_INET : AF_INET6;
    inet_ntop(family, endpoint->address, room, ADDRESS_TEXT);
}

// 34.12.0.10.in-addr.arpa: bytes from the last to the first.
static int of_reverse4(const char *name, struct endpoint *found) {
    *found = (struct endpoint){.family = 4};
    for (int i = 3; i >= 0; i--) {
        unsigned number = 0, digits = 0;
        for (; *name >= '0' && *name <= '9' && digits < 3; name++, digits++)
            number = number * 10 + (unsigned)(*name - '0');
        if (!digits || number > 255 || *name++ != '.')
            return -1;
        found->address[i] = (uint8_t)number;
    }
    return strcmp(name, "in-addr.arpa") == 0 ? 0 : -1;
}

// Thirty-two digits, likewise.
static int of_reverse6(const char *name, struct endpoint *found) {
    static const char digits[] = "0123456789abcdef";
    *found = (struct endpoint){.family = 6};
    for (int i = 31; i >= 0; i--, name += 2) {
        const char *digit = *name ? strchr(digits, *name) : NULL;
        if (!digit || name[1] != '.')
            return -1;
        found->address[i / 2] |= (uint8_t)((digit - digits) << (i % 2 ? 0 : 4));
    }
    return strcmp(name, "ip6.arpa") == 0 ? 0 : -1;
}

int address_of_reverse(const char *name, struct endpoint *found) {
    return of_reverse4(name, found) == 0 ? 0 : of_reverse6(name, found);
}
