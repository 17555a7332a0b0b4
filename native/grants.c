// One life of a machine before its policy: which addresses its names have, what is under way, and
// each decision.
#define _GNU_SOURCE
#include "addresses.h"
#include "judging.h"
#include "telling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The log of one life has as much at most of decisions, and again of what came of them.
static const uint64_t LONGEST_LOG = 64u << 20;

struct grants {
    const struct policy *policy;
    struct telling telling;
    struct known_names known;
    uint64_t open, sent, received;
    const char *reached;
    struct endpoint last;      // the last target that was allowed, of last_protocol
    int last_protocol;         // 0: none
    struct endpoint last_peer; // that a datagram went to, on a network of boxes; family 0: none
};

struct grants *grants_new(const struct policy *policy, tell tell, void *state, int log) {
    struct grants *grants = calloc(1, sizeof *grants);
    if (!grants)
        return NULL;
    grants->policy = policy;
    grants->telling = (struct telling){.tell = tell,
                                       .state = state,
                                       .log = log,
                                       .log_left = LONGEST_LOG,
                                       .course_left = LONGEST_LOG};
    return grants;
}

void grants_free(struct grants *grants) {
    if (grants)
        known_free(&grants->known);
    free(grants);
}

static const char *protocol_name(int protocol) {
    return protocol == PROTOCOL_UDP ? "udp" : "tcp";
}

// ENETUNREACH where nothing at all is granted: the box has no network.
static int refused_errno(const struct grants *grants) {
    return grants->policy->count ? EACCES : ENETUNREACH;
}

static int is_last(const struct grants *grants, int protocol, const struct endpoint *to) {
    return grants->last_protocol == protocol && grants->last.port == to->port &&
           address_equal(&grants->last, to) && !grants->telling.has_failed;
}

static struct endpoint real_of(const struct target *target) {
    struct endpoint real = target->raw;
    if (target->is_host)
        real = (struct endpoint){.address = {127, 0, 0, 1}, .family = 4, .port = real.port};
    return real;
}

static int decide(struct grants *grants, int protocol, const struct target *target) {
    struct judgement judgement = judge(grants->policy, &grants->known, target, target->raw.port);
    struct decision decision = {
        .what = "connect",
        .protocol = protocol_name(protocol),
        .host = judgement.name,
        .address = &target->raw,
        .rule = judgement.rule ? judgement.rule->spelling : NULL,
    };
    struct refusal refusal;
    if (judgement.verdict != GRANTED) {
        explain(&refusal, &judgement, target, target->raw.port);
        decision.reason = refusal.reason;
        decision.option = refusal.has_option ? refusal.option : NULL;
    }
    int logged = tell_decision(&grants->telling, &decision);
    return judgement.verdict == GRANTED && logged == 0 ? 0 : refused_errno(grants);
}

int grants_may_connect(struct grants *grants, int protocol, const struct endpoint *to,
                       struct endpoint *real) {
    if (to->family != 4 && to->family != 6)
        return EAFNOSUPPORT;
    struct target target = target_of(to);
    if (!target.raw.port)
        return ECONNREFUSED;
    // A connection is logged each time; of datagrams those to a new target.
    if (protocol != PROTOCOL_UDP || !is_last(grants, protocol, &target.raw)) {
        int failed = decide(grants, protocol, &target);
        if (failed)
            return failed;
        grants->last = target.raw;
        grants->last_protocol = protocol;
    }
    *real = real_of(&target);
    return 0;
}

int grants_note_peer(struct grants *grants, int protocol, const char *name,
                     const struct endpoint *address, const char *network) {
    char rule[LONGEST_NAME + 16];
    if (protocol == PROTOCOL_UDP && grants->last_peer.port == address->port &&
        address_equal(&grants->last_peer, address))
        return 0;
    snprintf(rule, sizeof rule, "--network=%s", network);
    struct decision decision = {
        .what = protocol ? "connect" : "answer", .host = name, .address = address, .rule = rule};
    if (protocol)
        decision.protocol = protocol_name(protocol);
    if (tell_decision(&grants->telling, &decision) < 0)
        return EACCES;
    if (protocol == PROTOCOL_UDP)
        grants->last_peer = *address;
    return 0;
}

void grants_note_came(struct grants *grants, int protocol, const struct endpoint *from,
                      uint16_t port, const char *network) {
    char rule[LONGEST_NAME + 16];
    if (network)
        snprintf(rule, sizeof rule, "--network=%s", network);
    else
        snprintf(rule, sizeof rule, "--publish=%u/%s", port, protocol_name(protocol));
    tell_course(&grants->telling, &(struct decision){.what = "accept",
                                                     .protocol = protocol_name(protocol),
                                                     .address = from,
                                                     .box_port = port,
                                                     .rule = rule});
}

void grants_note_ended(struct grants *grants, const struct endpoint *with, uint16_t port,
                       const uint64_t bytes[2]) {
    tell_course(
        &grants->telling,
        &(struct decision){
            .what = "close", .protocol = "tcp", .address = with, .box_port = port, .ended = bytes});
}

int grants_know(struct grants *grants, const struct endpoint *to) {
    if (to->family != 4 && to->family != 6)
        return 0;
    struct target target = target_of(to);
    return judge(grants->policy, &grants->known, &target, 0).verdict == GRANTED;
}

int grants_may_hear(struct grants *grants, const struct endpoint *real, struct endpoint *from) {
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    struct endpoint found = *real;
    address_normalise(&found);
    if (found.family == 4 && memcmp(found.address, loopback, sizeof loopback) == 0) {
        found = host_endpoint;
        found.port = real->port;
    }
    *from = found;
    if (is_last(grants, PROTOCOL_UDP, &found))
        return 1;
    struct target target = target_of(&found);
    return found.port &&
           judge(grants->policy, &grants->known, &target, found.port).verdict == GRANTED;
}

static const struct rule *rule_for_name(const struct grants *grants, const char *name) {
    const struct policy *policy = grants->policy;
    for (size_t i = 0; i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->kind == RULE_ALL || (rule->kind != RULE_NET && name_matches(rule->name, name)))
            return rule;
    }
    return NULL;
}

int grants_may_resolve(struct grants *grants, const char *name) {
    char canonical[LONGEST_NAME + 1];
    struct endpoint address;
    if (name_canonical(name, canonical) < 0 || name_is_local(canonical))
        return EINVAL; // nobody's name: there is nothing to grant
    if (address_of_reverse(canonical, &address) == 0)
        return grants_know(grants, &address) ? 0 : EACCES;
    const struct rule *rule = rule_for_name(grants, canonical);
    struct decision decision = {
        .what = "resolve", .host = canonical, .rule = rule ? rule->spelling : NULL};
    struct refusal refusal;
    if (!rule) {
        suggest(&refusal, "--allow-net", canonical, 0, 0);
        decision.reason = "no rule grants it, so it is not looked up";
        decision.option = refusal.option;
    }
    int logged = tell_decision(&grants->telling, &decision);
    return rule && logged == 0 ? 0 : refused_errno(grants);
}

// Whether a name may lead to an address, for some port.
static int may_lead(struct grants *grants, const char *name, const struct target *target) {
    struct judgement judgement = {NO_RULE, NULL, NULL};
    int is_never = target->kind && target->kind->reach == REACH_NEVER;
    if (!is_never && !target->is_host)
        judge_by(grants->policy, name, target, 0, &judgement);
    struct decision decision = {
        .what = "answer",
        .host = name,
        .address = &target->raw,
        .rule = judgement.rule ? judgement.rule->spelling : NULL,
    };
    struct refusal refusal;
    if (judgement.verdict != GRANTED) {
        judgement.name = name;
        explain(&refusal, &judgement, target, 0);
        decision.reason = refusal.reason;
        decision.option = refusal.has_option ? refusal.option : NULL;
    }
    return tell_decision(&grants->telling, &decision) == 0 && judgement.verdict == GRANTED;
}

size_t grants_answer(struct grants *grants, const char *name, const struct endpoint *found,
                     size_t count, struct endpoint *kept) {
    char canonical[LONGEST_NAME + 1];
    size_t kept_count = 0;
    if (name_canonical(name, canonical) < 0)
        return 0;
    if (strcmp(canonical, HOST_NAME) == 0) {
        kept[0] = host_endpoint;
        return rule_for_name(grants, canonical) ? 1 : 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct target target = target_of(&found[i]);
        target.raw.port = 0;
        if (may_lead(grants, canonical, &target) &&
            known_add(&grants->known, canonical, &target.raw) == 0)
            kept[kept_count++] = target.raw;
    }
    return kept_count;
}

static void reach(struct grants *grants, const char *limit, const struct endpoint *to) {
    char reason[64], option[64];
    if (!grants->reached)
        grants->reached = limit;
    snprintf(reason, sizeof reason, "the limit %s is reached", limit);
    snprintf(option, sizeof option, "--limit %s=NUMBER", limit);
    struct decision decision = {
        .what = "limit", .protocol = "tcp", .address = to, .reason = reason, .option = option};
    tell_decision(&grants->telling, &decision);
}

int grants_is_full(const struct grants *grants) {
    uint64_t most = grants->policy->limits.connections;
    return most && grants->open >= most;
}

int grants_opened(struct grants *grants) {
    if (!grants_is_full(grants)) {
        grants->open++;
        return 0;
    }
    reach(grants, "connections", NULL);
    return EADDRNOTAVAIL;
}

void grants_closed(struct grants *grants) {
    grants->open -= grants->open ? 1 : 0;
}

static int count_bytes(struct grants *grants, uint64_t *counted, uint64_t most, uint64_t bytes,
                       const char *limit) {
    *counted += bytes;
    if (!most || *counted <= most)
        return 0;
    if (!grants->reached)
        grants->reached = limit;
    return 1;
}

int grants_sent(struct grants *grants, uint64_t bytes) {
    return count_bytes(grants, &grants->sent, grants->policy->limits.sent, bytes, "sent");
}

int grants_received(struct grants *grants, uint64_t bytes) {
    return count_bytes(grants, &grants->received, grants->policy->limits.received, bytes,
                       "received");
}

const char *grants_reached(const struct grants *grants) {
    return grants->reached;
}

void grants_expired(struct grants *grants, const char *limit, const struct endpoint *to) {
    reach(grants, limit, to);
}
