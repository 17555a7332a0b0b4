// Rules from their text. It comes from our own Python: what is not understood is an error and never
// passed over.
#define _GNU_SOURCE
#include "rules.h"
#include "addresses.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 8, LONGEST_LINE = 1024 };

static int number_of(const char *text, uint64_t most, uint64_t *number) {
    if (*text < '0' || *text > '9')
        return -1;
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end || errno || *number > most ? -1 : 0;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int address_of(const char *family, const char *hex, struct endpoint *found) {
    uint64_t number;
    if (number_of(family, 6, &number) < 0 || (number != 4 && number != 6))
        return -1;
    *found = (struct endpoint){.family = (uint8_t)number};
    size_t size = number == 4 ? 4 : 16;
    if (strlen(hex) != 2 * size)
        return -1;
    for (size_t i = 0; i < size; i++) {
        int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        found->address[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int ports_of(char **words, struct rule *rule) {
    uint64_t first, last;
    if (number_of(words[0], 65535, &first) < 0 || number_of(words[1], 65535, &last) < 0 || !first ||
        first > last)
        return -1;
    rule->first = (uint16_t)first;
    rule->last = (uint16_t)last;
    return 0;
}

// What is printed in a line and in JSON as it is.
static int spelling_of(const char *word, struct rule *rule) {
    if (!*word || strlen(word) >= sizeof rule->spelling || strpbrk(word, "\"\\"))
        return -1;
    for (const char *c = word; *c; c++)
        if (*c <= ' ' || *c > '~')
            return -1;
    strcpy(rule->spelling, word);
    return 0;
}

// The net of an IPv4 address written as IPv6 is IPv4's.
static int net_of(char **words, struct rule *rule) {
    uint64_t prefix;
    if (address_of(words[1], words[2], &rule->net) < 0 ||
        number_of(words[3], rule->net.family == 4 ? 32 : 128, &prefix) < 0)
        return -1;
    struct endpoint net = rule->net;
    if (prefix >= 96) {
        address_normalise(&net);
        net = address_meant(&net);
        prefix -= net.family == rule->net.family ? 0 : 96;
    }
    rule->net = net;
    rule->prefix = (unsigned)prefix;
    return 0;
}

static int name_of(const char *word, struct rule *rule) {
    size_t skipped = strncmp(word, "*.", 2) == 0 ? 2 : 0;
    memcpy(rule->name, word, skipped);
    return name_canonical(word + skipped, rule->name + skipped);
}

static int rule_of(char **words, size_t count, struct rule *rule) {
    *rule = (struct rule){.first = 1, .last = 65535};
    if (strcmp(words[0], "all") == 0 && count == 2)
        return spelling_of(words[1], rule); // RULE_ALL
    if (strcmp(words[0], "allow") == 0 && count == 7) {
        rule->kind = RULE_NET;
        if (net_of(words, rule) < 0 || ports_of(words + 4, rule) < 0)
            return -1;
        return spelling_of(words[6], rule);
    }
    if (count != 5)
        return -1;
    rule->kind = strcmp(words[0], "inside") == 0 ? RULE_INSIDE : RULE_NAME;
    if (rule->kind == RULE_NAME && strcmp(words[0], "name") != 0)
        return -1;
    if (name_of(words[1], rule) < 0 || ports_of(words + 2, rule) < 0)
        return -1;
    return spelling_of(words[4], rule);
}

static int add_rule(struct policy *policy, char **words, size_t count) {
    if (policy->count == MOST_RULES)
        return -1;
    if ((policy->count & (policy->count - 1)) == 0) {
        size_t room = policy->count ? 2 * policy->count : 1;
        struct rule *grown = realloc(policy->rules, room * sizeof *grown);
        if (!grown)
            return -1;
        policy->rules = grown;
    }
    if (rule_of(words, count, &policy->rules[policy->count]) < 0)
        return -1;
    policy->count++;
    return 0;
}

static int add_server(struct policy *policy, char **words) {
    uint64_t port;
    struct endpoint *server = &policy->servers[policy->server_count];
    if (policy->server_count == MOST_SERVERS || address_of(words[1], words[2], server) < 0 ||
        number_of(words[3], 65535, &port) < 0 || !port)
        return -1;
    server->port = (uint16_t)port;
    policy->server_count++;
    return 0;
}

static int set_limit(struct network_limits *limits, char **words) {
    const struct {
        const char *name;
        uint64_t *value;
    } known[] = {
        {"connections", &limits->connections}, {"connect_ns", &limits->connect_ns},
        {"idle_ns", &limits->idle_ns},         {"sent", &limits->sent},
        {"received", &limits->received},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(words[1], known[i].name) == 0)
            return number_of(words[2], UINT64_MAX - 1, known[i].value);
    return -1;
}

static int read_line(struct policy *policy, char *line) {
    char *words[MOST_WORDS], *rest;
    size_t count = 0;
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (count == MOST_WORDS)
            return -1;
        words[count++] = word;
    }
    if (!count)
        return 0;
    if (strcmp(words[0], "server") == 0)
        return count == 4 ? add_server(policy, words) : -1;
    if (strcmp(words[0], "limit") == 0)
        return count == 3 ? set_limit(&policy->limits, words) : -1;
    return add_rule(policy, words, count);
}

struct policy *boxer_policy_new(const char *text, size_t size, char *error, size_t room) {
    struct policy *policy = calloc(1, sizeof *policy);
    size_t number = 0;
    for (const char *end = text + size; policy && text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        char line[LONGEST_LINE];
        if (length < sizeof line)
            memcpy(line, text, length);
        line[length < sizeof line ? length : 0] = 0;
        if (length >= sizeof line || strlen(line) != length || read_line(policy, line) < 0) {
            snprintf(error, room, "line %zu of the rules is none", number + 1);
            boxer_policy_free(policy);
            return NULL;
        }
        text += length + 1;
    }
    if (!policy)
        snprintf(error, room, "there is no memory");
    return policy;
}

void boxer_policy_free(struct policy *policy) {
    if (policy)
        free(policy->rules);
    free(policy);
}

const struct network_limits *policy_limits(const struct policy *policy) {
    return &policy->limits;
}

size_t policy_servers(const struct policy *policy, const struct endpoint **servers) {
    *servers = policy->servers;
    return policy->server_count;
}

int rule_has_port(const struct rule *rule, uint16_t port) {
    if (port == MAIL_PORT)
        return rule->first == MAIL_PORT && rule->last == MAIL_PORT;
    return port >= rule->first && port <= rule->last;
}
