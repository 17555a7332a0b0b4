// Where a quote, an expansion or a parenthesis ends.
#include "shell.h"

#include <ctype.h>
#include <string.h>

const char *psh_skip_quotes(const char *at) {
    char quote = *at++;
    while (*at && *at != quote) {
        if (quote == '"' && *at == '\\' && at[1])
            at += 2;
        else if (quote == '"' && ((*at == '$' && at[1] != '\'') || *at == '`'))
            at = psh_skip_dollar(at);
        else
            at++;
    }
    return *at ? at + 1 : at;
}

static int word_at(const char *at, const char *word) {
    size_t length = strlen(word);
    return strncmp(at, word, length) == 0 && (!at[length] || strchr(" \t\n;&|)", at[length]));
}

// Behind the `close` that matches. In a `case` of a `$(`, patterns end with a `)` of their own.
const char *psh_skip_nested(const char *at, char open, char close) {
    int depth = 1, begins = 1, cases = 0; // begins: a word could begin here
    while (*at && depth) {
        char character = *at;
        if (begins && open == '(')
            cases += word_at(at, "case") - (cases && word_at(at, "esac"));
        if (character == '\\' && at[1])
            at += 2;
        else if (character == '\'' || character == '"')
            at = psh_skip_quotes(at);
        else if (character == '$' || character == '`')
            at = psh_skip_dollar(at);
        else if (character == '#' && begins && open == '(')
            at += strcspn(at, "\n");
        else if (character == close && cases && depth == 1)
            at++;
        else
            depth += (character == open) - (character == close), at++;
        begins = isspace((unsigned char)character) || character == ';' || character == '(';
    }
    return at;
}

// Behind the end of `$'..'`.
static const char *skip_escaped(const char *at) {
    while (*at && *at != '\'')
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

const char *psh_skip_dollar(const char *at) {
    if (*at == '`') {
        for (at++; *at && *at != '`'; at++)
            if (*at == '\\' && at[1])
                at++;
        return *at ? at + 1 : at;
    }
    if (at[1] == '(')
        return psh_skip_nested(at + 2, '(', ')');
    if (at[1] == '\'' && psh.bash)
        return skip_escaped(at + 2);
    if (at[1] == '{')
        return psh_skip_nested(at + 2, '{', '}');
    return at + 1;
}
