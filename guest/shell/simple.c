// Simple commands: assignments, words, redirections.
#include "shell.h"

#include "builtins.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

static char *assigned_value(const char *word) {
    return psh_assigned(word, psh_expand_text(strchr(word, '=') + 1));
}

static void trace(const struct psh_words *words) {
    fputs("+", stderr);
    for (size_t i = 0; i < words->count; i++)
        fprintf(stderr, " %s", words->items[i]);
    fputc('\n', stderr);
}

static int assign_array(struct psh_array_words *array) {
    if (psh_variable(array->name)->readonly)
        psh_fail(1, "%s: is read only", array->name);
    else
        psh_expand_array(array);
    if (psh.leaving)
        return -1;
    psh_assign_array(array);
    return 0;
}

// arrays: those of a command without words.
static int assign_all(char **words, size_t count, struct psh_array_words *arrays,
                      struct psh_words *shown) {
    for (size_t i = 0; i <= count && !psh.leaving; i++) {
        for (; arrays && arrays->before == i; arrays = arrays->next)
            if (assign_array(arrays) < 0)
                return -1;
        if (i == count)
            break;
        size_t length = psh_assignment(words[i]);
        char *name = psh_copy(words[i], length), *value = assigned_value(words[i]);
        if (psh.leaving || psh_set(name, value) < 0)
            return -1;
        if (psh.xtrace) {
            char *text = psh_room(length + strlen(value) + 2);
            sprintf(text, "%s=%s", name, value);
            psh_add(shown, text);
        }
    }
    return psh.leaving ? -1 : 0;
}

struct old_value {
    struct psh_variable *variable;
    char *value;
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
        old[i].variable = psh_variable(psh_copy(words[i], psh_assignment(words[i])));
        old[i].value = old[i].variable->value;
        old[i].exported = old[i].variable->exported;
    }
    if (assign_all(words, count, NULL, &shown) < 0)
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
            old[i].variable->exported = old[i].exported;
        }
}

// Behind `export` and its like, NAME=WORD is an assignment: nothing is split.
static void expand_command(char **words, struct psh_words *fields) {
    if (!words)
        return;
    int declares = *words && psh_declares(*words);
    for (; *words && !psh.leaving; words++) {
        size_t length = declares ? psh_assignment(*words) : 0;
        if (!length) {
            psh_expand_word(*words, fields);
            continue;
        }
        char *value = assigned_value(*words);
        char *text = psh_room(length + strlen(value) + 2);
        memcpy(text, *words, length);
        text[length] = '=';
        strcat(text, value);
        psh_add(fields, text);
    }
}

// `declare name=(..)`: the name is declared, then the words are its elements.
static void expand_arrays(struct psh_array_words *arrays, struct psh_words *fields) {
    for (; arrays && !psh.leaving; arrays = arrays->next) {
        if (psh_variable(arrays->name)->readonly)
            psh_fail(1, "%s: is read only", arrays->name);
        else
            psh_expand_array(arrays);
        psh_add(fields, arrays->name);
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
    psh.substituted = 0;
    while (assignments < node->words.count && psh_assignment(node->words.items[assignments]))
        assignments++;
    expand_command(node->words.count ? node->words.items + assignments : NULL, &fields);
    if (fields.count)
        expand_arrays(node->arrays, &fields);
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
        if (assign_all(node->words.items, assignments, node->arrays, &shown) == 0)
            psh.status = psh.substituted ? psh.substituted - 1 : 0;
        if (shown.count)
            trace(&shown);
    } else {
        psh.errors = errors_outside(saved);
        run_with(node->words.items, assignments, &fields, last && !node->arrays);
        psh.errors = 0;
        for (const struct psh_array_words *a = node->arrays; a && !psh.status; a = a->next)
            psh_assign_array(a);
    }
    psh_restore(saved);
    psh_stop_on_error();
}
