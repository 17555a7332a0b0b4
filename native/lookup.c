// The host's own way, as its other programs have it: getaddrinfo(3), with its files and services.
#define _GNU_SOURCE
#include "lookup.h"
#include "addresses.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

static uint32_t status_of(int error) {
    switch (error) {
    case 0:
        return ANSWER_FOUND;
    case EAI_NONAME:
        return ANSWER_NXDOMAIN;
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return ANSWER_NODATA;
    default:
        return ANSWER_SERVFAIL;
    }
}

static void add_address(struct answer *answer, const struct sockaddr *address) {
    if (answer->count == MOST_ADDRESSES)
        return;
    struct endpoint *found = &answer->addresses[answer->count];
    *found = (struct endpoint){.family = 4};
    if (address->sa_family == AF_INET) {
        memcpy(found->address, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        found->family = 6;
        found->scope = v6->sin6_scope_id;
        memcpy(found->address, &v6->sin6_addr, 16);
    } else {
        return;
    }
    answer->count++;
}

static void lookup_addresses(const char *name, int family, struct answer *answer) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found = NULL;
    answer->status = status_of(getaddrinfo(name, NULL, &hints, &found));
    if (answer->status != ANSWER_FOUND)
        return;
    for (const struct addrinfo *each = found; each; each = each->ai_next)
        add_address(answer, each->ai_addr);
    freeaddrinfo(found);
    if (!answer->count)
        answer->status = ANSWER_NODATA;
}

static void lookup_name(const struct endpoint *address, struct answer *answer) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v4.sin_addr, address->address, 4);
    memcpy(&v6.sin6_addr, address->address, 16);
    int is_v4 = address->family == 4;
    const struct sockaddr *place = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    char name[NI_MAXHOST];
    answer->status = status_of(
        getnameinfo(place, is_v4 ? sizeof v4 : sizeof v6, name, sizeof name, NULL, 0, NI_NAMEREQD));
    if (answer->status == ANSWER_FOUND && name_canonical(name, answer->name) < 0)
        answer->status = ANSWER_NXDOMAIN;
}

void lookup_by_host(const char *name, enum question question, struct answer *answer) {
    struct endpoint address;
    answer->count = 0;
    if (question != ASKS_PTR)
        lookup_addresses(name, question == ASKS_A ? AF_INET : AF_INET6, answer);
    else if (address_of_reverse(name, &address) == 0)
        lookup_name(&address, answer);
    else
        answer->status = ANSWER_NXDOMAIN;
}
