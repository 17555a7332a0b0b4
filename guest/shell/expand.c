// Raw words to fields: tilde, parameters, commands, arithmetic, splitting, patterns, quotes
// (XCU 2.6), in one walk over the word that marks where each character comes from.
#include "shell.h"

#include "builtins.h"
#include "process.h"
#include "text.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_output(struct text *out, const char *script, int quoted) {
    psh_put_all(out, psh_output_of(script), quoted);
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
        psh_put(out, character < 0 ? '\\' : (char)character, QUOTED);
    }
}

static const char *put_dollar(struct text *out, const char *at, int quoted) {
    const char *end = psh_skip_dollar(at);
    if (*at == '`') {
        put_backquotes(out, at + 1, end - 1, quoted);
    } else if (at[1] == '(' && at[2] == '(' && end[-2] == ')') {
        psh_put_all(
            out, psh_decimal(psh_arithmetic(psh_expand_document(psh_copy(at + 3, end - at - 5)))),
            quoted);
    } else if (at[1] == '\'' && psh.bash && !quoted) {
        put_escapes(out, at + 2, end - 1);
    } else if (at[1] == '(') {
        put_output(out, psh_copy(at + 2, end - at - 3), quoted);
    } else if (at[1] == '{') {
        psh_put_braces(out, at + 2, end - 1, quoted);
    } else {
        size_t length = psh_parameter_length(at + 1);
        if (at[1] >= '0' && at[1] <= '9')
            length = 1;
        if (length)
            psh_put_value(out, psh_copy(at + 1, length), quoted);
        else
            psh_put(out, '$', quoted ? QUOTED : LITERAL);
        return at + 1 + length;
    }
    return end;
}

static const char *put_double_quotes(struct text *out, const char *at) {
    const char *end = psh_skip_quotes(at);
    out->quotes = 1;
    psh_walk(out, at + 1, end - 1, 1);
    return end;
}

static const char *put_single_quotes(struct text *out, const char *at) {
    out->quotes = 1;
    for (at++; *at && *at != '\''; at++)
        psh_put(out, *at, QUOTED);
    return *at ? at + 1 : at;
}

static const char *put_backslash(struct text *out, const char *at, const char *end, int quoted) {
    if (at + 1 >= end)
        psh_put(out, '\\', QUOTED);
    else if (at[1] == '\n')
        ;
    else if (quoted && !strchr("$`\"\\", at[1]))
        psh_put(out, '\\', QUOTED), psh_put(out, at[1], QUOTED);
    else
        psh_put(out, at[1], quoted ? QUOTED : ESCAPED);
    return at + 2;
}

static const char *put_tilde(struct text *out, const char *at, const char *end) {
    const char *stop = at + 1;
    while (stop < end && !strchr("/:", *stop))
        stop++;
    struct passwd *entry = stop > at + 1 ? getpwnam(psh_copy(at + 1, stop - at - 1)) : NULL;
    const char *home = stop == at + 1 ? psh_get("HOME") : entry ? entry->pw_dir : NULL;
    if (!home)
        return psh_put(out, '~', LITERAL), at + 1;
    psh_put_all(out, home, 1);
    return stop;
}

// Bash's `<(script)` and `>(script)`: the name of a pipe.
static const char *put_process(struct text *out, const char *at) {
    const char *end = psh_skip_dollar(at); // which looks at the parenthesis only
    psh_put_all(out, psh_process_file(psh_copy(at + 2, end - at - 3), *at == '>'), 1);
    return end;
}

void psh_walk(struct text *out, const char *at, const char *end, int quoted) {
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
            psh_put(out, *at, quoted ? QUOTED : LITERAL), at++;
    }
}

static void add_field(const struct text *field, struct psh_words *fields) {
    int wild = 0;
    for (size_t i = 0; i < field->length; i++)
        wild |= !psh_is_quoted(field, i) && strchr("*?[", field->characters[i]) != NULL;
    glob_t found;
    if (wild && !psh.noglob && glob(psh_escaped(field), 0, NULL, &found) == 0) {
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
    const char *separators = psh_ifs();
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
            psh_put(&field, character, mark);
            begun = 1;
            spaces = 0;
        }
    }
    if (begun || (text->quotes && (!text->length || text->marks[text->length - 1] == BREAK)))
        add_field(&field, fields);
}

static void expand_one(const char *word, struct psh_words *fields) {
    struct text text = {0};
    psh_walk(&text, word, word + strlen(word), 0);
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
    return psh_text_of(word, word + strlen(word));
}

char *psh_expand_pattern(const char *word) {
    return psh_pattern_of(word, word + strlen(word));
}

char *psh_expand_regex(const char *word) {
    struct text out = {0};
    psh_walk(&out, word, word + strlen(word), 0);
    return psh_regex_of(&out);
}

// As within double quotes, but a double quote is an ordinary character.
char *psh_expand_document(const char *text) {
    struct text out = {0};
    const char *end = text + strlen(text);
    for (const char *at = text; at < end && !psh.leaving;) {
        if (*at == '\\' && at + 1 < end && at[1] == '"')
            psh_put(&out, *at++, QUOTED), psh_put(&out, *at++, QUOTED);
        else if (*at == '\\')
            at = put_backslash(&out, at, end, 1);
        else if (*at == '$' || *at == '`')
            at = put_dollar(&out, at, 1);
        else
            psh_put(&out, *at++, QUOTED);
    }
    return out.characters ? out.characters : "";
}
