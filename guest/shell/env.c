// `env`: a changed environment for the program that takes its place. -S as in coreutils, since a
// `#!` line gives all of its words as one.
#include "shell.h"

#include "builtins.h"
#include "process.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **__environ;

static int fail(const char *problem, const char *word) {
    fprintf(stderr, "env: %s: %s\n", problem, word);
    return 125;
}

// ${NAME}, behind its `$`. Null: it is not written so.
static const char *put_variable(const char *at, char **out) {
    size_t length = *at == '{' ? psh_name_length(at + 1) : 0;
    if (!length || at[1 + length] != '}')
        return NULL;
    const char *value = getenv(psh_copy(at + 1, length));
    for (; value && *value; value++)
        *(*out)++ = *value;
    return at + length + 2;
}

// Behind a backslash: 0 where it means nothing.
static char escaped(char letter, char quote) {
    static const char names[] = "fnrtv", values[] = "\f\n\r\t\v";
    const char *found = letter ? strchr(names, letter) : NULL;
    if (quote == '\'')
        return letter == '\\' || letter == '\'' ? letter : 0;
    if (letter == '_')
        return ' ';
    return found ? values[found - names] : letter && strchr("#$\\\"'", letter) ? letter : 0;
}

static size_t room_for(const char *text) {
    size_t room = strlen(text) + 1;
    for (char **variable = __environ; variable && *variable; variable++)
        room += strlen(*variable) * strlen(text);
    return room;
}

// One word of -S, into `out`; where the text goes on, or null with the reason said.
static const char *split_word(const char *at, char *out) {
    char quote = 0;
    while (*at && (quote || !isspace((unsigned char)*at))) {
        if (quote ? *at == quote : *at == '\'' || *at == '"') {
            quote = quote ? 0 : *at;
            at++;
        } else if (*at == '\\' && (at[1] == '_' && !quote)) {
            return at + 2; // a blank between words
        } else if (*at == '\\' && escaped(at[1], quote)) {
            *out++ = escaped(at[1], quote);
            at += 2;
        } else if (*at == '\\' && quote != '\'') {
            return fail("-S has a backslash that means nothing", at), NULL;
        } else if (*at == '$' && quote != '\'') {
            if (!(at = put_variable(at + 1, &out)))
                return fail("-S", "only ${NAME} is expanded"), NULL;
        } else {
            *out++ = *at++;
        }
    }
    return quote ? (fail("-S", "a quote is not closed"), NULL) : at;
}

// The words of -S, then what stood behind it. Null: said.
static char **split(const char *text, char **rest) {
    struct psh_words words = {0};
    while (*(text += strspn(text, " \t\n\v\f\r")) && *text != '#') {
        if (strncmp(text, "\\c", 2) == 0)
            break;
        char *word = psh_room(room_for(text));
        if (!(text = split_word(text, word)))
            return NULL;
        psh_add(&words, word);
    }
    for (; *rest; rest++)
        psh_add(&words, *rest);
    return words.items ? words.items : rest;
}

static void remove_variables(void) {
    static char *empty[] = {NULL};
    __environ = empty;
}

// An option's value: the rest of its word, or the next one.
static char *value_of(char *letter, char ***words) {
    return letter[1] ? letter + 1 : (*words)[1] ? *++*words : NULL;
}

static const char *in_long(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static int change_folder(const char *path) {
    return chdir(path) < 0 ? fail("cannot change to the folder", path), -1 : 0;
}

// What stands in `**words`, and goes on to the next. -1: said.
static int read_long(char ***words) {
    const char *value, *word = *(*words)++;
    if (strcmp(word, "--ignore-environment") == 0)
        return remove_variables(), 0;
    if ((value = in_long(word, "--unset")))
        return unsetenv(value);
    if ((value = in_long(word, "--chdir")))
        return change_folder(value);
    if ((value = in_long(word, "--split-string")))
        return (*words = split(value, *words)) ? 0 : -1;
    return fail("not an option here", word), -1;
}

static int read_letters(char ***words) {
    for (char *letter = **words + 1; *letter; letter++) {
        char *value = strchr("uCS", *letter) ? value_of(letter, words) : NULL;
        if (*letter == 'i')
            remove_variables();
        else if (!value)
            return fail("not an option here, or its value is missing", letter), -1;
        else if (*letter == 'u')
            unsetenv(value);
        else if (*letter == 'C' && change_folder(value) < 0)
            return -1;
        else if (*letter == 'S')
            return (*words = split(value, *words + 1)) ? 0 : -1;
        if (value)
            break;
    }
    (*words)++;
    return 0;
}

// As coreutils' env: a file that is no program is a script of the shell.
static int become(char **argv) {
    int error;
    const char *path = getenv("PATH");
    psh_set("PATH", path ? path : "/usr/local/bin:/usr/bin:/bin");
    char *file = psh_find(argv[0], &error);
    if (file) {
        psh_execute(file, argv, __environ);
        error = errno;
    }
    fprintf(stderr, "env: '%s': %s\n", argv[0], strerror(error));
    return error == ENOENT ? 127 : 126;
}

int psh_env_main(int argc, char **argv, char **environment) {
    (void)argc, (void)environment;
    char **word = argv + 1;
    while (*word && **word == '-') {
        if (strcmp(*word, "--") == 0) {
            word++;
            break;
        }
        if (strcmp(*word, "-") == 0)
            remove_variables(), word++;
        else if (((*word)[1] == '-' ? read_long(&word) : read_letters(&word)) < 0)
            return 125;
    }
    for (; *word && strchr(*word, '='); word++)
        putenv(*word);
    if (*word)
        return become(word);
    for (char **variable = __environ; variable && *variable; variable++)
        puts(*variable);
    return 0;
}
