// Raw words to fields: tilde, parameters, commands, arithmetic, splitting, patterns, quotes
// (XCU 2.6), in one walk over the word that marks where each character comes from.
#include "shell.h"

#include <fnmatch.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mark { LITERAL, QUOTED, RESULT, BREAK }; // RESULT: of an expansion outside of quotes

struct text {
    char *characters, *marks;
    size_t length, size;
    int quotes; // there were some: an empty field counts
};

static void walk(struct text *out, const char *at, const char *end, int quoted);

static void put(struct text *out, char character, enum mark mark) {
    if (out->length + 1 >= out->size) {
        size_t size = out->size ? 2 * out->size : 64;
        char *characters = psh_room(size), *marks = psh_room(size);
        if (out->length) {
            memcpy(characters, out->characters, out->length);
            memcpy(marks, out->marks, out->length);
        }
        out->characters = characters;
        out->marks = marks;
        out->size = size;
    }
    out->characters[out->length] = character;
    out->marks[out->length++] = mark;
    out->characters[out->length] = 0;
}

static void put_all(struct text *out, const char *text, int quoted) {
    for (; text && *text; text++)
        put(out, *text, quoted ? QUOTED : RESULT);
}

static const char *ifs(void) {
    const char *value = psh_get("IFS");
    return value ? value : " \t\n";
}

// "$@" and $@ are fields of their own, "$*" is one.
static void put_arguments(struct text *out, char name, int quoted) {
    const char *separator = ifs();
    if (quoted && name == '@' && !psh.arguments.count && !out->length)
        out->quotes = 0;
    for (size_t i = 0; i < psh.arguments.count; i++) {
        if (i && quoted && name == '*' && *separator)
            put(out, *separator, QUOTED);
        else if (i && !(quoted && name == '*'))
            put(out, 0, BREAK);
        if (quoted && name == '@' && !psh.arguments.items[i][0])
            out->quotes = 1;
        put_all(out, psh.arguments.items[i], quoted);
    }
}

static char numbers[24];

static const char *number(long long value) {
    snprintf(numbers, sizeof numbers, "%lld", value);
    return numbers;
}

static const char *options(void) {
    static char letters[8];
    snprintf(letters, sizeof letters, "%s%s%s%s", psh.errexit ? "e" : "", psh.noglob ? "f" : "",
             psh.nounset ? "u" : "", psh.xtrace ? "x" : "");
    return letters;
}

const char *psh_parameter(const char *name) {
    if (name[0] >= '0' && name[0] <= '9') {
        size_t index = strtoul(name, NULL, 10);
        if (!index)
            return psh.name;
        return index <= psh.arguments.count ? psh.arguments.items[index - 1] : NULL;
    }
    if (name[1])
        return psh_get(name);
    switch (*name) {
    case '?':
        return number(psh.status);
    case '#':
        return number((long long)psh.arguments.count);
    case '$':
        return number(getpid());
    case '-':
        return options();
    case '!':
        return NULL;
    default:
        return psh_get(name);
    }
}

static char *joined_arguments(void) {
    struct text out = {0};
    for (size_t i = 0; i < psh.arguments.count; i++) {
        if (i && *ifs())
            put(&out, *ifs(), QUOTED);
        put_all(&out, psh.arguments.items[i], 1);
    }
    return out.characters ? out.characters : "";
}

static const char *value_or_arguments(const char *name) {
    if ((*name == '@' || *name == '*') && !name[1])
        return psh.arguments.count ? joined_arguments() : NULL;
    return psh_parameter(name);
}

static void check_set(const char *name) {
    if (psh.nounset && !psh.leaving && !strchr("@*", *name))
        psh_fail(2, "%s: parameter not set", name);
}

static char *text_of(const char *at, const char *end) {
    struct text out = {0};
    walk(&out, at, end, 0);
    return out.characters ? out.characters : "";
}

// Quoted characters of a pattern stand for themselves.
static char *escaped(const struct text *text) {
    char *pattern = psh_room(2 * text->length + 1), *out = pattern;
    for (size_t i = 0; i < text->length; i++) {
        if (text->marks[i] == QUOTED && strchr("*?[]\\-!^", text->characters[i]))
            *out++ = '\\';
        *out++ = text->characters[i];
    }
    return pattern;
}

static char *pattern_of(const char *at, const char *end) {
    struct text out = {0};
    walk(&out, at, end, 0);
    return escaped(&out);
}

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

static void put_value(struct text *out, const char *name, int quoted) {
    if ((*name == '@' || *name == '*') && !name[1]) {
        put_arguments(out, *name, quoted);
        return;
    }
    const char *value = psh_parameter(name);
    if (!value)
        check_set(name);
    put_all(out, value, quoted);
}

static void put_alternative(struct text *out, const char *name, char kind, int colon,
                            const char *at, const char *end, int quoted) {
    const char *value = value_or_arguments(name);
    int there = value && (!colon || *value);
    if (kind == '+' ? there : (!there && kind == '-'))
        walk(out, at, end, quoted);
    else if (kind == '+')
        ;
    else if (there)
        put_value(out, name, quoted);
    else if (kind == '=') {
        psh_set(name, text_of(at, end));
        put_all(out, psh_get(name), quoted);
    } else {
        char *message = text_of(at, end);
        psh_fail(2, "%s: %s", name, *message ? message : "parameter not set");
    }
}

static size_t parameter_length(const char *at) {
    if (*at >= '0' && *at <= '9')
        return strspn(at, "0123456789");
    if (*at && strchr("@*#?-$!", *at))
        return 1;
    return psh_name_length(at);
}

// at: behind `${`; end: at its `}`.
static void put_braces(struct text *out, const char *at, const char *end, int quoted) {
    if (*at == '#' && parameter_length(at + 1) && at + 1 + parameter_length(at + 1) == end) {
        char *name = psh_copy(at + 1, end - at - 1);
        const char *value = value_or_arguments(name);
        if (!value)
            check_set(name);
        int list = *name == '@' || *name == '*';
        put_all(out,
                number(list    ? (long long)psh.arguments.count
                       : value ? (long long)strlen(value)
                               : 0),
                quoted);
        return;
    }
    size_t length = parameter_length(at);
    char *name = psh_copy(at, length);
    at += length;
    int colon = *at == ':' && at < end, doubled;
    at += colon;
    if (length && at == end && !colon) {
        put_value(out, name, quoted);
    } else if (length && at < end && strchr("-=?+", *at)) {
        put_alternative(out, name, *at, colon, at + 1, end, quoted);
    } else if (length && at < end && !colon && strchr("%#", *at)) {
        const char *value = value_or_arguments(name);
        if (!value)
            check_set(name);
        doubled = at[1] == *at;
        char *pattern = pattern_of(at + 1 + doubled, end);
        put_all(out, without(value ? value : "", pattern, *at == '%', doubled), quoted);
    } else {
        psh_fail(2, "bad substitution: this use of `${%s..}` is not of a POSIX shell", name);
    }
}

static void put_output(struct text *out, const char *script, int quoted) {
    put_all(out, psh_output_of(script), quoted);
}

static void put_backquotes(struct text *out, const char *at, const char *end, int quoted) {
    char *script = psh_room(end - at + 1), *next = script;
    for (; at < end; at++) {
        if (*at == '\\' && at + 1 < end && strchr(quoted ? "$`\\\"" : "$`\\", at[1]))
            at++;
        *next++ = *at;
    }
    put_output(out, script, quoted);
}

static const char *put_dollar(struct text *out, const char *at, int quoted) {
    const char *end = psh_skip_dollar(at);
    if (*at == '`') {
        put_backquotes(out, at + 1, end - 1, quoted);
    } else if (at[1] == '(' && at[2] == '(' && end[-2] == ')') {
        put_all(out, number(psh_arithmetic(psh_expand_document(psh_copy(at + 3, end - at - 5)))),
                quoted);
    } else if (at[1] == '(') {
        put_output(out, psh_copy(at + 2, end - at - 3), quoted);
    } else if (at[1] == '{') {
        put_braces(out, at + 2, end - 1, quoted);
    } else {
        size_t length = parameter_length(at + 1);
        if (at[1] >= '0' && at[1] <= '9')
            length = 1;
        if (length)
            put_value(out, psh_copy(at + 1, length), quoted);
        else
            put(out, '$', quoted ? QUOTED : LITERAL);
        return at + 1 + length;
    }
    return end;
}

static const char *put_double_quotes(struct text *out, const char *at) {
    const char *end = psh_skip_quotes(at);
    out->quotes = 1;
    walk(out, at + 1, end - 1, 1);
    return end;
}

static const char *put_single_quotes(struct text *out, const char *at) {
    out->quotes = 1;
    for (at++; *at && *at != '\''; at++)
        put(out, *at, QUOTED);
    return *at ? at + 1 : at;
}

static const char *put_backslash(struct text *out, const char *at, const char *end, int quoted) {
    if (at + 1 >= end)
        put(out, '\\', QUOTED);
    else if (at[1] == '\n')
        ;
    else if (quoted && !strchr("$`\"\\", at[1]))
        put(out, '\\', QUOTED), put(out, at[1], QUOTED);
    else
        put(out, at[1], QUOTED);
    return at + 2;
}

static const char *put_tilde(struct text *out, const char *at, const char *end) {
    const char *stop = at + 1;
    while (stop < end && !strchr("/:", *stop))
        stop++;
    struct passwd *entry = stop > at + 1 ? getpwnam(psh_copy(at + 1, stop - at - 1)) : NULL;
    const char *home = stop == at + 1 ? psh_get("HOME") : entry ? entry->pw_dir : NULL;
    if (!home)
        return put(out, '~', LITERAL), at + 1;
    put_all(out, home, 1);
    return stop;
}

static void walk(struct text *out, const char *at, const char *end, int quoted) {
    const char *start = at;
    while (at < end && !psh.leaving) {
        if (*at == '\\')
            at = put_backslash(out, at, end, quoted);
        else if (*at == '$' || *at == '`')
            at = put_dollar(out, at, quoted);
        else if (*at == '"')
            at = put_double_quotes(out, at);
        else if (*at == '\'' && !quoted)
            at = put_single_quotes(out, at);
        else if (*at == '~' && !quoted && at == start)
            at = put_tilde(out, at, end);
        else
            put(out, *at, quoted ? QUOTED : LITERAL), at++;
    }
}

static void add_field(const struct text *field, struct psh_words *fields) {
    int wild = 0;
    for (size_t i = 0; i < field->length; i++)
        wild |= field->marks[i] != QUOTED && strchr("*?[", field->characters[i]) != NULL;
    glob_t found;
    if (wild && !psh.noglob && glob(escaped(field), 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            psh_add(fields, psh_copy(found.gl_pathv[i], strlen(found.gl_pathv[i])));
        globfree(&found);
        return;
    }
    psh_add(fields, field->characters ? psh_copy(field->characters, field->length) : "");
}

// XCU 2.6.5. White space of IFS ends a field once however long it is, another character each time.
static void split(const struct text *text, struct psh_words *fields) {
    const char *separators = ifs();
    struct text field = {0};
    int begun = 0, spaces = 0; // spaces: white space has ended the last field
    for (size_t i = 0; i < text->length; i++) {
        char character = text->characters[i], mark = text->marks[i];
        int separator = mark == RESULT && character && strchr(separators, character);
        int white = separator && strchr(" \t\n", character);
        if (mark == BREAK || separator) {
            if (begun || (!white && !spaces) || (mark == BREAK && text->quotes))
                add_field(&field, fields);
            spaces = white && (begun || spaces);
            begun = 0;
            field = (struct text){0};
        } else {
            put(&field, character, mark);
            begun = 1;
            spaces = 0;
        }
    }
    if (begun || (text->quotes && (!text->length || text->marks[text->length - 1] == BREAK)))
        add_field(&field, fields);
}

void psh_expand_word(const char *word, struct psh_words *fields) {
    struct text text = {0};
    walk(&text, word, word + strlen(word), 0);
    if (!psh.leaving)
        split(&text, fields);
}

char *psh_expand_text(const char *word) {
    return text_of(word, word + strlen(word));
}

char *psh_expand_pattern(const char *word) {
    return pattern_of(word, word + strlen(word));
}

// As within double quotes, but a double quote is an ordinary character.
char *psh_expand_document(const char *text) {
    struct text out = {0};
    const char *end = text + strlen(text);
    for (const char *at = text; at < end && !psh.leaving;) {
        if (*at == '\\' && at + 1 < end && at[1] == '"')
            put(&out, *at++, QUOTED), put(&out, *at++, QUOTED);
        else if (*at == '\\')
            at = put_backslash(&out, at, end, 1);
        else if (*at == '$' || *at == '`')
            at = put_dollar(&out, at, 1);
        else
            put(&out, *at++, QUOTED);
    }
    return out.characters ? out.characters : "";
}
