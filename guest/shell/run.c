// The evaluator.
#include "shell.h"

#include "process.h"
#include "traps.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void run_error_trap(void) {
    char *trap = psh.error_trap;
    int status = psh.status;
    psh.error_trap = NULL;
    psh.trapped++;
    psh_run_text(trap, 0);
    psh.trapped--;
    psh.error_trap = trap;
    if (!psh.leaving)
        psh.status = status;
}

void psh_stop_on_error(void) {
    if (!psh.status || psh.tested || psh.leaving)
        return;
    if (psh.error_trap)
        run_error_trap();
    if (psh.errexit && !psh.leaving)
        psh.leaving = PSH_EXIT;
}

// A pipeline of one part, run in this process.
static void end_alone(void) {
    psh.statuses = (struct psh_words){0};
    psh.alone = psh.status;
}

static void define(struct psh_node *node) {
    struct psh_function *entry = psh_room(sizeof *entry);
    entry->name = node->name;
    entry->body = node->first;
    entry->source = psh.source;
    entry->next = psh.functions;
    psh.functions = entry;
    psh.status = 0;
}

static void run_test(struct psh_node *node) {
    psh.tested++;
    psh_run(node, 0);
    psh.tested--;
}

static void run_compound(struct psh_node *node, int last) {
    switch (node->kind) {
    case PSH_SUBSHELL:
        psh_run_subshell(node, last);
        psh_stop_on_error();
        break;
    case PSH_GROUP:
        psh_run(node->first, last);
        break;
    case PSH_IF:
        run_test(node->first);
        if (psh.leaving)
            break;
        if (psh.status == 0) {
            psh_run(node->second, last);
        } else {
            psh.status = 0;
            psh_run(node->third, last);
        }
        break;
    case PSH_WHILE:
    case PSH_UNTIL:
    case PSH_FOR:
    case PSH_STEPS:
        psh_run_loop(node);
        break;
    case PSH_ARITHMETIC:
        psh.status = !psh_evaluate(node->name);
        end_alone();
        psh_stop_on_error();
        break;
    case PSH_TEST:
        psh.status = psh_condition(node->first);
        end_alone();
        psh_stop_on_error();
        break;
    default:
        psh_run_case(node, last);
    }
}

static void run_logic(struct psh_node *node, int last) {
    run_test(node->first);
    if (psh.leaving)
        return;
    if (node->kind == PSH_NOT)
        psh.status = !psh.status;
    else if ((psh.status == 0) == (node->kind == PSH_AND))
        psh_run(node->second, last);
}

void psh_run(struct psh_node *node, int last) {
    for (; node && node->kind == PSH_SEQUENCE && !psh.leaving; node = node->second)
        psh_run(node->first, last && !node->second);
    if (!node || psh.leaving)
        return;
    if (!psh.trapped)
        psh.line = node->line;
    psh.command = node;
    int files = psh_process_files();
    struct psh_saved *saved = NULL;
    switch (node->kind) {
    case PSH_SIMPLE:
        psh_run_simple(node, last);
        end_alone();
        break;
    case PSH_PIPE:
        psh_run_pipe(node);
        psh_stop_on_error();
        break;
    case PSH_AND:
    case PSH_OR:
    case PSH_NOT:
        run_logic(node, last);
        break;
    case PSH_BACKGROUND:
        psh_run_background(node);
        break;
    case PSH_TIME:
        psh_run_timed(node);
        break;
    case PSH_FUNCTION:
        define(node);
        break;
    default:
        if (psh_redirect(node->redirects, &saved) < 0)
            psh.status = psh.bash ? 1 : 2, psh_stop_on_error();
        else
            run_compound(node, last);
        psh_restore(saved);
    }
    psh_close_process_files(files);
    psh_run_traps();
}

int psh_run_text(const char *text, int last) {
    int failed;
    struct psh_node *node = psh_parse(text, &failed);
    if (failed) {
        psh.status = 2;
        psh.leaving = PSH_EXIT;
        return 2;
    }
    if (!node)
        psh.status = 0;
    psh_run(node, last);
    return psh.status;
}

void psh_finish(void) {
    psh_run_exit_trap();
    fflush(NULL);
    _exit(psh.status);
}
