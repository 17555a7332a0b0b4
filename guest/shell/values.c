// What a parameter has as its value.
#include "text.h"

#include "shell.h"

#include "builtins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *psh_ifs(void) {
    const char *value = psh_get("IFS");
    return value ? value : " \t\n";
}

// "$@" and $@ are fields of their own, "$*" is one.
void psh_put_list(struct text *out, const struct psh_words *list, char name, int quoted) {
    const char *separator = psh_ifs();
    if (quoted && name == '@' && !list->count && !out->length)
        out->quotes = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i && quoted && name == '*' && *separator)
            psh_put(out, *separator, QUOTED);
        else if (i && !(quoted && name == '*'))
            psh_put(out, 0, BREAK);
        if (quoted && name == '@' && !list->items[i][0])
            out->quotes = 1;
        psh_put_all(out, list->items[i], quoted);
    }
}

static char numbers[24];

const char *psh_decimal(long long value) {
    snprintf(numbers, sizeof numbers, "%lld", value);
    return numbers;
}

const char *psh_parameter(const char *name) {
    if (name[0] >= '0' && name[0] <= '9') {
        size_t index = strtoul(name, NULL, 10);
        if (!index)
            return psh.name;
        return index <= psh.arguments.count ? psh.arguments.items[index - 1] : NULL;
    }
    if (name[1]) {
        const char *value = psh_changing(name);
        value = value ? value : psh_get(name);
        return value || psh.leaving ? value : psh_given(name);
    }
    switch (*name) {
    case '?':
        return psh_decimal(psh.status);
    case '#':
        return psh_decimal((long long)psh.arguments.count);
    case '$':
        return psh_decimal(psh.process);
    case '-':
        return psh_option_letters();
    case '!':
        return psh.background ? psh_decimal(psh.background) : NULL;
    default:
        return psh_get(name);
    }
}

static char *joined(const struct psh_words *list) {
    struct text out = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (i && *psh_ifs())
            psh_put(&out, *psh_ifs(), QUOTED);
        psh_put_all(&out, list->items[i], 1);
    }
    return out.characters ? out.characters : "";
}

const char *psh_value_or_list(const char *name) {
    struct psh_words list = {0};
    if (psh_list(name, &list))
        return list.count ? joined(&list) : NULL;
    return psh_parameter(name);
}

void psh_check_set(const char *name) {
    struct psh_words list = {0};
    if (psh.nounset && !psh.leaving && !psh_list(name, &list))
        psh_fail(psh.bash ? 1 : 2, "%s: parameter not set", name);
}

void psh_put_value(struct text *out, const char *name, int quoted) {
    struct psh_words list = {0};
    char mark = psh_list(name, &list);
    if (mark) {
        psh_put_list(out, &list, mark, quoted);
        return;
    }
    const char *value = psh_parameter(name);
    if (!value)
        psh_check_set(name);
    psh_put_all(out, value, quoted);
}

size_t psh_parameter_length(const char *at) {
    if (*at >= '0' && *at <= '9')
        return strspn(at, "0123456789");
    if (*at && strchr("@*#?-$!", *at))
        return 1;
    return psh_name_length(at);
}
