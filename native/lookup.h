// One question to those who know names: the host's own way, or name servers of the policy.
#ifndef BOXER_NATIVE_LOOKUP_H
#define BOXER_NATIVE_LOOKUP_H

#include "resolve.h"

// May take many seconds. The answer's status, count, addresses and name are set.
void lookup_by_host(const char *name, enum question, struct answer *);
// The launcher does without it: it is null there.
__attribute__((weak)) void lookup_by_servers(const struct endpoint *servers, size_t count,
                                             const char *name, enum question, struct answer *);

#endif
