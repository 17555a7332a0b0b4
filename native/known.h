// The addresses that were found for names in one life.
#ifndef BOXER_NATIVE_KNOWN_H
#define BOXER_NATIVE_KNOWN_H

#include "policy.h"

struct known {
    struct endpoint address; // port 0
    char name[LONGEST_NAME + 1];
};

// The oldest is replaced when all are taken.
struct known_names {
    struct known *entries;
    size_t count, room, next;
};

// 0, or -1: no memory, so it is not known.
int known_add(struct known_names *, const char *name, const struct endpoint *);
void known_free(struct known_names *);

#endif
