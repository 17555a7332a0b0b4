// echo, printf and read.
#include "shell.h"

#include "builtins.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *hexadecimal(const char *at, int *character) {
    char digits[3] = {at[0], isxdigit((unsigned char)at[1]) ? at[1] : 0, 0};
    *character = (int)strtol(digits, NULL, 16);
    return at + strlen(digits);
}

// octal_zero: \0ooo as in %b and echo; 2: no \ooo, as in bash's echo.
const char *psh_escape(const char *at, int octal_zero, int *character) {
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    const char *found = *at ? strchr(names, *at) : NULL;
    if (found) {
        *character = values[found - names];
        return at + 1;
    }
    if (psh.bash && (*at == 'e' || *at == 'E')) {
        *character = '\033';
        return at + 1;
    }
    if (psh.bash && *at == 'x' && isxdigit((unsigned char)at[1]))
        return hexadecimal(at + 1, character);
    if (*at == 'c' && octal_zero) {
        *character = ESCAPE_END;
        return at + 1;
    }
    if (*at >= '0' && *at <= (octal_zero == 2 ? '0' : '7')) {
        int digits = octal_zero && *at == '0' ? 4 : 3, value = 0;
        while (digits-- && *at >= '0' && *at <= '7')
            value = value * 8 + *at++ - '0';
        *character = value & 255;
        return at;
    }
    *character = ESCAPE_NONE;
    return at;
}

// Writes what a backslash (before `at`) means.
static const char *escape(const char *at, int octal_zero, int *stop) {
    int character;
    at = psh_escape(at, octal_zero, &character);
    *stop = character == ESCAPE_END;
    if (!*stop)
        putchar(character == ESCAPE_NONE ? '\\' : character);
    return at;
}

static int put_escaped(const char *text, int octal_zero) {
    int stop = 0;
    while (*text && !stop) {
        if (*text == '\\')
            text = escape(text + 1, octal_zero, &stop);
        else
            putchar(*text++);
    }
    return stop;
}

// Bash's options: any of these letters in a word. Other words are text.
static int echo_options(const char *word, int *newline, int *escapes) {
    if (word[0] != '-' || !word[1] || word[1 + strspn(word + 1, "neE")])
        return 0;
    for (word++; *word; word++)
        if (*word == 'n')
            *newline = 0;
        else
            *escapes = *word == 'e';
    return 1;
}

int psh_echo(char **argv) {
    int newline = 1, escapes = !psh.bash;
    if (psh.bash)
        while (argv[1] && echo_options(argv[1], &newline, &escapes))
            argv++;
    else if (argv[1] && strcmp(argv[1], "-n") == 0)
        newline = 0, argv++;
    for (int i = 1; argv[i]; i++) {
        if (i > 1)
            putchar(' ');
        if (!escapes)
            fputs(argv[i], stdout);
        else if (put_escaped(argv[i], psh.bash ? 2 : 1))
            return 0;
    }
    if (newline)
        putchar('\n');
    return 0;
}

static int failed;

static long long number(const char *text) {
    if (*text == '\'' || *text == '"')
        return (unsigned char)text[1];
    char *end;
    long long value = strtoll(text, &end, 0);
    if (*end || !*text) {
        failed = *text != 0;
        if (failed)
            psh_warn("printf: %s: not a number", text);
    }
    return value;
}

static int width_of(char ***arguments) {
    return **arguments ? (int)number(*(*arguments)++) : 0;
}

// One conversion: `at` is behind its `%`. Gives where the format goes on, null to stop.
static const char *convert(const char *at, char ***arguments) {
    char format[64] = "%";
    size_t length = 1;
    const char *text;
    while (*at && strchr("-+ #0123456789.*", *at) && length < sizeof format - 28) {
        if (*at == '*')
            length += sprintf(format + length, "%d", width_of(arguments));
        else
            format[length++] = *at;
        at++;
    }
    char kind = *at;
    text = **arguments ? *(*arguments)++ : NULL;
    if (kind == 'b') {
        if (text && put_escaped(text, 1))
            return NULL;
    } else if (kind == 's') {
        strcpy(format + length, "s");
        printf(format, text ? text : "");
    } else if (kind == 'c') {
        strcpy(format + length, "c");
        if (text && *text)
            printf(format, *text);
    } else if (kind && strchr("diouxX", kind)) {
        sprintf(format + length, "ll%c", kind);
        printf(format, text ? number(text) : 0);
    } else if (kind && strchr("eEfFgG", kind)) {
        sprintf(format + length, "%c", kind);
        printf(format, text ? strtod(text, NULL) : 0);
    } else {
        psh_warn("printf: %%%c: not a conversion", kind ? kind : ' ');
        failed = 1;
        return NULL;
    }
    return at + 1;
}

int psh_printf(char **argv) {
    if (!argv[1]) {
        psh_warn("printf: a format is missing");
        return 2;
    }
    char **arguments = argv + 2, **before;
    if (psh.bash && strcmp(argv[1], "-v") == 0) {
        psh_refuse("printf: -v is not understood here: write name=$(printf ..)");
        return 126;
    }
    failed = 0;
    do {
        before = arguments;
        for (const char *at = argv[1]; *at;) {
            int stop = 0;
            if (*at == '\\')
                at = escape(at + 1, 0, &stop);
            else if (*at == '%' && at[1] == '%')
                putchar('%'), at += 2;
            else if (*at == '%')
                at = convert(at + 1, &arguments);
            else
                putchar(*at++);
            if (!at)
                return failed;
        }
    } while (*arguments && arguments != before);
    return failed;
}

// Byte by byte: what is behind the line is for who reads next.
char *psh_read_line(int raw, char delimiter, char **marks, int *ended) {
    size_t length = 0, size = 64;
    char *line = psh_room(size), *escaped = psh_room(size), character;
    for (*ended = 0;;) {
        if (read(0, &character, 1) != 1) {
            *ended = 1;
            break;
        }
        int quoted = 0;
        if (character == '\\' && !raw) {
            if (read(0, &character, 1) != 1)
                break;
            if (character == '\n')
                continue;
            quoted = 1;
        } else if (character == delimiter) {
            break;
        }
        if (length + 1 == size) {
            char *larger = psh_room(2 * size), *marked = psh_room(2 * size);
            memcpy(larger, line, length);
            memcpy(marked, escaped, length);
            line = larger;
            escaped = marked;
            size *= 2;
        }
        escaped[length] = quoted;
        line[length++] = character;
    }
    *marks = escaped;
    return line;
}

static int is_separator(const char *ifs, char character, int quoted) {
    return !quoted && character && strchr(ifs, character) != NULL;
}

struct read_options {
    int raw;
    char delimiter;
    const char *array; // null: names of variables follow
};

// Bash's -p, -d, -a and -s beside -r. Behind them; null: said.
static char **read_options(char **argv, struct read_options *options) {
    for (argv++; *argv && **argv == '-' && (*argv)[1]; argv++) {
        if (strcmp(*argv, "--") == 0)
            return argv + 1;
        for (const char *letter = *argv + 1; *letter; letter++) {
            if (*letter == 'r')
                options->raw = 1;
            if (*letter == 'r' || *letter == 's')
                continue;
            char kind = *letter;
            const char *value = letter[1] ? letter + 1 : *++argv;
            if (!value || !strchr("pda", kind)) {
                psh_refuse("read: -%c is not understood here, or its value is missing", kind);
                return NULL;
            }
            if (kind == 'd')
                options->delimiter = *value;
            else if (kind == 'a')
                options->array = value;
            else if (isatty(0))
                fputs(value, stderr);
            break;
        }
    }
    return argv;
}

// read -a: every field is an element.
static int read_array(const char *name, const char *line, const char *marks, int ended) {
    struct psh_array_words words = {.name = (char *)name};
    const char *ifs = psh_get("IFS");
    ifs = ifs ? ifs : " \t\n";
    size_t end = strlen(line);
    for (size_t at = 0; at < end;) {
        size_t stop = at;
        while (stop < end && !is_separator(ifs, line[stop], marks[stop]))
            stop++;
        int white = stop < end && isspace((unsigned char)line[stop]);
        if (stop > at || !white) {
            psh_add(&words.fields, psh_copy(line + at, stop - at));
            psh_add(&words.subscripts, "");
        }
        at = stop + 1;
        while (at < end && is_separator(ifs, line[at], marks[at]) &&
               isspace((unsigned char)line[at]))
            at++;
    }
    if (psh_name_length(name) != strlen(name) || psh_variable(name)->readonly)
        return psh_error("read: %s: not a name of an array, or read only", name);
    psh_assign_array(&words);
    return ended;
}

int psh_read(char **argv) {
    struct read_options options = {.delimiter = '\n'};
    int ended;
    argv = read_options(argv, &options);
    if (!argv)
        return 2;
    char *marks, *line = psh_read_line(options.raw, options.delimiter, &marks, &ended);
    if (options.array)
        return read_array(options.array, line, marks, ended);
    if (!*argv)
        return psh_set("REPLY", line) < 0 ? 2 : ended;
    const char *ifs = psh_get("IFS");
    ifs = ifs ? ifs : " \t\n";
    size_t at = 0, end = strlen(line);
    while (end && is_separator(ifs, line[end - 1], marks[end - 1]) && strchr(" \t", line[end - 1]))
        end--;
    for (; *argv; argv++) {
        while (at < end && is_separator(ifs, line[at], marks[at]) && strchr(" \t", line[at]))
            at++;
        size_t stop = argv[1] ? at : end;
        while (argv[1] && stop < end && !is_separator(ifs, line[stop], marks[stop]))
            stop++;
        if (psh_set(*argv, psh_copy(line + at, stop > at ? stop - at : 0)) < 0)
            return 2;
        at = stop;
        while (at < end && is_separator(ifs, line[at], marks[at]) && strchr(" \t", line[at]))
            at++;
        if (at < end && at == stop)
            at++;
        else if (at < end && is_separator(ifs, line[at], marks[at]))
            at++;
    }
    return ended;
}
