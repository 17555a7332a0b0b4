// Memory and messages.
#include "shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct psh_state psh;

void *psh_room(size_t size) {
    void *room = calloc(1, size);
    if (!room) {
        static const char text[] = "sh: no memory left\n";
        write(2, text, sizeof text - 1);
        _exit(2);
    }
    return room;
}

char *psh_copy(const char *text, size_t length) {
    char *copy = psh_room(length + 1);
    memcpy(copy, text, length);
    return copy;
}

void psh_add(struct psh_words *words, char *item) {
    if ((words->count & (words->count + 1)) == 0 || !words->items) { // grows at 1, 3, 7, 15..
        char **items = psh_room((2 * words->count + 3) * sizeof *items);
        if (words->items)
            memcpy(items, words->items, words->count * sizeof *items);
        words->items = items;
    }
    words->items[words->count++] = item;
    words->items[words->count] = NULL;
}

static void say(const char *format, va_list arguments) {
    fflush(stdout);
    if (psh.line) // of a script: a tool names itself
        fprintf(stderr, "%s: %d: ", psh.name, psh.line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void psh_warn(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void psh_fail(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    psh.status = status;
    psh.leaving = PSH_EXIT;
}

// What a special builtin cannot do ends a script of dash's, and is a status in bash.
int psh_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    if (psh.bash)
        return 1;
    psh.leaving = PSH_EXIT;
    return psh.status = 2;
}

void psh_refuse(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    psh.status = 126;
    psh.leaving = PSH_EXIT;
}
