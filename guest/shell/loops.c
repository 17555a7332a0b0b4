// Loops, and case.
#include "shell.h"

#include <fnmatch.h>

static int left_loop(void) {
    if (psh.leaving != PSH_BREAK && psh.leaving != PSH_CONTINUE)
        return psh.leaving != PSH_STAY;
    enum psh_leaving leaving = psh.leaving;
    if (--psh.levels > 0)
        return 1;
    psh.leaving = PSH_STAY;
    return leaving == PSH_BREAK;
}

static void run_while(struct psh_node *node) {
    int status = 0;
    psh.loops++;
    for (;;) {
        psh.tested++;
        psh_run(node->first, 0);
        psh.tested--;
        if (psh.leaving) {
            if (left_loop())
                break;
            continue;
        }
        if ((psh.status == 0) != (node->kind == PSH_WHILE))
            break;
        psh_run(node->second, 0);
        status = psh.status;
        if (left_loop())
            break;
    }
    psh.loops--;
    if (!psh.leaving)
        psh.status = status;
}

static void run_for(struct psh_node *node) {
    struct psh_words fields = {0};
    if (!node->has_list)
        fields = psh.arguments;
    for (size_t i = 0; i < node->words.count && !psh.leaving; i++)
        psh_expand_word(node->words.items[i], &fields);
    psh.loops++;
    if (!psh.leaving)
        psh.status = 0;
    for (size_t i = 0; i < fields.count && !psh.leaving; i++) {
        if (psh_set(node->name, fields.items[i]) < 0)
            break;
        psh_run(node->first, 0);
        if (left_loop())
            break;
    }
    psh.loops--;
}

long long psh_evaluate(const char *expression) {
    return psh.leaving ? 0 : psh_arithmetic(psh_expand_document(expression));
}

// for ((first; condition; step)): no condition is one that holds.
static void run_steps(struct psh_node *node) {
    char **parts = node->words.items;
    int status = 0;
    psh.loops++;
    for (psh_evaluate(parts[0]); !*parts[1] || psh_evaluate(parts[1]); psh_evaluate(parts[2])) {
        if (psh.leaving)
            break;
        psh_run(node->first, 0);
        status = psh.status;
        if (left_loop())
            break;
    }
    psh.loops--;
    if (!psh.leaving)
        psh.status = status;
}

void psh_run_case(struct psh_node *node, int last) {
    char *word = psh_expand_text(node->name);
    for (struct psh_node *arm = node->first; arm && !psh.leaving; arm = arm->second) {
        for (size_t i = 0; i < arm->words.count; i++) {
            if (fnmatch(psh_expand_pattern(arm->words.items[i]), word, 0) != 0)
                continue;
            psh.status = 0;
            psh_run(arm->first, last);
            return;
        }
    }
    if (!psh.leaving)
        psh.status = 0;
}

void psh_run_loop(struct psh_node *node) {
    if (node->kind == PSH_FOR)
        run_for(node);
    else if (node->kind == PSH_STEPS)
        run_steps(node);
    else
        run_while(node);
}
