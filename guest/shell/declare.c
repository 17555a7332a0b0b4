// export, readonly, local and declare: what variables are besides their values.
#include "shell.h"

#include "builtins.h"

#include <stdio.h>
#include <string.h>

void psh_put_quoted(const char *text) {
    putchar('\'');
    for (; *text; text++)
        fputs(*text == '\'' ? "'\"'\"'" : (char[]){*text, 0}, stdout);
    putchar('\'');
}

void psh_list_variables(int exported, int readonly) {
    const char *word = exported ? "export " : readonly ? "readonly " : "";
    for (struct psh_variable *v = psh.variables; v; v = v->next) {
        if ((exported && !v->exported) || (readonly && !v->readonly) || (!*word && !v->value))
            continue;
        printf("%s%s", word, v->name);
        if (v->value)
            putchar('='), psh_put_quoted(v->value);
        putchar('\n');
    }
}

int psh_mark(char **argv) {
    int exports = argv[0][0] == 'e';
    if (argv[1] && (strcmp(argv[1], "-p") == 0 || strcmp(argv[1], "-a") == 0))
        argv++;
    if (!argv[1])
        psh_list_variables(exports, !exports);
    while (*++argv) {
        size_t length = psh_name_length(*argv);
        if (!length || ((*argv)[length] && (*argv)[length] != '='))
            return psh_error("%s: not a name of a variable", *argv);
        char *name = psh_copy(*argv, length);
        if ((*argv)[length] && psh_set(name, *argv + length + 1) < 0)
            return 2;
        if (exports)
            psh_variable(name)->exported = 1;
        else
            psh_variable(name)->readonly = 1;
    }
    return 0;
}

int psh_declares(const char *command) {
    static const char *const names[] = {"export", "readonly", "local", "declare", "typeset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(command, names[i]) == 0)
            return 1;
    return 0;
}

struct marks {
    int exported, readonly, global, array; // array: its letter
};

static int read_mark(char sign, char letter, struct marks *marks) {
    if (letter == 'x')
        marks->exported = sign == '-' ? 1 : -1;
    else if (letter == 'r' && sign == '-')
        marks->readonly = 1;
    else if (letter == 'g' && sign == '-')
        marks->global = 1;
    else if ((letter == 'a' || letter == 'A') && sign == '-')
        marks->array = letter;
    else
        return 0;
    return 1;
}

// Behind the options, null where one is not known.
static char **read_marks(char **argv, struct marks *marks) {
    for (argv++; *argv && strchr("-+", **argv) && (*argv)[1]; argv++) {
        if (strcmp(*argv, "--") == 0)
            return argv + 1;
        for (const char *letter = *argv + 1; *letter; letter++)
            if (!read_mark(**argv, *letter, marks)) {
                psh_fail(2, "declare: %c%c is not understood here", **argv, *letter);
                return NULL;
            }
    }
    return argv;
}

// In dash the variable keeps its value; it has its old one again when the function ends. The lists
// of variables only grow at their head, so that `next` may be put back with it.
static void make_local(struct psh_variable *variable, int empty) {
    struct psh_local *entry = psh_room(sizeof *entry);
    entry->variable = variable;
    entry->old = *variable;
    entry->next = psh.locals;
    psh.locals = entry;
    if (empty)
        variable->value = NULL, variable->array = NULL;
}

static int declare(const char *word, const struct marks *marks, int bash) {
    size_t length = psh_name_length(word);
    if (!length || (word[length] && word[length] != '='))
        return psh_error("%s: not a name of a variable", word);
    struct psh_variable *variable = psh_variable(psh_copy(word, length));
    if (psh.calls && !marks->global)
        make_local(variable, bash);
    if (marks->array)
        psh_make_array(variable, marks->array == 'A');
    if (word[length] && psh_set(variable->name, word + length + 1) < 0)
        return 2;
    if (marks->exported)
        variable->exported = marks->exported > 0;
    variable->readonly |= marks->readonly;
    return 0;
}

int psh_declare(char **argv) {
    struct marks marks = {0};
    int local = argv[0][0] == 'l', status = 0;
    if (local && !psh.calls)
        return psh_error("local: not in a function");
    char **word = read_marks(argv, &marks);
    for (; word && *word && !psh.leaving; word++)
        status |= declare(*word, &marks, psh.bash || !local);
    return word ? status : 2;
}
