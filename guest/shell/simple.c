// Simple commands: assignments, words, redirections.
#include "shell.h"

#include "builtins.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

// What a word assigns to; length: up to its `=` or `+=`.
static char *target_of(const char *word, size_t length) {
    size_t name = psh_name_length(word);
    char *text = psh_copy(word, name);
    return name == length ? text : psh_element_name(text, word + name + 1, length - name - 2);
}

static char *assigned_value(const char *word, size_t length, const char *name) {
    int appends = word[length] == '+';
    return psh_assigned(name, appends, psh_expand_text(word + length + appends + 1));
}

static int assign_list(const char *word) {
    struct psh_variable *variable = psh_variable(psh_copy(word, psh_name_length(word)));
    struct psh_array *array = psh_expand_list(word, 0);
    if (variable->readonly)
        psh_fail(1, "%s: is read only", variable->name);
    if (psh.leaving)
        return -1;
    psh_set_array(variable, array);
    return 0;
}

static void trace(const struct psh_words *words) {
    fputs("+", stderr);
    for (size_t i = 0; i < words->count; i++)
        fprintf(stderr, " %s", words->items[i]);
    fputc('\n', stderr);
}

static int assign_all(char **words, size_t count, struct psh_words *shown) {
    for (size_t i = 0; i < count && !psh.leaving; i++) {
        if (psh_assigns_list(words[i])) {
            if (assign_list(words[i]) < 0)
                return -1;
            if (psh.xtrace)
                psh_add(shown, words[i]);
            continue;
        }
        size_t length = psh_assignment(words[i]);
        char *name = target_of(words[i], length);
        char *value = psh.leaving ? "" : assigned_value(words[i], length, name);
        if (psh.leaving || psh_set(name, value) < 0)
            return -1;
        if (psh.xtrace) {
            char *text = psh_room(strlen(name) + strlen(value) + 2);
            sprintf(text, "%s=%s", name, value);
            psh_add(shown, text);
        }
    }
    return psh.leaving ? -1 : 0;
}

struct old_value {
    struct psh_variable *variable;
    char *value;
    struct psh_array *array;
    int exported;
};

// Assignments before a command that is not special hold while it runs.
static void run_with(char **words, size_t count, struct psh_words *fields, int last) {
    const struct psh_builtin *builtin = psh_builtin(fields->items[0]);
    int stays =
        builtin && builtin->kind == PSH_SPECIAL && !psh.bash && !psh_function(fields->items[0]);
    struct old_value *old = psh_room((count + 1) * sizeof *old);
    struct psh_words shown = {0};
    for (size_t i = 0; i < count; i++) {
        old[i].variable = psh_variable(psh_copy(words[i], psh_name_length(words[i])));
        old[i].value = old[i].variable->value;
        old[i].array = old[i].variable->array;
        old[i].exported = old[i].variable->exported;
    }
    if (assign_all(words, count, &shown) < 0)
        return;
    if (!stays)
        for (size_t i = 0; i < count; i++)
            old[i].variable->exported = 1;
    if (psh.xtrace) {
        for (size_t i = 0; i < fields->count; i++)
            psh_add(&shown, fields->items[i]);
        trace(&shown);
    }
    int status = psh_call(fields->items, last, 1);
    if (psh.leaving != PSH_EXIT || status)
        psh.status = status;
    if (!stays)
        for (size_t i = count; i-- > 0;) {
            old[i].variable->value = old[i].value;
            old[i].variable->array = old[i].array;
            old[i].variable->exported = old[i].exported;
        }
}

static int declares_variables(const char *command) {
    static const char *const names[] = {"export", "readonly", "local", "declare", "typeset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(command, names[i]) == 0)
            return 1;
    return 0;
}

// `name=(..)` behind `declare` and its like: the array is the variable's once it is declared.
struct lists {
    struct lists *next;
    char *name;
    struct psh_array *array;
};

static int has_letter(const struct psh_words *fields, char letter) {
    for (size_t i = 1; i < fields->count; i++)
        if (fields->items[i][0] == '-' && strchr(fields->items[i], letter))
            return 1;
    return 0;
}

static void expand_list(const char *word, struct psh_words *fields, struct lists **lists) {
    struct lists *list = psh_room(sizeof *list);
    list->name = psh_copy(word, psh_name_length(word));
    list->array = psh_expand_list(word, has_letter(fields, 'A'));
    list->next = *lists;
    *lists = list;
    if (psh_variable(list->name)->readonly)
        psh_fail(1, "%s: is read only", list->name);
    psh_add(fields, list->name);
}

// Behind `export` and its like, NAME=WORD is an assignment: nothing is split.
static void expand_command(char **words, struct psh_words *fields, struct lists **lists) {
    if (!words)
        return;
    int declares = *words && declares_variables(*words);
    for (; *words && !psh.leaving; words++) {
        size_t length = declares ? psh_assignment(*words) : 0;
        if (length && psh_assigns_list(*words)) {
            expand_list(*words, fields, lists);
            continue;
        }
        if (!length || (*words)[length - 1] == ']') {
            psh_expand_word(*words, fields);
            continue;
        }
        char *value = assigned_value(*words, length, psh_copy(*words, length));
        char *text = psh_room(length + strlen(value) + 2);
        memcpy(text, *words, length);
        text[length] = '=';
        strcat(text, value);
        psh_add(fields, text);
    }
}

static int is_exec(char **fields) {
    return strcmp(fields[0], "exec") == 0;
}

// Bash redirects in the program's process: what it says of its end goes where the shell's errors
// do.
static int errors_outside(const struct psh_saved *saved) {
    while (saved && saved->fd != 2)
        saved = saved->next;
    return psh.bash && saved && saved->copy > 0 ? saved->copy : 0;
}

void psh_run_simple(struct psh_node *node, int last) {
    size_t assignments = 0;
    struct psh_words fields = {0};
    struct lists *lists = NULL;
    psh.substituted = 0;
    while (assignments < node->words.count && psh_assignment(node->words.items[assignments]))
        assignments++;
    expand_command(node->words.count ? node->words.items + assignments : NULL, &fields, &lists);
    if (psh.leaving)
        return;
    struct psh_saved *saved = NULL;
    int stays = fields.count && is_exec(fields.items) && !fields.items[1];
    if (psh_redirect(node->redirects, stays ? NULL : &saved) < 0) {
        if (!psh.leaving) {
            const struct psh_builtin *builtin = fields.count ? psh_builtin(fields.items[0]) : NULL;
            psh.status = psh.bash ? 1 : 2;
            if (builtin && builtin->kind == PSH_SPECIAL && !psh.bash)
                psh.leaving = PSH_EXIT;
        }
    } else if (!fields.count) {
        struct psh_words shown = {0};
        if (assign_all(node->words.items, assignments, &shown) == 0)
            psh.status = psh.substituted ? psh.substituted - 1 : 0;
        if (shown.count)
            trace(&shown);
    } else {
        psh.errors = errors_outside(saved);
        run_with(node->words.items, assignments, &fields, last);
        for (; lists; lists = lists->next)
            psh_set_array(psh_variable(lists->name), lists->array);
        psh.errors = 0;
    }
    psh_restore(saved);
    psh.piped.count = 0;
    psh_stop_on_error();
}
