// A word on its way to fields: its characters, and where each of them comes from.
#include "text.h"

#include "shell.h"

#include <string.h>

void psh_put(struct text *out, char character, enum mark mark) {
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

void psh_put_all(struct text *out, const char *text, int quoted) {
    for (; text && *text; text++)
        psh_put(out, *text, quoted ? QUOTED : RESULT);
}

char *psh_text_of(const char *at, const char *end) {
    struct text out = {0};
    psh_walk(&out, at, end, 0);
    return out.characters ? out.characters : "";
}

int psh_is_quoted(const struct text *text, size_t i) {
    return text->marks[i] == QUOTED || text->marks[i] == ESCAPED;
}

// Quoted characters of a pattern stand for themselves.
char *psh_escaped(const struct text *text) {
    char *pattern = psh_room(2 * text->length + 1), *out = pattern;
    for (size_t i = 0; i < text->length; i++) {
        if (psh_is_quoted(text, i) && strchr("*?[]\\-!^", text->characters[i]))
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

char *psh_regex_of(const struct text *text) {
    char *regex = psh_room(2 * text->length + 1), *out = regex;
    for (size_t i = 0; i < text->length;) {
        size_t stop = i + 1;
        if (text->characters[i] == '[' && !psh_is_quoted(text, i))
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

char *psh_pattern_of(const char *at, const char *end) {
    struct text out = {0};
    psh_walk(&out, at, end, 0);
    return psh_escaped(&out);
}
