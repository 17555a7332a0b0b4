// Asks a policy: rules from a file, questions from standard input, an answer a line.
#define _GNU_SOURCE
#include "judging.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void told(void *state, const char *line, size_t size) {
    (void)state;
    printf("told %.*s", (int)size, line);
}

static void print_endpoint(const struct endpoint *endpoint) {
    char text[ADDRESS_TEXT];
    address_text(endpoint, text);
    printf(" %s %u %u", text, endpoint->port, endpoint->scope);
}

// FAMILY HEX PORT SCOPE
static struct endpoint read_endpoint(void) {
    struct endpoint endpoint = {0};
    unsigned family, port, scope;
    char hex[33];
    if (scanf("%u %32s %u %u", &family, hex, &port, &scope) != 4)
        abort();
    endpoint.family = (uint8_t)family;
    endpoint.port = (uint16_t)port;
    endpoint.scope = scope;
    for (size_t i = 0; i < strlen(hex) / 2; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], 0};
        endpoint.address[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return endpoint;
}

static void ask_connect(struct grants *grants, int protocol) {
    struct endpoint to = read_endpoint(), real = {.family = 4};
    int failed = grants_may_connect(grants, protocol, &to, &real);
    printf("%d", failed);
    if (!failed)
        print_endpoint(&real);
}

static void ask_hear(struct grants *grants) {
    struct endpoint real = read_endpoint(), from = {.family = 4};
    printf("%d", grants_may_hear(grants, &real, &from));
    print_endpoint(&from);
}

static void answer(struct grants *grants) {
    struct endpoint found[64], kept[64];
    char name[1024];
    size_t count;
    if (scanf("%1023s %zu", name, &count) != 2 || count > 64)
        abort();
    for (size_t i = 0; i < count; i++)
        found[i] = read_endpoint();
    size_t kept_count = grants_answer(grants, name, found, count, kept);
    printf("%zu", kept_count);
    for (size_t i = 0; i < kept_count; i++)
        print_endpoint(&kept[i]);
}

static void note_course(struct grants *grants, int came) {
    struct endpoint peer = read_endpoint();
    if (came)
        grants_note_came(grants, PROTOCOL_TCP, &peer, 8000, NULL);
    else
        grants_note_ended(grants, &peer, 8000, (uint64_t[]){1, UINT64_MAX});
    printf("0");
}

static void ask(struct grants *grants, const char *question) {
    char name[1024], canonical[LONGEST_NAME + 1];
    unsigned long long bytes;
    struct endpoint endpoint;
    if (strcmp(question, "tcp") == 0 || strcmp(question, "udp") == 0)
        ask_connect(grants, question[0] == 't' ? PROTOCOL_TCP : PROTOCOL_UDP);
    else if (strcmp(question, "came") == 0 || strcmp(question, "ended") == 0)
        note_course(grants, question[0] == 'c');
    else if (strcmp(question, "hear") == 0)
        ask_hear(grants);
    else if (strcmp(question, "answer") == 0)
        answer(grants);
    else if (strcmp(question, "know") == 0)
        endpoint = read_endpoint(), printf("%d", grants_know(grants, &endpoint));
    else if (strcmp(question, "kind") == 0)
        endpoint = read_endpoint(), printf("%d", address_kind(&endpoint) != NULL);
    else if (strcmp(question, "opened") == 0)
        printf("%d", grants_opened(grants));
    else if (strcmp(question, "closed") == 0)
        grants_closed(grants), printf("0");
    else if (strcmp(question, "reached") == 0)
        printf("%s", grants_reached(grants) ? grants_reached(grants) : "-");
    else if (strcmp(question, "resolve") == 0 && scanf("%1023s", name) == 1)
        printf("%d", grants_may_resolve(grants, name));
    else if (strcmp(question, "name") == 0 && scanf("%1023s", name) == 1)
        printf("%s", name_canonical(name, canonical) ? "-" : canonical);
    else if (strcmp(question, "sent") == 0 && scanf("%llu", &bytes) == 1)
        printf("%d", grants_sent(grants, bytes));
    else if (strcmp(question, "received") == 0 && scanf("%llu", &bytes) == 1)
        printf("%d", grants_received(grants, bytes));
    else
        abort();
    printf("\n");
}

// RULES [LOG]
int main(int argc, char **argv) {
    static char text[1 << 20];
    char why[256], question[32];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file)
        return 2;
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    struct policy *policy = boxer_policy_new(text, size, why, sizeof why);
    if (!policy) {
        printf("error %s\n", why);
        return 0;
    }
    int log = argc > 2 ? open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    struct grants *grants = grants_new(policy, told, NULL, log);
    while (scanf("%31s", question) == 1)
        ask(grants, question);
    grants_free(grants);
    boxer_policy_free(policy);
    if (log >= 0)
        close(log);
    return 0;
}
