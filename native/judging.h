// What the rules of a policy say to a target.
#ifndef BOXER_NATIVE_JUDGING_H
#define BOXER_NATIVE_JUDGING_H

#include "addresses.h"
#include "known.h"
#include "rules.h"

// What a rule says to a target. The best that any rule says decides; all but GRANTED is a refusal.
enum verdict { NO_RULE, OTHER_PORT, OTHER_RANGE, GRANTED };

// A target, and what is known of it. kind: null: globally routable.
struct target {
    struct endpoint raw, meant;
    const struct address_kind *kind;
    int is_host;
};

struct target target_of(const struct endpoint *);

struct judgement {
    enum verdict verdict;
    const struct rule *rule; // that said so; null: none did
    const char *name;        // by which the address is known, or null
};

// port: 0: any.
struct judgement judge(const struct policy *, const struct known_names *, const struct target *,
                       uint16_t port);
// What all rules say of a target under one name (null: as an address), if that is better.
void judge_by(const struct policy *, const char *name, const struct target *, uint16_t port,
              struct judgement *);

// Why a target is refused, and which option would allow it (null: none).
struct refusal {
    char reason[512], option[LONGEST_SPELLING + 64];
    int has_option;
};

void explain(struct refusal *, const struct judgement *, const struct target *, uint16_t port);
void suggest(struct refusal *, const char *option, const char *host, int is_v6, uint16_t port);

#endif
