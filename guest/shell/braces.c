// {a,b} and {1..3}, which bash writes out before it looks at anything else of a word.
#include "shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_out(const char *word, size_t from, struct psh_words *words);

static const char *skip_one(const char *at) {
    if (*at == '\\' && at[1])
        return at + 2;
    if (*at == '\'' || *at == '"')
        return psh_skip_quotes(at);
    return *at == '$' || *at == '`' ? psh_skip_dollar(at) : at + 1;
}

// The comma of this depth, or the `}`, at or behind `at`. Null: there is neither.
static const char *next_mark(const char *at) {
    for (int depth = 0; *at; at = skip_one(at)) {
        if (!depth && (*at == ',' || *at == '}'))
            return at;
        depth += (*at == '{') - (*at == '}');
    }
    return NULL;
}

struct place {
    const char *word, *open, *close; // the braces
    struct psh_words *words;
};

static void put_alternative(const struct place *place, const char *text, size_t length) {
    size_t before = place->open - place->word;
    char *word = psh_room(before + length + strlen(place->close) + 1);
    memcpy(word, place->word, before);
    memcpy(word + before, text, length);
    strcpy(word + before + length, place->close + 1);
    write_out(word, before, place->words);
}

static int is_padded(const char *number) {
    number += *number == '-';
    return number[0] == '0' && isdigit((unsigned char)number[1]);
}

// A bound of a range: a number, or one letter. Behind it, null where there is none.
static const char *read_bound(const char *at, long *value, int *letter) {
    char *end;
    *letter = isalpha((unsigned char)*at) != 0;
    *value = *letter ? *at : strtol(at, &end, 10);
    return *letter ? at + 1 : end == at || isspace((unsigned char)*at) || *at == '+' ? NULL : end;
}

// {from..to} and {from..to..step}. 0: it is no range.
static int put_range(const struct place *place) {
    long from, to, step = 1;
    int letter, other, ignored = 0;
    const char *first = place->open + 1, *at = read_bound(first, &from, &letter), *second;
    if (!at || strncmp(at, "..", 2) != 0)
        return 0;
    second = at + 2;
    at = read_bound(second, &to, &other);
    if (at && strncmp(at, "..", 2) == 0)
        at = read_bound(at + 2, &step, &ignored);
    if (at != place->close || letter != other || ignored)
        return 0;
    size_t width = second - 2 - first, width2 = strcspn(second, ".}");
    int pad = letter || !(is_padded(first) || is_padded(second))
                  ? 0
                  : (int)(width > width2 ? width : width2);
    step = step ? labs(step) : 1;
    for (long value = from; from <= to ? value <= to : value >= to;
         value += from <= to ? step : -step) {
        char text[64];
        snprintf(text, sizeof text, letter ? "%c" : "%0*ld", letter ? (int)value : pad, value);
        put_alternative(place, text, strlen(text));
    }
    return 1;
}

// 0: these braces stand for themselves.
static int put_braces(const char *word, const char *open, struct psh_words *words) {
    struct psh_words parts = {0};
    const char *start = open + 1, *mark;
    for (; (mark = next_mark(start)) && *mark == ','; start = mark + 1)
        psh_add(&parts, psh_copy(start, mark - start));
    if (!mark)
        return 0;
    struct place place = {word, open, mark, words};
    if (!parts.count)
        return put_range(&place);
    psh_add(&parts, psh_copy(start, mark - start));
    for (size_t i = 0; i < parts.count; i++)
        put_alternative(&place, parts.items[i], strlen(parts.items[i]));
    return 1;
}

static void write_out(const char *word, size_t from, struct psh_words *words) {
    for (const char *at = word + from; *at; at = skip_one(at))
        if (*at == '{' && put_braces(word, at, words))
            return;
    psh_add(words, (char *)word);
}

void psh_expand_braces(const char *word, struct psh_words *words) {
    write_out(word, 0, words);
}
