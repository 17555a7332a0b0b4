// ${..}: a parameter, and what is made of its value.
#include "text.h"

#include "shell.h"

#include <fnmatch.h>
#include <string.h>

// ${name%pattern} and its three sisters.
static char *without(const char *value, const char *pattern, int suffix, int longest) {
    size_t length = strlen(value);
    for (size_t i = 0; i <= length; i++) {
        size_t cut = suffix == longest ? i : length - i;
        char *part = suffix ? psh_copy(value + cut, length - cut) : psh_copy(value, cut);
        if (fnmatch(pattern, part, 0) == 0)
            return suffix ? psh_copy(value, cut) : psh_copy(value + cut, length - cut);
    }
    return psh_copy(value, length);
}

static void put_alternative(struct text *out, const char *name, char kind, int colon,
                            const char *at, const char *end, int quoted) {
    const char *value = psh_value_or_arguments(name);
    int there = value && (!colon || *value);
    if (kind == '+' ? there : (!there && kind == '-'))
        psh_walk(out, at, end, quoted);
    else if (kind == '+')
        ;
    else if (there)
        psh_put_value(out, name, quoted);
    else if (kind == '=') {
        psh_set(name, psh_text_of(at, end));
        psh_put_all(out, psh_get(name), quoted);
    } else {
        char *message = psh_text_of(at, end);
        psh_fail(psh.bash ? 1 : 2, "%s: %s", name, *message ? message : "parameter not set");
    }
}

// The first of these characters outside of quotes and expansions, or the end.
static const char *find(const char *at, const char *end, const char *wanted) {
    while (at < end && !strchr(wanted, *at)) {
        if (*at == '\\')
            at += 2;
        else if (*at == '\'' || *at == '"')
            at = psh_skip_quotes(at);
        else
            at = *at == '$' || *at == '`' ? psh_skip_dollar(at) : at + 1;
    }
    return at < end ? at : end;
}

static const char *value_or_nothing(const char *name) {
    const char *value = psh_parameter(name);
    if (!value)
        psh_check_set(name);
    return value ? value : "";
}

static long long evaluated(const char *at, const char *end) {
    return psh_arithmetic(psh_expand_document(psh_copy(at, end - at)));
}

// ${@:2} and ${@:2:1}. Number 0 is $0.
static void put_some_arguments(struct text *out, char name, long long from, const long long *length,
                               int quoted) {
    struct psh_words some = {0};
    long long count = (long long)psh.arguments.count, stop = count + 1;
    from = from < 0 ? count + 1 + from : from;
    if (length && *length < 0)
        psh_fail(1, "${%c:..}: a length below 0", name);
    if (length && from + *length < stop)
        stop = from + *length;
    for (long long i = from < 0 ? stop : from; i < stop; i++)
        psh_add(&some, i ? psh.arguments.items[i - 1] : psh.name);
    psh_put_list(out, &some, name, quoted);
}

// ${name:from} and ${name:from:length}; at: behind the colon.
static void put_slice(struct text *out, const char *name, const char *at, const char *end,
                      int quoted) {
    const char *colon = find(at, end, ":");
    long long from = evaluated(at, colon), length = colon < end ? evaluated(colon + 1, end) : 0;
    const long long *given = colon < end ? &length : NULL;
    if (*name == '@' || *name == '*') {
        put_some_arguments(out, *name, from, given, quoted);
        return;
    }
    const char *value = psh_slice(value_or_nothing(name), from, given);
    if (!value)
        psh_fail(1, "${%s:..}: its end lies before its start", name);
    psh_put_all(out, value, quoted);
}

// ${name/pattern/text}; at: behind the first `/`. In bash 5.2 an unquoted `&` is what matched.
static void put_replaced(struct text *out, const char *name, const char *at, const char *end,
                         int quoted) {
    char where = at < end && strchr("/#%", *at) ? *at++ : 0;
    const char *slash = find(at, end, "/");
    struct text by = {0};
    if (slash < end)
        psh_walk(&by, slash + 1, end, 0);
    for (size_t i = 0; i < by.length; i++)
        if (by.characters[i] == '&' && !psh_is_quoted(&by, i))
            psh_fail(2, "`&` in ${%s/..} is not understood: write \\&", name);
    const char *value = value_or_nothing(name), *pattern = psh_pattern_of(at, slash);
    if (!psh.leaving)
        psh_put_all(out, psh_replace(value, pattern, where, by.length ? by.characters : ""),
                    quoted);
}

// What only bash has. 0: this is not of it.
static int put_modified(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    int list = *name == '@' || *name == '*', all = at + 1 < end && at[1] == *at;
    if (*at == '/' && !list)
        put_replaced(out, name, at + 1, end, quoted);
    else if ((*at == '^' || *at == ',') && !list && at + 1 + all == end)
        psh_put_all(out, psh_change_case(value_or_nothing(name), *at == '^', all), quoted);
    else
        return 0;
    return 1;
}

// The name that `${!name..}` has as its value. Null: said.
static char *named_by(const char *name) {
    const char *value = psh_parameter(name);
    if (value && psh_parameter_length(value) == strlen(value))
        return psh_copy(value, strlen(value));
    psh_fail(1, "${!%s..}: its value is not the name of a variable", name);
    return NULL;
}

static void put_length(struct text *out, const char *name, int quoted) {
    const char *value = psh_value_or_arguments(name);
    int list = *name == '@' || *name == '*';
    if (!value)
        psh_check_set(name);
    long long length = value ? (long long)strlen(value) : 0;
    psh_put_all(out, psh_decimal(list ? (long long)psh.arguments.count : length), quoted);
}

static void put_without(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    const char *value = psh_value_or_arguments(name);
    int doubled = at[1] == *at;
    if (!value)
        psh_check_set(name);
    char *pattern = psh_pattern_of(at + 1 + doubled, end);
    psh_put_all(out, without(value ? value : "", pattern, *at == '%', doubled), quoted);
}

// An element behind a name: number 0, which of what is no array is the value, and those of
// BASH_REMATCH.
static size_t element_length(const char *name, const char *at) {
    size_t digits = *at == '[' && psh_name_length(name) ? strspn(at + 1, "0123456789") : 0;
    if (!digits || at[1 + digits] != ']')
        return 0;
    int there = (digits == 1 && at[1] == '0') || strcmp(name, "BASH_REMATCH") == 0;
    return there ? digits + 2 : 0;
}

// The parameter of `${..}`; *at goes on behind it. Null: said.
static char *read_parameter(const char **at) {
    int indirect = **at == '!' && psh_name_length(*at + 1);
    const char *start = *at + indirect;
    size_t length = psh_parameter_length(start);
    char *name = psh_copy(start, length);
    size_t element = element_length(name, start + length);
    *at = start + length + element;
    if (strcmp(name, "BASH_REMATCH") == 0)
        name = psh_copy(start, length + element);
    return indirect ? named_by(name) : name;
}

// at: behind `${`; end: at its `}`.
void psh_put_braces(struct text *out, const char *at, const char *end, int quoted) {
    if (*at == '#' && psh_parameter_length(at + 1) &&
        at + 1 + psh_parameter_length(at + 1) == end) {
        put_length(out, psh_copy(at + 1, end - at - 1), quoted);
        return;
    }
    char *name = read_parameter(&at);
    if (!name)
        return;
    int colon = *at == ':' && at < end, more = *name && at + colon < end;
    at += colon;
    if (*name && at == end && !colon)
        psh_put_value(out, name, quoted);
    else if (more && strchr("-=?+", *at))
        put_alternative(out, name, *at, colon, at + 1, end, quoted);
    else if (more && !colon && strchr("%#", *at))
        put_without(out, name, at, end, quoted);
    else if (more && colon)
        put_slice(out, name, at, end, quoted);
    else if (!more || !put_modified(out, name, at, end, quoted))
        psh_fail(psh.bash ? 1 : 2, "bad substitution: this shell has no such use of `${%s..}`%s",
                 name, *at == '[' ? ", and no arrays" : "");
}
