// What is said of decisions: lines for a person, once a target, and lines of JSON for a log.
#ifndef BOXER_NATIVE_TELLING_H
#define BOXER_NATIVE_TELLING_H

#include "policy.h"

// told: hashes of targets. log_left: bytes; a log that is full or cannot be written refuses what it
// cannot hold.
struct telling {
    tell tell;
    void *state;
    int log;
    uint64_t log_left;
    uint64_t told[MOST_TOLD];
    unsigned told_count;
    int is_silent, has_failed;
};

// A decision. host: a name, or null. address: null where a name is looked up. reason: null: it is
// allowed. option: what would allow it, or null.
struct decision {
    const char *what, *protocol; // "connect" with "tcp" or "udp", "resolve", "answer", "limit"
    const char *host;
    const struct endpoint *address;
    const char *rule, *reason, *option;
};

// Logs it and, if it is a refusal of a new target, tells it. 0, or -1: it could not be logged.
int tell_decision(struct telling *, const struct decision *);

#endif
