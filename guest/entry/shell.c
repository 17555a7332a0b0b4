// CMD and ENTRYPOINT in shell form without a shell: POSIX's "simple command" (XCU 2.9.1).
//
// What belongs here: words, quotes, `$NAME`, `${NAME}`, `${NAME:-word}`, assignments, `exec`. What
// does not: anything that needs a second command, a pipe or a file. It is refused by name, before
// anything has run.
//
// Invariant: no character of a script is passed over in silence: what is not understood is refused.
#include "shell.h"

#include "machine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at;
    char *word; // grows; null: no word has begun
    size_t length;
    int quoted; // the word had quotes: it exists even when it is empty
    struct list words;
    const char *problem;
};

static void put(struct reader *reader, char character) {
    char *word = realloc(reader->word, reader->length + 2);
    if (!word) {
        reader->problem = "no memory";
        return;
    }
    word[reader->length++] = character;
    word[reader->length] = 0;
    reader->word = word;
}

static void end_word(struct reader *reader) {
    if (!reader->word && reader->quoted)
        reader->word = strdup("");
    if (reader->word && list_add(&reader->words, reader->word) < 0)
        reader->problem = "no memory";
    reader->word = NULL;
    reader->length = 0;
    reader->quoted = 0;
}

// The value of a variable; outside of quotes it is split into words at white space.
static void put_value(struct reader *reader, const char *value, int in_quotes) {
    for (; value && *value; value++) {
        if (!in_quotes && isspace((unsigned char)*value)) {
            if (reader->word)
                end_word(reader);
        } else {
            put(reader, *value);
        }
    }
}

static size_t name_length(const char *text) {
    size_t length = 0;
    if (!isalpha((unsigned char)*text) && *text != '_')
        return 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

static void read_variable(struct reader *reader, int in_quotes) {
    const char *name = reader->at + 1, *rest = "", *end;
    int braces = *name == '{';
    name += braces;
    size_t length = name_length(name), rest_length = 0;
    end = name + length;
    if (braces && end[0] == ':' && end[1] == '-') {
        rest = end + 2;
        rest_length = strcspn(rest, "}$`\"'\\");
        end = rest + rest_length;
    }
    if (length == 0 || (braces && *end != '}')) {
        reader->problem = "this use of `$`";
        return;
    }
    char *key = strndup(name, length), *fallback = strndup(rest, rest_length);
    const char *value = key ? getenv(key) : NULL;
    put_value(reader, value && *value ? value : fallback, in_quotes);
    free(key);
    free(fallback);
    reader->at = end + braces;
}

static void read_double_quotes(struct reader *reader) {
    reader->quoted = 1;
    for (reader->at++; *reader->at != '"' && !reader->problem;) {
        if (!*reader->at)
            reader->problem = "a quote that is not closed";
        else if (*reader->at == '`')
            reader->problem = "a backquote";
        else if (*reader->at == '$')
            read_variable(reader, 1);
        else if (*reader->at == '\\' && reader->at[1] && strchr("$`\"\\", reader->at[1]))
            put(reader, reader->at[1]), reader->at += 2;
        else
            put(reader, *reader->at++);
    }
    reader->at++;
}

static void read_single_quotes(struct reader *reader) {
    reader->quoted = 1;
    for (reader->at++; *reader->at && *reader->at != '\'';)
        put(reader, *reader->at++);
    if (!*reader->at)
        reader->problem = "a quote that is not closed";
    else
        reader->at++;
}

static void end_of_word(struct reader *reader) {
    const char *next = reader->at + strspn(reader->at, " \t\n");
    int begun = reader->word || reader->quoted || reader->words.count;
    if (memchr(reader->at, '\n', next - reader->at) && *next && begun)
        reader->problem = "a second line";
    end_word(reader);
    reader->at = next;
}

static void read_words(struct reader *reader) {
    while (*reader->at && !reader->problem) {
        char character = *reader->at;
        if (character == '\'')
            read_single_quotes(reader);
        else if (character == '"')
            read_double_quotes(reader);
        else if (character == '$')
            read_variable(reader, 0);
        else if (character == '\\' && reader->at[1])
            put(reader, reader->at[1]), reader->at += 2;
        else if (isspace((unsigned char)character))
            end_of_word(reader);
        else if (strchr("|&;<>()`*?[{}!#~", character))
            reader->problem = "an operator, a pattern or a comment";
        else
            put(reader, *reader->at++);
    }
    if (!reader->problem)
        end_word(reader);
}

static int is_assignment(const char *word) {
    size_t length = name_length(word);
    return length && word[length] == '=';
}

char **shell_command(char **argv, char *problem, size_t size) {
    char **word = argv + 1;
    while (*word && (*word)[0] == '-' && !strchr(*word, 'c') && (*word)[1])
        word++;
    struct reader reader = {.problem = "a script file"};
    if (*word && (*word)[0] == '-' && strchr(*word, 'c') && word[1]) {
        reader.problem = NULL;
        reader.at = word[1];
        read_words(&reader);
    }
    char **command = reader.words.items;
    while (!reader.problem && command && *command && is_assignment(*command))
        putenv(*command++);
    if (!reader.problem && command && *command && strcmp(*command, "exec") == 0)
        command++;
    if (!reader.problem && (!command || !*command))
        reader.problem = "a script without a command";
    if (!reader.problem)
        return command;
    snprintf(problem, size,
             "a box has no shell yet, only simple commands; its script has %s (write CMD and "
             "ENTRYPOINT in JSON form)",
             reader.problem);
    return NULL;
}
