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

// BASH_REMATCH, or an element of it.
static const char *matched(const char *name) {
    size_t index = name[12] == '[' ? strtoul(name + 13, NULL, 10) : 0;
    return index < psh.matches.count ? psh.matches.items[index] : NULL;
}

// What is left out would otherwise pass for an empty text.
static const char *refuse(const char *name) {
    static const char *const names[] = {"BASH_LINENO", "BASH_COMMAND", "BASH_VERSINFO",
                                        "DIRSTACK",    "BASH_ARGV",    "COPROC"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
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
    if (psh.bash && strcmp(name, "PIPESTATUS") == 0)
        return psh_element("PIPESTATUS[0]");
    if (psh.bash && strcmp(name, "SECONDS") == 0)
        return number(now() - psh.started);
    return psh.bash && strcmp(name, "RANDOM") == 0 ? random_number() : NULL;
}

// Null: there is none of this name.
const char *psh_given(const char *name) {
    if (strcmp(name, "BASH_SOURCE") == 0)
        return psh.source;
    if (strncmp(name, "BASH_REMATCH", 12) == 0)
        return matched(name);
    if (strcmp(name, "FUNCNAME") == 0)
        return psh.function;
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
