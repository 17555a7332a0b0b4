// What bash's ${name^^}, ${name/a/b} and ${name:1:2} make of a value. Characters are bytes.
#include "shell.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

char *psh_change_case(const char *value, int up, int all) {
    char *text = psh_copy(value, strlen(value));
    for (char *at = text; *at && (all || at == text); at++)
        *at = (char)(up ? toupper((unsigned char)*at) : tolower((unsigned char)*at));
    return text;
}

// How much of the begin of `text` matches, the most there is. -1: none of it.
static long matched(const char *text, const char *pattern) {
    for (size_t length = strlen(text) + 1; length-- > 0;)
        if (fnmatch(pattern, psh_copy(text, length), 0) == 0)
            return (long)length;
    return -1;
}

static char *joined(const char *head, size_t length, const char *by, const char *tail) {
    char *text = psh_room(length + strlen(by) + strlen(tail) + 1);
    memcpy(text, head, length);
    strcat(text, by);
    return strcat(text, tail);
}

// where: 0 the first match, `/` all, `#` at the begin, `%` at the end.
char *psh_replace(const char *value, const char *pattern, char where, const char *by) {
    char *done = "";
    for (const char *at = value;; at++) {
        if (where == '%' && fnmatch(pattern, at, 0) == 0)
            return joined(value, at - value, by, "");
        long length = where == '%' ? -1 : matched(at, pattern);
        if (length > 0 || (where == '#' && length == 0)) {
            if (where != '/')
                return joined(value, at - value, by, at + length);
            done = joined(done, strlen(done), by, "");
            at += length - 1;
        } else if (*at) {
            done = joined(done, strlen(done), psh_copy(at, 1), "");
        }
        if (!*at || where == '#')
            return where == '/' ? done : psh_copy(value, strlen(value));
    }
}

// A negative start or length counts from the end. Null: the end lies before the start.
char *psh_slice(const char *value, long long from, const long long *length) {
    long long size = (long long)strlen(value), start = from < 0 ? size + from : from;
    if (start < 0 || start > size)
        return "";
    long long stop = !length ? size : *length < 0 ? size + *length : start + *length;
    if (stop < start)
        return NULL;
    return psh_copy(value + start, (stop > size ? size : stop) - start);
}
