// Names looked up for machines, on threads of their own.
//
// Invariants
// 1. A resolver belongs to its machine's thread; what goes on after it is gone touches none of it.
// 2. A life has at most MOST_QUESTIONS under way, two at a time; a process RESOLVER_THREADS.
// 3. What is handed over has been through `grants_answer`.
#ifndef BOXER_NATIVE_RESOLVE_H
#define BOXER_NATIVE_RESOLVE_H

#include "policy.h"

enum { MOST_ADDRESSES = 16, MOST_QUESTIONS = 64, RESOLVER_THREADS = 8 };
enum question { ASKS_A = 1, ASKS_PTR = 12, ASKS_AAAA = 28 }; // as in DNS
// Of RFC 1035; NODATA: there is the name, but nothing of that type.
enum answer_status {
    ANSWER_FOUND,
    ANSWER_NODATA,
    ANSWER_NXDOMAIN,
    ANSWER_SERVFAIL,
    ANSWER_REFUSED
};

struct answer {
    uint32_t id, status, count;
    struct endpoint addresses[MOST_ADDRESSES]; // port 0
    char name[LONGEST_NAME + 1];               // of a PTR
};

struct resolver *resolver_new(struct grants *, const struct policy *); // null: no memory
void resolver_free(struct resolver *);
// Readable while answers wait; of the resolver, for an epoll or poll. Level-triggered or edge: it
// is an eventfd that `resolver_take` empties.
int resolver_descriptor(const struct resolver *);
// 0: an answer will come. EACCES: not granted (was told). EAGAIN: too many under way. EINVAL.
int resolver_start(struct resolver *, uint32_t id, enum question, const char *name);
// An answer that is known already, and was judged: it is taken like the others. 0, EAGAIN, ENOMEM.
int resolver_give(struct resolver *, const struct answer *);
// 1: the next answer. 0: none waits.
int resolver_take(struct resolver *, struct answer *);

#endif
