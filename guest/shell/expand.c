// Raw words to fields: tilde, parameters, commands, arithmetic, splitting, patterns, quotes
// (XCU 2.6), in one walk over the word that marks where each character comes from.
#include "shell.h"

#include "process.h"

#include <fnmatch.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// RESULT: of an expansion outside of quotes. ESCAPED: behind a backslash outside of them.
enum mark { LITERAL, QUOTED, RESULT, BREAK, ESCAPED };

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
static void put_list(struct text *out, const struct psh_words *list, char name, int quoted) {
    const char *separator = ifs();
    if (quoted && name == '@' && !list->count && !out->length)
        out->quotes = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i && quoted && name == '*' && *separator)
            put(out, *separator, QUOTED);
        else if (i && !(quoted && name == '*'))
            put(out, 0, BREAK);
        if (quoted && name == '@' && !list->items[i][0])
            out->quotes = 1;
        put_all(out, list->items[i], quoted);
    }
}

static void put_arguments(struct text *out, char name, int quoted) {
    put_list(out, &psh.arguments, name, quoted);
}

static char numbers[24];

static const char *number(long long value) {
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
        return value ? value : psh_given(name);
    }
    switch (*name) {
    case '?':
        return number(psh.status);
    case '#':
        return number((long long)psh.arguments.count);
    case '$':
        return number(psh.process);
    case '-':
        return psh_option_letters();
    case '!':
        return psh.background ? number(psh.background) : NULL;
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
        psh_fail(psh.bash ? 1 : 2, "%s: parameter not set", name);
}

static char *text_of(const char *at, const char *end) {
    struct text out = {0};
    walk(&out, at, end, 0);
    return out.characters ? out.characters : "";
}

static int is_quoted(const struct text *text, size_t i) {
    return text->marks[i] == QUOTED || text->marks[i] == ESCAPED;
}

// Quoted characters of a pattern stand for themselves.
static char *escaped(const struct text *text) {
    char *pattern = psh_room(2 * text->length + 1), *out = pattern;
    for (size_t i = 0; i < text->length; i++) {
        if (is_quoted(text, i) && strchr("*?[]\\-!^", text->characters[i]))
            *out++ = '\\';
        *out++ = text->characters[i];
    }
    return pattern;
}

// Where a bracket expression of a regular expression ends: nothing is escaped in it.
static size_t behind_brackets(const struct text *text, size_t at) {
    const char *characters = text->characters;
    at += characters[at + 1] == '^' ? 2 : 1;
    for (size_t first = at; at < text->length; at++) {
        if (characters[at] == ']' && at > first)
            return at + 1;
        if (characters[at] == '[' && characters[at + 1] == ':')
            at += strcspn(characters + at, "]");
    }
    return at;
}

static char *regex_of(const struct text *text) {
    char *regex = psh_room(2 * text->length + 1), *out = regex;
    for (size_t i = 0; i < text->length;) {
        size_t stop = i + 1;
        if (text->characters[i] == '[' && !is_quoted(text, i))
            stop = behind_brackets(text, i);
        else if (text->marks[i] == ESCAPED ||
                 (text->marks[i] == QUOTED && strchr("[]\\.*+?(){}|^$", text->characters[i])))
            *out++ = '\\';
        else if (text->characters[i] == '\\' && stop < text->length)
            *out++ = text->characters[i++], stop++;
        while (i < stop)
            *out++ = text->characters[i++];
    }
    return regex;
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
        psh_fail(psh.bash ? 1 : 2, "%s: %s", name, *message ? message : "parameter not set");
    }
}

static size_t parameter_length(const char *at) {
    if (*at >= '0' && *at <= '9')
        return strspn(at, "0123456789");
    if (*at && strchr("@*#?-$!", *at))
        return 1;
    return psh_name_length(at);
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
        check_set(name);
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
    put_list(out, &some, name, quoted);
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
    put_all(out, value, quoted);
}

// ${name/pattern/text}; at: behind the first `/`. In bash 5.2 an unquoted `&` is what matched.
static void put_replaced(struct text *out, const char *name, const char *at, const char *end,
                         int quoted) {
    char where = at < end && strchr("/#%", *at) ? *at++ : 0;
    const char *slash = find(at, end, "/");
    struct text by = {0};
    if (slash < end)
        walk(&by, slash + 1, end, 0);
    for (size_t i = 0; i < by.length; i++)
        if (by.characters[i] == '&' && !is_quoted(&by, i))
            psh_fail(2, "`&` in ${%s/..} is not understood: write \\&", name);
    const char *value = value_or_nothing(name), *pattern = pattern_of(at, slash);
    if (!psh.leaving)
        put_all(out, psh_replace(value, pattern, where, by.length ? by.characters : ""), quoted);
}

// What only bash has. 0: this is not of it.
static int put_modified(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    int list = *name == '@' || *name == '*', all = at + 1 < end && at[1] == *at;
    if (*at == '/' && !list)
        put_replaced(out, name, at + 1, end, quoted);
    else if ((*at == '^' || *at == ',') && !list && at + 1 + all == end)
        put_all(out, psh_change_case(value_or_nothing(name), *at == '^', all), quoted);
    else
        return 0;
    return 1;
}

// The name that `${!name..}` has as its value. Null: said.
static char *named_by(const char *name) {
    const char *value = psh_parameter(name);
    if (value && parameter_length(value) == strlen(value))
        return psh_copy(value, strlen(value));
    psh_fail(1, "${!%s..}: its value is not the name of a variable", name);
    return NULL;
}

static void put_length(struct text *out, const char *name, int quoted) {
    const char *value = value_or_arguments(name);
    int list = *name == '@' || *name == '*';
    if (!value)
        check_set(name);
    long long length = value ? (long long)strlen(value) : 0;
    put_all(out, number(list ? (long long)psh.arguments.count : length), quoted);
}

static void put_without(struct text *out, const char *name, const char *at, const char *end,
                        int quoted) {
    const char *value = value_or_arguments(name);
    int doubled = at[1] == *at;
    if (!value)
        check_set(name);
    char *pattern = pattern_of(at + 1 + doubled, end);
    put_all(out, without(value ? value : "", pattern, *at == '%', doubled), quoted);
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
    size_t length = parameter_length(start);
    char *name = psh_copy(start, length);
    size_t element = element_length(name, start + length);
    *at = start + length + element;
    if (strcmp(name, "BASH_REMATCH") == 0)
        name = psh_copy(start, length + element);
    return indirect ? named_by(name) : name;
}

// at: behind `${`; end: at its `}`.
static void put_braces(struct text *out, const char *at, const char *end, int quoted) {
    if (*at == '#' && parameter_length(at + 1) && at + 1 + parameter_length(at + 1) == end) {
        put_length(out, psh_copy(at + 1, end - at - 1), quoted);
        return;
    }
    char *name = read_parameter(&at);
    if (!name)
        return;
    int colon = *at == ':' && at < end, more = *name && at + colon < end;
    at += colon;
    if (*name && at == end && !colon)
        put_value(out, name, quoted);
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

// $'..'
static void put_escapes(struct text *out, const char *at, const char *end) {
    out->quotes = 1;
    while (at < end) {
        int character = *at++;
        if (character == '\\' && at < end && strchr("'\"?", *at))
            character = *at++;
        else if (character == '\\')
            at = psh_escape(at, 0, &character);
        put(out, character < 0 ? '\\' : (char)character, QUOTED);
    }
}

static const char *put_dollar(struct text *out, const char *at, int quoted) {
    const char *end = psh_skip_dollar(at);
    if (*at == '`') {
        put_backquotes(out, at + 1, end - 1, quoted);
    } else if (at[1] == '(' && at[2] == '(' && end[-2] == ')') {
        put_all(out, number(psh_arithmetic(psh_expand_document(psh_copy(at + 3, end - at - 5)))),
                quoted);
    } else if (at[1] == '\'' && psh.bash && !quoted) {
        put_escapes(out, at + 2, end - 1);
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
        put(out, at[1], quoted ? QUOTED : ESCAPED);
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

// Bash's `<(script)` and `>(script)`: the name of a pipe.
static const char *put_process(struct text *out, const char *at) {
    const char *end = psh_skip_dollar(at); // which looks at the parenthesis only
    put_all(out, psh_process_file(psh_copy(at + 2, end - at - 3), *at == '>'), 1);
    return end;
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
        else if ((*at == '<' || *at == '>') && at[1] == '(' && !quoted && at == start)
            at = put_process(out, at);
        else if (*at == '~' && !quoted && at == start)
            at = put_tilde(out, at, end);
        else
            put(out, *at, quoted ? QUOTED : LITERAL), at++;
    }
}

static void add_field(const struct text *field, struct psh_words *fields) {
    int wild = 0;
    for (size_t i = 0; i < field->length; i++)
        wild |= !is_quoted(field, i) && strchr("*?[", field->characters[i]) != NULL;
    glob_t found;
    if (wild && !psh.noglob && glob(escaped(field), 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            psh_add(fields, psh_copy(found.gl_pathv[i], strlen(found.gl_pathv[i])));
        globfree(&found);
        return;
    }
    if (!wild || psh.noglob || !psh.nullglob)
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

static void expand_one(const char *word, struct psh_words *fields) {
    struct text text = {0};
    walk(&text, word, word + strlen(word), 0);
    if (!psh.leaving)
        split(&text, fields);
}

void psh_expand_word(const char *word, struct psh_words *fields) {
    struct psh_words words = {0};
    if (!psh.bash) {
        expand_one(word, fields);
        return;
    }
    psh_expand_braces(word, &words);
    for (size_t i = 0; i < words.count; i++)
        expand_one(words.items[i], fields);
}

char *psh_expand_text(const char *word) {
    return text_of(word, word + strlen(word));
}

char *psh_expand_pattern(const char *word) {
    return pattern_of(word, word + strlen(word));
}

char *psh_expand_regex(const char *word) {
    struct text out = {0};
    walk(&out, word, word + strlen(word), 0);
    return regex_of(&out);
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
