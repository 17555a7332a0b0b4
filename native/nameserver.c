// Name servers that a run names itself (`--dns`), by the C library's own queries (resolver(3)):
// over UDP, and TCP for what is longer. Nothing of the host's files or search list has a part.
#define _GNU_SOURCE
#include "lookup.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_ROOM = 65536, SECONDS_A_TRY = 2, TRIES = 2 };

// The C library has servers of IPv6 beside those of IPv4, whose places are then of no family.
static int set_server(struct __res_state *state, int at, const struct endpoint *server) {
    struct sockaddr_in *v4 = &state->nsaddr_list[at];
    *v4 = (struct sockaddr_in){0};
    if (server->family == 4) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(server->port);
        memcpy(&v4->sin_addr, server->address, 4);
        return 0;
    }
    struct sockaddr_in6 *v6 = calloc(1, sizeof *v6);
    if (!v6)
        return -1;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server->port);
    memcpy(&v6->sin6_addr, server->address, 16);
    state->_u._ext.nsaddrs[at] = v6;
    return 0;
}

static int set_servers(struct __res_state *state, const struct endpoint *servers, size_t count) {
    state->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES | RES_ROTATE);
    state->options |= RES_NOALIASES;
    state->retrans = SECONDS_A_TRY;
    state->retry = TRIES;
    state->nscount = 0;
    for (size_t i = 0; i < MAXNS; i++) { // servers of IPv6 that the host's files name
        free(state->_u._ext.nsaddrs[i]);
        state->_u._ext.nsaddrs[i] = NULL;
    }
    for (size_t i = 0; i < count && i < MAXNS; i++)
        if (set_server(state, (int)i, &servers[i]) == 0)
            state->nscount++;
        else
            return -1;
    return 0;
}

static uint32_t status_of(int error) {
    switch (error) {
    case HOST_NOT_FOUND:
        return ANSWER_NXDOMAIN;
    case NO_DATA:
        return ANSWER_NODATA;
    default:
        return ANSWER_SERVFAIL;
    }
}

static void read_record(const ns_msg *message, const ns_rr *record, struct answer *answer) {
    char name[NS_MAXDNAME];
    size_t size = ns_rr_type(*record) == ns_t_a ? 4 : 16;
    if (ns_rr_type(*record) == ns_t_ptr) {
        if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record), name,
                      sizeof name) >= 0 &&
            !answer->count && name_canonical(name, answer->name) == 0)
            answer->count = 1;
    } else if (ns_rr_rdlen(*record) == size && answer->count < MOST_ADDRESSES) {
        struct endpoint *found = &answer->addresses[answer->count++];
        *found = (struct endpoint){.family = size == 4 ? 4 : 6};
        memcpy(found->address, ns_rr_rdata(*record), size);
    }
}

// Every record of the type counts, by whatever chain of aliases the server came to it.
static void read_answer(const uint8_t *bytes, int size, enum question question,
                        struct answer *answer) {
    ns_msg message;
    ns_rr record;
    answer->status = ANSWER_SERVFAIL;
    if (ns_initparse(bytes, size, &message) < 0)
        return;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) < 0)
            return;
        if ((int)ns_rr_type(record) == (int)question && ns_rr_class(record) == ns_c_in)
            read_record(&message, &record, answer);
    }
    answer->status = answer->count ? ANSWER_FOUND : ANSWER_NODATA;
}

void lookup_by_servers(const struct endpoint *servers, size_t count, const char *name,
                       enum question question, struct answer *answer) {
    struct __res_state state = {0};
    answer->count = 0;
    answer->status = ANSWER_SERVFAIL;
    if (res_ninit(&state) < 0)
        return;
    uint8_t *bytes = malloc(ANSWER_ROOM);
    if (bytes && set_servers(&state, servers, count) == 0) {
        int size = res_nquery(&state, name, ns_c_in, (int)question, bytes, ANSWER_ROOM);
        if (size < 0)
            answer->status = status_of(state.res_h_errno);
        else
            read_answer(bytes, size < ANSWER_ROOM ? size : ANSWER_ROOM, question, answer);
    }
    free(bytes);
    res_nclose(&state);
}
