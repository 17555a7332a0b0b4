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

static int is_fields(const char *name) {
    return psh_list(name, &(struct psh_words){0}) == '@';
}

static void put_alternative(struct text *out, const char *name, char kind, int colon,
                            const char *at, const char *end, int quoted) {
    const char *value = psh_value_or_list(name);
    int there = value && (!colon || *value);
    if (kind == '+' ? there : (!there && kind == '-'))
        psh_walk(out, at, end, quoted);
    else if (kind == '+' && quoted && psh.bash && !out->length && is_fields(name))
        out->quotes = 0; // no field, as of the list itself
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
static void put_some(struct text *out, const char *name, long long from, const long long *length,
                     int quoted) {
    struct psh_words some = {0};
    long long count = (long long)psh.arguments.count, stop = count + 1;
    if (name[1]) {
        psh_list_from(name, from, length, &some);
        psh_put_list(out, &some, psh_list(name, &(struct psh_words){0}), quoted);
        return;
    }
    from = from < 0 ? count + 1 + from : from;
    if (length && *length < 0)
        psh_fail(1, "${%s:..}: a length below 0", name);
    if (length && from + *length < stop)
        stop = from + *length;
    for (long long i = from < 0 ? stop : from; i < stop; i++)
        psh_add(&some, i ? psh.arguments.items[i - 1] : psh.name);
    psh_put_list(out, &some, *name, quoted);
}

// ${name:from} and ${name:from:length}; at: behind the colon.
static void put_slice(struct text *out, const char *name, const char *at, const char *end,
                      int quoted) {
    const char *colon = find(at, end, ":");
    long long from = evaluated(at, colon), length = colon < end ? evaluated(colon + 1, end) : 0;
    const long long *given = colon < end ? &length : NULL;
    if (psh_list(name, &(struct psh_words){0})) {
        put_some(out, name, from, given, quoted);
        return;
    }
    const char *value = psh_slice(value_or_nothing(name), from, given);
    if (!value)
        psh_fail(1, "${%s:..}: its end lies before its start", name);
    psh_put_all(out, value, quoted);
}

// What is made of a value, or of each one of a list.
struct change {
    char kind;           // the character that stands for it
    int doubled;         // and again
    const char *pattern; // of # % /
    char where;          // of /
    const char *by;
};

static char *changed(const char *value, const struct change *change) {
    switch (change->kind) {
    case '/':
        return psh_replace(value, change->pattern, change->where, change->by);
    case '#':
    case '%':
        return without(value, change->pattern, change->kind == '%', change->doubled);
    default:
        return psh_change_case(value, change->kind == '^', change->doubled);
    }
}

static void put_changed(struct text *out, const char *name, const struct change *change,
                        int quoted) {
    struct psh_words list = {0}, made = {0};
    char mark = psh_list(name, &list);
    if (mark && (psh.bash || name[1])) {
        for (size_t i = 0; i < list.count; i++)
            psh_add(&made, changed(list.items[i], change));
        psh_put_list(out, &made, mark, quoted);
        return;
    }
    const char *value = psh_value_or_list(name);
    if (!value)
        psh_check_set(name);
    if (!psh.leaving)
        psh_put_all(out, changed(value ? value : "", change), quoted);
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
    struct change change = {.kind = '/', .pattern = psh_pattern_of(at, slash), .where = where};
    change.by = by.length ? by.characters : "";
    put_changed(out, name, &change, quoted);
}

// What only bash has. 0: this is not of it.
static int put_modified(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    int all = at + 1 < end && at[1] == *at;
    if (*at == '/')
        put_replaced(out, name, at + 1, end, quoted);
    else if ((*at == '^' || *at == ',') && at + 1 + all == end)
        put_changed(out, name, &(struct change){.kind = *at, .doubled = all}, quoted);
    else
        return 0;
    return 1;
}

// The name that `${!name..}` has as its value. Null: said.
static char *named_by(const char *name) {
    const char *value = psh_parameter(name);
    size_t length = value ? psh_parameter_length(value) : 0;
    if (length && (!value[length] || psh_is_element(value)))
        return psh_copy(value, strlen(value));
    psh_fail(1, "${!%s..}: its value is not the name of a variable", name);
    return NULL;
}

static void put_length(struct text *out, const char *name, int quoted) {
    struct psh_words list = {0};
    int is_list = psh_list(name, &list);
    const char *value = is_list ? "" : psh_parameter(name);
    if (!value)
        psh_check_set(name);
    size_t length = is_list ? list.count : value ? strlen(value) : 0;
    psh_put_all(out, psh_decimal((long long)length), quoted);
}

static void put_without(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    int doubled = at[1] == *at;
    struct change change = {.kind = *at, .doubled = doubled};
    change.pattern = psh_pattern_of(at + 1 + doubled, end);
    put_changed(out, name, &change, quoted);
}

// Of a parameter and, behind a name, of the brackets of an element.
static size_t place_length(const char *at) {
    size_t length = psh_parameter_length(at);
    return psh_name_length(at) ? length + psh_subscript_length(at + length) : length;
}

// The parameter of `${..}`; *at goes on behind it. Null: said.
static char *read_parameter(const char **at) {
    int indirect = **at == '!' && psh_name_length(*at + 1);
    const char *start = *at + indirect;
    *at = start + place_length(start);
    char *name = psh_copy(start, *at - start);
    return indirect ? named_by(name) : name;
}

// ${!name[@]}: 0: it is not.
static int put_keys(struct text *out, const char *at, const char *end, int quoted) {
    struct psh_words keys = {0};
    if (*at != '!' || at + 1 + place_length(at + 1) != end)
        return 0;
    char mark = psh_list_keys(psh_copy(at + 1, end - at - 1), &keys);
    if (mark)
        psh_put_list(out, &keys, mark, quoted);
    return mark != 0;
}

// at: behind `${`; end: at its `}`.
void psh_put_braces(struct text *out, const char *at, const char *end, int quoted) {
    if (*at == '#' && place_length(at + 1) && at + 1 + place_length(at + 1) == end) {
        put_length(out, psh_copy(at + 1, end - at - 1), quoted);
        return;
    }
    if (put_keys(out, at, end, quoted))
        return;
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
        psh_fail(psh.bash ? 1 : 2, "bad substitution: this shell has no such use of `${%s..}`",
                 name);
}
