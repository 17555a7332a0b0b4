// Words here are ours, canonical names, addresses, and spellings that were looked at: none needs an
// escape, in JSON or before a terminal.
#define _GNU_SOURCE
#include "telling.h"
#include "addresses.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_TOLD = 2048 };

struct text {
    char bytes[LONGEST_TOLD];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
    va_list values;
    va_start(values, format);
    size_t room = sizeof text->bytes - text->size;
    int size = vsnprintf(text->bytes + text->size, room, format, values);
    va_end(values);
    if (size > 0)
        text->size += (size_t)size < room ? (size_t)size : room - 1;
}

// `TCP to api.example.com (192.0.2.7) port 443`.
static void add_target(struct text *text, const struct decision *decision) {
    char address[ADDRESS_TEXT];
    const char *host = decision->host;
    if (!decision->address) {
        if (host)
            add(text, "the name %s", host);
        else
            add(text, "another connection");
        return;
    }
    address_text(decision->address, address);
    if (!decision->protocol) {
        add(text, "%s as an address of %s", address, host ? host : "nothing");
        return;
    }
    add(text, "%s to %s", strcmp(decision->protocol, "udp") == 0 ? "UDP" : "TCP",
        host ? host : address);
    if (host)
        add(text, " (%s)", address);
    add(text, " port %u", decision->address->port);
}

static uint64_t hash_of(const struct text *text) {
    uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (size_t i = 0; i < text->size; i++)
        hash = (hash ^ (uint8_t)text->bytes[i]) * 0x100000001b3;
    return hash;
}

static int is_new(struct telling *telling, uint64_t hash) {
    for (unsigned i = 0; i < telling->told_count; i++)
        if (telling->told[i] == hash)
            return 0;
    if (telling->told_count < MOST_TOLD)
        telling->told[telling->told_count++] = hash;
    return 1;
}

static void say(struct telling *telling, const struct text *text) {
    if (telling->tell)
        telling->tell(telling->state, text->bytes, text->size);
}

static void tell_refusal(struct telling *telling, const struct decision *decision) {
    struct text text = {.size = 0};
    if (telling->is_silent)
        return;
    add(&text, "boxer: refused: ");
    add_target(&text, decision);
    if (!is_new(telling, hash_of(&text)))
        return;
    add(&text, ": %s", decision->reason);
    if (decision->option)
        add(&text, "; to allow it: %s", decision->option);
    add(&text, "\n");
    say(telling, &text);
    if (telling->told_count == MOST_TOLD) {
        struct text last = {.size = 0};
        add(&last, "boxer: refused: more than %d targets; no more are named\n", MOST_TOLD);
        say(telling, &last);
        telling->is_silent = 1;
    }
}

static void add_member(struct text *text, const char *name, const char *value) {
    if (value)
        add(text, ",\"%s\":\"%s\"", name, value);
}

static void add_json(struct text *text, const struct decision *decision) {
    struct timespec now;
    struct tm utc;
    char address[ADDRESS_TEXT];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    add(text, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"decision\":\"%s\"",
        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
        now.tv_nsec / 1000000, decision->reason ? "refused" : "allowed");
    add_member(text, "what", decision->what);
    add_member(text, "protocol", decision->protocol);
    add_member(text, "host", decision->host);
    if (decision->address) {
        address_text(decision->address, address);
        add_member(text, "address", address);
        if (decision->protocol)
            add(text, ",\"port\":%u", decision->address->port);
    }
    if (decision->box_port)
        add(text, ",\"box_port\":%u", decision->box_port);
    if (decision->ended)
        add(text, ",\"sent\":%" PRIu64 ",\"received\":%" PRIu64, decision->ended[0],
            decision->ended[1]);
    add_member(text, "rule", decision->rule);
    add_member(text, "reason", decision->reason);
    add_member(text, "option", decision->option);
    add(text, "}\n");
}

// A line goes out in one write: a file opened for appending may be shared by machines.
static int write_line(const struct telling *telling, const struct text *text, uint64_t *left) {
    if (text->size > *left)
        return -1;
    ssize_t written;
    while ((written = write(telling->log, text->bytes, text->size)) < 0 && errno == EINTR)
        continue;
    *left -= text->size;
    return written == (ssize_t)text->size ? 0 : -1;
}

int tell_decision(struct telling *telling, const struct decision *decision) {
    if (decision->reason)
        tell_refusal(telling, decision);
    if (telling->log < 0)
        return 0;
    struct text text = {.size = 0};
    add_json(&text, decision);
    if (!telling->has_failed && write_line(telling, &text, &telling->log_left) == 0)
        return 0;
    if (!telling->has_failed) {
        struct text last = {.size = 0};
        add(&last, "boxer: the log of the network is full or cannot be written: from now on "
                   "nothing new is allowed\n");
        say(telling, &last);
    }
    telling->has_failed = 1;
    return -1;
}

void tell_course(struct telling *telling, const struct decision *decision) {
    struct text text = {.size = 0}, last = {.size = 0};
    if (telling->log < 0 || telling->has_failed || telling->course_ended)
        return;
    add_json(&text, decision);
    if (write_line(telling, &text, &telling->course_left) == 0)
        return;
    telling->course_ended = 1;
    add(&last, "boxer: the log of the network is full or cannot be written: from now on it does "
               "not say who comes in, nor how connections end\n");
    say(telling, &last);
}
