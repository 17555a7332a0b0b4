// Each rule is asked; the best answer counts. An address that may never be reached is not asked
// for.
#define _GNU_SOURCE
#include "judging.h"

#include <stdio.h>

const struct endpoint host_endpoint = {.address = {254, 1, 1, 1}, .family = 4};

struct target target_of(const struct endpoint *to) {
    struct target target = {.raw = *to};
    address_normalise(&target.raw);
    target.meant = address_meant(&target.raw);
    target.kind = address_kind(&target.meant);
    struct endpoint host = host_endpoint;
    target.is_host = address_equal(&target.raw, &host);
    return target;
}

static enum verdict with_port(const struct rule *rule, uint16_t port) {
    return !port || rule_has_port(rule, port) ? GRANTED : OTHER_PORT;
}

// A rule for addresses. One that is wider than the range of addresses that are not global grants
// none of them.
static enum verdict net_says(const struct rule *rule, const struct target *target, uint16_t port) {
    if (rule->net.family != target->meant.family || target->is_host ||
        !address_within(target->meant.address, rule->net.address, rule->prefix))
        return NO_RULE;
    if (target->kind && rule->prefix < target->kind->prefix)
        return NO_RULE;
    return with_port(rule, port);
}

// A rule for a name to the address that was found for it.
static enum verdict name_says(const struct rule *rule, const char *name,
                              const struct target *target, uint16_t port) {
    if (!name_matches(rule->name, name))
        return NO_RULE;
    int may_be_inside =
        rule->kind == RULE_INSIDE && target->kind && target->kind->reach == REACH_PRIVATE;
    if (target->kind && !target->is_host && !may_be_inside)
        return OTHER_RANGE;
    return with_port(rule, port);
}

static enum verdict rule_says(const struct rule *rule, const char *name,
                              const struct target *target, uint16_t port) {
    if (rule->kind == RULE_ALL)
        return port == MAIL_PORT ? OTHER_PORT : GRANTED;
    if (rule->kind == RULE_NET)
        return net_says(rule, target, port);
    return name ? name_says(rule, name, target, port) : NO_RULE;
}

void judge_by(const struct policy *policy, const char *name, const struct target *target,
              uint16_t port, struct judgement *judgement) {
    for (size_t i = 0; i < policy->count && judgement->verdict != GRANTED; i++) {
        enum verdict verdict = rule_says(&policy->rules[i], name, target, port);
        if (verdict > judgement->verdict)
            *judgement = (struct judgement){verdict, &policy->rules[i], name};
    }
}

struct judgement judge(const struct policy *policy, const struct known_names *known,
                       const struct target *target, uint16_t port) {
    struct judgement judgement = {NO_RULE, NULL, NULL};
    if (target->kind && target->kind->reach == REACH_NEVER)
        return judgement;
    if (target->is_host) {
        judge_by(policy, HOST_NAME, target, port, &judgement);
        judgement.name = HOST_NAME;
        return judgement;
    }
    const char *name = NULL;
    for (size_t i = 0; i < known->count && judgement.verdict != GRANTED; i++)
        if (address_equal(&known->entries[i].address, &target->raw)) {
            name = known->entries[i].name;
            judge_by(policy, name, target, port, &judgement);
        }
    if (judgement.verdict != GRANTED)
        judge_by(policy, NULL, target, port, &judgement);
    if (!judgement.name)
        judgement.name = name;
    return judgement;
}

void suggest(struct refusal *refusal, const char *option, const char *host, int is_v6,
             uint16_t port) {
    char suffix[8] = "";
    if (port)
        snprintf(suffix, sizeof suffix, ":%u", port);
    snprintf(refusal->option, sizeof refusal->option, "%s %s%s%s%s", option,
             is_v6 && port ? "[" : "", host, is_v6 && port ? "]" : "", suffix);
    refusal->has_option = 1;
}

void explain(struct refusal *refusal, const struct judgement *judgement,
             const struct target *target, uint16_t port) {
    char address[ADDRESS_TEXT];
    address_text(&target->meant, address);
    const char *host = judgement->name ? judgement->name : address;
    const char *spelling = judgement->rule ? judgement->rule->spelling : "";
    int is_v6 = !judgement->name && target->meant.family == 6;
    refusal->has_option = 0;
    if (target->kind && target->kind->reach == REACH_NEVER) {
        snprintf(refusal->reason, sizeof refusal->reason, "it is %s; the host's own is %s",
                 target->kind->words, HOST_NAME);
        return;
    }
    if (judgement->verdict == OTHER_RANGE) {
        snprintf(refusal->reason, sizeof refusal->reason,
                 "the address is %s, where the rule `%s` does not let the name lead",
                 target->kind->words, spelling);
        if (target->kind->reach == REACH_PRIVATE)
            suggest(refusal, "--allow-net-inside", host, 0, port);
        else
            suggest(refusal, "--allow-net", address, target->meant.family == 6, port);
        return;
    }
    if (port == MAIL_PORT)
        snprintf(refusal->reason, sizeof refusal->reason, "port 25 has to be granted by itself");
    else if (judgement->verdict == OTHER_PORT)
        snprintf(refusal->reason, sizeof refusal->reason, "the rule `%s` has other ports",
                 spelling);
    else if (target->kind && !target->is_host)
        snprintf(refusal->reason, sizeof refusal->reason,
                 "the address is %s, and no rule grants it", target->kind->words);
    else
        snprintf(refusal->reason, sizeof refusal->reason, "no rule grants it");
    int is_inside = judgement->rule && judgement->rule->kind == RULE_INSIDE;
    suggest(refusal, is_inside ? "--allow-net-inside" : "--allow-net", host, is_v6, port);
}
