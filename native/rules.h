// A policy from the inside.
#ifndef BOXER_NATIVE_RULES_H
#define BOXER_NATIVE_RULES_H

#include "policy.h"

enum { MOST_SERVERS = 3, LONGEST_SPELLING = 320 };
enum rule_kind { RULE_ALL, RULE_NET, RULE_NAME, RULE_INSIDE };

// name: canonical or with `*.`. net, prefix: of RULE_NET. first, last: its ports. spelling: as the
// option had it.
struct rule {
    enum rule_kind kind;
    struct endpoint net;
    unsigned prefix;
    uint16_t first, last;
    char name[LONGEST_NAME + 3];
    char spelling[LONGEST_SPELLING];
};

struct policy {
    struct rule *rules;
    size_t count, server_count;
    struct endpoint servers[MOST_SERVERS];
    struct network_limits limits;
};

int rule_has_port(const struct rule *, uint16_t port);
// Mail's port is granted by a rule that names it alone.
enum { MAIL_PORT = 25 };

#endif
