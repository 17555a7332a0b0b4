// Asks a resolver: rules from a file, a question a line (A NAME, AAAA NAME, PTR NAME), answers as
// they come. `leave` frees it with what is under way.
#define _GNU_SOURCE
#include "addresses.h"
#include "resolve.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void told(void *state, const char *line, size_t size) {
    (void)state;
    printf("told %.*s", (int)size, line);
}

static int question_of(const char *word) {
    if (strcmp(word, "A") == 0)
        return ASKS_A;
    return strcmp(word, "AAAA") == 0 ? ASKS_AAAA : ASKS_PTR;
}

static void print_answer(const struct answer *answer) {
    char text[ADDRESS_TEXT];
    printf("%u %u", answer->id, answer->status);
    for (unsigned i = 0; i < answer->count && !*answer->name; i++) {
        address_text(&answer->addresses[i], text);
        printf(" %s", text);
    }
    printf(" %s\n", answer->name);
}

static void take(struct resolver *resolver, int expected) {
    struct answer answer;
    while (expected) {
        struct pollfd polled = {.fd = resolver_descriptor(resolver), .events = POLLIN};
        if (poll(&polled, 1, 60000) != 1)
            exit(3);
        while (resolver_take(resolver, &answer)) {
            print_answer(&answer);
            expected--;
        }
    }
}

int main(int argc, char **argv) {
    static char text[1 << 16];
    char why[256], word[16], name[1024];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file)
        return 2;
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    struct policy *policy = boxer_policy_new(text, size, why, sizeof why);
    struct grants *grants = grants_new(policy, told, NULL, -1);
    struct resolver *resolver = resolver_new(grants, policy);
    int expected = 0;
    unsigned id = 0;
    for (; scanf("%15s", word) == 1 && strcmp(word, "leave") != 0; id++) {
        int failed = scanf("%1023s", name) == 1
                         ? resolver_start(resolver, id, question_of(word), name)
                         : -1;
        if (failed)
            printf("%u failed %d\n", id, failed);
        else
            expected++;
    }
    if (strcmp(word, "leave") != 0)
        take(resolver, expected);
    resolver_free(resolver);
    grants_free(grants);
    boxer_policy_free(policy);
    return 0;
}
