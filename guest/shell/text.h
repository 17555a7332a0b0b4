// Words while they are expanded: what the parts of the expansion share.
#ifndef SHELL_TEXT_H
#define SHELL_TEXT_H

#include "shell.h"

// RESULT: of an expansion outside of quotes. ESCAPED: behind a backslash outside of them.
enum mark { LITERAL, QUOTED, RESULT, BREAK, ESCAPED };

struct text {
    char *characters, *marks;
    size_t length, size;
    int quotes; // there were some: an empty field counts
};

void psh_put(struct text *out, char character, enum mark mark);
void psh_put_all(struct text *out, const char *text, int quoted);
int psh_is_quoted(const struct text *text, size_t i);
char *psh_escaped(const struct text *text);  // for fnmatch and glob
char *psh_regex_of(const struct text *text); // for regcomp
char *psh_text_of(const char *at, const char *end);
char *psh_pattern_of(const char *at, const char *end);

// values.c
const char *psh_ifs(void);
const char *psh_decimal(long long value);
void psh_put_list(struct text *out, const struct psh_words *list, char name, int quoted);
void psh_put_value(struct text *out, const char *name, int quoted);
const char *psh_value_or_list(const char *name);
void psh_check_set(const char *name);
size_t psh_parameter_length(const char *at); // of the name of one

// braced.c
void psh_put_braces(struct text *out, const char *at, const char *end, int quoted);

// expand.c
void psh_walk(struct text *out, const char *at, const char *end, int quoted);

#endif
