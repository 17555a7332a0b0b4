// What an address is, by the registries of special addresses (RFC 6890 and those after it).
#ifndef BOXER_NATIVE_ADDRESSES_H
#define BOXER_NATIVE_ADDRESSES_H

#include "endpoint.h"

#include <stddef.h>

enum reach {
    REACH_NEVER,   // would be the host itself: no rule grants it
    REACH_NAMED,   // by a rule within the range alone
    REACH_PRIVATE, // likewise, or by a name that may resolve inside
};

// A range of addresses that are not globally routable. prefix: bits that a rule for it has at
// least.
struct address_kind {
    uint8_t address[16];
    uint8_t family, prefix;
    enum reach reach;
    const char *words;
};

// Null: it is globally routable.
const struct address_kind *address_kind(const struct endpoint *);
// ::ffff:a.b.c.d is the address a.b.c.d in all respects; the endpoint becomes that. So is a scope
// that says nothing left out.
void address_normalise(struct endpoint *);
// Whom it reaches: the IPv4 address in one of NAT64 (64:ff9b::/96), else itself.
struct endpoint address_meant(const struct endpoint *);
// Whether the first `prefix` bits are the same.
int address_within(const uint8_t *address, const uint8_t *net, unsigned prefix);
// Of the same family and address, whatever the port.
int address_equal(const struct endpoint *, const struct endpoint *);
// Decimal or with colons; room: ADDRESS_TEXT bytes.
enum { ADDRESS_TEXT = 48 };
void address_text(const struct endpoint *, char *room);
// The address that a name of in-addr.arpa or ip6.arpa (canonical) stands for. 0, or -1: none.
int address_of_reverse(const char *name, struct endpoint *);

#endif
