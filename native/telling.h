// What is said of decisions: lines for a person, once a target, and lines of JSON for a log.
#ifndef BOXER_NATIVE_TELLING_H
#define BOXER_NATIVE_TELLING_H

#include "policy.h"

// told: hashes of targets. log_left: bytes; a log that is full or cannot be written refuses what it
// cannot hold. course_left: of lines of what decides nothing; without them all goes on.
struct telling {
    tell tell;
    void *state;
    int log;
    uint64_t log_left, course_left;
    uint64_t told[MOST_TOLD];
    unsigned told_count;
    int is_silent, has_failed, course_ended;
};

// A decision. host: a name, or null. address: null where a name is looked up. reason: null: it is
// allowed. option: what would allow it, or null. box_port: the box's own, where somebody came; 0:
// nobody did. ended: the bytes of a connection that has ended, sent and received, or null.
struct decision {
    // "connect", "accept", "close" with "tcp" or "udp"; "resolve", "answer", "limit"
    const char *what, *protocol;
    const char *host;
    const struct endpoint *address;
    const char *rule, *reason, *option;
    uint16_t box_port;
    const uint64_t *ended;
};

// Logs it and, if it is a refusal of a new target, tells it. 0, or -1: it could not be logged.
int tell_decision(struct telling *, const struct decision *);
// Logs who came, or how it ended: what nothing depends on.
void tell_course(struct telling *, const struct decision *);

#endif
