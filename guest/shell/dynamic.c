// Variables that have a value without anyone setting them. All but LINENO are bash's.
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static char text[256];

static const char *number(long long value) {
    snprintf(text, sizeof text, "%lld", value);
    return text;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static const char *random_number(void) {
    unsigned short value = 0;
    getrandom(&value, sizeof value, 0);
    return number(value & 32767);
}

static const char *host(void) {
    return gethostname(text, sizeof text) < 0 ? NULL : text;
}

// The number in the brackets, 0 without them.
static long long index_of(const char *name) {
    size_t length = psh_name_length(name);
    if (!name[length])
        return 0;
    return psh_arithmetic(
        psh_expand_document(psh_copy(name + length + 1, strlen(name + length) - 2)));
}

static const char *element(const char *name, const struct psh_words *list) {
    long long index = index_of(name);
    index += index < 0 ? (long long)list->count : 0;
    return index >= 0 && index < (long long)list->count ? list->items[index] : NULL;
}

// What is below the function or the file that runs is not kept.
static const char *only_first(const char *name, const char *value) {
    if (!index_of(name))
        return value;
    psh_refuse("${%s} is bash's, and not understood here", name);
    return NULL;
}

static const char *status_of_part(const char *name) {
    struct psh_words statuses = psh_pipe_statuses();
    return element(name, &statuses);
}

static int is_named(const char *name, const char *wanted) {
    size_t length = psh_name_length(name);
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

// What is left out would otherwise pass for an empty text.
static const char *refuse(const char *name) {
    static const char *const names[] = {"BASH_LINENO", "BASH_COMMAND", "BASH_VERSINFO",
                                        "DIRSTACK",    "BASH_ARGV",    "COPROC"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], psh_name_length(name)) == 0 && !names[i][psh_name_length(name)])
            psh_refuse("$%s is bash's, and not understood here", name);
    return NULL;
}

void psh_restart_seconds(const char *value) {
    psh.started = now() - strtoll(value, NULL, 10);
}

// Those whose value changes by itself, whatever has been assigned.
const char *psh_changing(const char *name) {
    if (strcmp(name, "LINENO") == 0)
        return number(psh.line);
    if (psh.bash && strcmp(name, "SECONDS") == 0)
        return number(now() - psh.started);
    return psh.bash && strcmp(name, "RANDOM") == 0 ? random_number() : NULL;
}

// Null: there is none of this name.
const char *psh_given(const char *name) {
    if (is_named(name, "BASH_SOURCE"))
        return only_first(name, psh.source);
    if (is_named(name, "BASH_REMATCH"))
        return element(name, &psh.matches);
    if (is_named(name, "FUNCNAME"))
        return only_first(name, psh.function);
    if (is_named(name, "PIPESTATUS"))
        return status_of_part(name);
    if (!psh.bash)
        return NULL;
    if (strcmp(name, "BASHPID") == 0)
        return number(getpid());
    if (strcmp(name, "UID") == 0)
        return number(getuid());
    if (strcmp(name, "EUID") == 0)
        return number(geteuid());
    if (strcmp(name, "HOSTNAME") == 0)
        return host();
    return strcmp(name, "BASH_VERSION") == 0 ? "5.2.0(1)-release" : refuse(name);
}
