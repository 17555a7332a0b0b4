// The evaluator. `last`: nothing of the script comes after this, so that a program may take over.
#include "shell.h"

#include "program.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void stop_on_error(void) {
    if (!psh.status || psh.tested || psh.leaving)
        return;
    if (psh.error_trap)
        run_error_trap();
    if (psh.errexit && !psh.leaving)
        psh.leaving = PSH_EXIT;
}

// What a subshell cannot change: everything but files.
struct kept {
    struct psh_state state;
    char folder[4096];
    mode_t mask;
};

static struct psh_variable *copied(const struct psh_variable *list) {
    struct psh_variable *first = NULL, **end = &first;
    for (; list; list = list->next) {
        *end = psh_room(sizeof **end);
        **end = *list;
        end = &(*end)->next;
    }
    *end = NULL;
    return first;
}

static void enter_subshell(struct kept *kept) {
    kept->state = psh;
    kept->mask = umask(0);
    umask(kept->mask);
    if (!getcwd(kept->folder, sizeof kept->folder))
        kept->folder[0] = 0;
    psh.variables = copied(psh.variables);
    psh.exit_trap = NULL;
    if (!psh.errtrace)
        psh.error_trap = NULL;
    psh.loops = psh.calls = 0;
}

static void leave_subshell(const struct kept *kept) {
    if (psh.exit_trap && !psh.refused) {
        int status = psh.status;
        char *trap = psh.exit_trap;
        psh.exit_trap = NULL;
        psh.leaving = PSH_STAY;
        psh_run_text(trap, 0);
        psh.status = status;
    }
    fflush(NULL);
    int status = psh.status, refused = psh.refused;
    psh = kept->state;
    psh.status = status;
    psh.refused = refused;
    if (refused)
        psh.leaving = PSH_EXIT;
    umask(kept->mask);
    if (kept->folder[0] && chdir(kept->folder) < 0)
        psh_warn("cannot return to %s: %s", kept->folder, strerror(errno));
}

static void run_subshell(struct psh_node *node, int last) {
    struct kept kept;
    enter_subshell(&kept);
    psh_run(node, last && !kept.state.exit_trap);
    if (psh.leaving == PSH_EXEC)
        return; // the program takes this state over
    psh.leaving = PSH_STAY;
    leave_subshell(&kept);
}

// Bash's `$(<file)`: a redirection alone gives what is in the file.
static void read_file(struct psh_node *node) {
    struct psh_node *command = node && !node->second ? node->first : NULL;
    if (command && command->kind == PSH_SIMPLE && !command->words.count &&
        strcmp(command->redirects->operator, "<") == 0) {
        psh_add(&command->words, "command");
        psh_add(&command->words, "cat");
    }
}

// What the script writes, in a file that stands at its begin. -1: said.
int psh_output_file(const char *script) {
    int failed, file = psh_scratch_file();
    struct psh_node *node = psh_parse(script, &failed);
    if (failed || file < 0) {
        psh_fail(2, "a command substitution cannot be run");
        return -1;
    }
    if (psh.bash)
        read_file(node);
    struct kept kept;
    fflush(NULL);
    int output = psh_move_up(dup(1));
    dup2(file, 1);
    enter_subshell(&kept);
    psh.errexit &= !psh.bash || psh.inherit;
    psh_run(node, 0);
    psh.leaving = PSH_STAY;
    leave_subshell(&kept);
    dup2(output, 1);
    close(output);
    psh.substituted = psh.status + 1;
    if (!psh.refused)
        psh.status = kept.state.status; // what `$?` still means in this command
    lseek(file, 0, SEEK_SET);
    return file;
}

char *psh_output_of(const char *script) {
    int file = psh_output_file(script);
    if (file < 0)
        return "";
    off_t size = lseek(file, 0, SEEK_END);
    char *text = psh_room(size + 1);
    ssize_t got = pread(file, text, size, 0);
    close(file);
    size_t length = 0;
    for (ssize_t i = 0; i < got; i++) // as every shell: no NULs
        if (text[i])
            text[length++] = text[i];
    while (length && text[length - 1] == '\n')
        length--;
    text[length] = 0;
    return text;
}

// One side after the other, with a file between them: there is nobody to run both at once.
static void run_pipe(struct psh_node *node, int last) {
    int file = psh_scratch_file(), failed = 0;
    if (file < 0) {
        psh_fail(2, "a pipeline cannot be run: %s", strerror(errno));
        return;
    }
    fflush(NULL);
    int output = psh_move_up(dup(1)), input = psh_move_up(dup(0));
    dup2(file, 1);
    psh.tested++;
    run_subshell(node->first, 0);
    psh.tested--;
    failed = psh.status;
    fflush(NULL);
    dup2(output, 1);
    close(output);
    lseek(file, 0, SEEK_SET);
    dup2(file, 0);
    close(file);
    if (!psh.leaving) {
        if (node->second->kind == PSH_PIPE)
            run_pipe(node->second, last);
        else
            run_subshell(node->second, last);
        if (psh.pipefail && !psh.status && !psh.leaving)
            psh.status = failed;
    }
    if (psh.leaving != PSH_EXEC)
        dup2(input, 0);
    close(input);
}

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

static long long evaluate(const char *expression) {
    return psh.leaving ? 0 : psh_arithmetic(psh_expand_document(expression));
}

// for ((first; condition; step)): no condition is one that holds.
static void run_steps(struct psh_node *node) {
    char **parts = node->words.items;
    int status = 0;
    psh.loops++;
    for (evaluate(parts[0]); !*parts[1] || evaluate(parts[1]); evaluate(parts[2])) {
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

static void run_case(struct psh_node *node, int last) {
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

static struct psh_function *function(const char *name) {
    struct psh_function *found = psh.functions;
    while (found && strcmp(found->name, name) != 0)
        found = found->next;
    return found;
}

static int call_function(struct psh_function *called, char **argv, int last) {
    struct psh_words outer = psh.arguments;
    const char *source = psh.source, *outer_function = psh.function;
    char *error_trap = psh.error_trap;
    psh.arguments = (struct psh_words){0};
    while (*++argv)
        psh_add(&psh.arguments, *argv);
    int loops = psh.loops;
    struct psh_local *locals = psh.locals;
    psh.locals = NULL;
    psh.loops = 0;
    psh.source = called->source;
    psh.function = called->name;
    if (!psh.errtrace)
        psh.error_trap = NULL;
    psh.calls++;
    psh_run(called->body, last);
    psh.calls--;
    psh.loops = loops;
    psh.source = source;
    psh.function = outer_function;
    if (!psh.error_trap)
        psh.error_trap = error_trap;
    for (; psh.locals && psh.leaving != PSH_EXEC; psh.locals = psh.locals->next)
        *psh.locals->variable = psh.locals->old;
    psh.locals = locals;
    psh.arguments = outer;
    if (psh.leaving == PSH_RETURN)
        psh.leaving = PSH_STAY;
    return psh.status;
}

static int run_program(char **argv, int last) {
    struct invocation found;
    const char *path = psh_get("PATH");
    if (path)
        setenv("PATH", path, 1);
    int status = program_resolve(argv, &found);
    if (status) {
        const char *why = strstr(found.problem, "`: ");
        if (status == 127)
            psh_warn("%s: not found", argv[0]);
        else
            psh_warn("%s: %s", argv[0], why ? why + 3 : found.problem);
        return status;
    }
    if (!last) {
        status = program_run(argv, psh_environment());
        if (status < 0)
            psh_warn("%s: cannot run before the script's end: %s", argv[0], strerror(errno));
        return status < 0 ? 126 : status;
    }
    psh.next = argv;
    psh.leaving = PSH_EXEC;
    return 0;
}

int psh_call(char **argv, int last, int functions) {
    struct psh_function *called = functions ? function(argv[0]) : NULL;
    if (called)
        return call_function(called, argv, last);
    const struct psh_builtin *builtin = psh_builtin(argv[0]);
    if (!builtin)
        return run_program(argv, last);
    int status = builtin->run(argv);
    fflush(stdout);
    return status;
}

static char *assigned_value(const char *word) {
    return psh_assigned(word, psh_expand_text(strchr(word, '=') + 1));
}

static void trace(const struct psh_words *words) {
    fputs("+", stderr);
    for (size_t i = 0; i < words->count; i++)
        fprintf(stderr, " %s", words->items[i]);
    fputc('\n', stderr);
}

static int assign_all(char **words, size_t count, struct psh_words *shown) {
    for (size_t i = 0; i < count && !psh.leaving; i++) {
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
    int stays = builtin && builtin->special && !psh.bash && !function(fields->items[0]);
    struct old_value *old = psh_room((count + 1) * sizeof *old);
    struct psh_words shown = {0};
    for (size_t i = 0; i < count; i++) {
        old[i].variable = psh_variable(psh_copy(words[i], psh_assignment(words[i])));
        old[i].value = old[i].variable->value;
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
    if (!stays && psh.leaving != PSH_EXEC)
        for (size_t i = count; i-- > 0;) {
            old[i].variable->value = old[i].value;
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

// Behind `export` and its like, NAME=WORD is an assignment: nothing is split.
static void expand_command(char **words, struct psh_words *fields) {
    if (!words)
        return;
    int declares = *words && declares_variables(*words);
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

static int is_exec(char **fields) {
    return strcmp(fields[0], "exec") == 0;
}

static void run_simple(struct psh_node *node, int last) {
    size_t assignments = 0;
    struct psh_words fields = {0};
    psh.substituted = 0;
    while (assignments < node->words.count && psh_assignment(node->words.items[assignments]))
        assignments++;
    expand_command(node->words.count ? node->words.items + assignments : NULL, &fields);
    if (psh.leaving)
        return;
    struct psh_saved *saved = NULL;
    int stays = fields.count && is_exec(fields.items) && !fields.items[1];
    if (psh_redirect(node->redirects, stays ? NULL : &saved) < 0) {
        if (!psh.leaving) {
            const struct psh_builtin *builtin = fields.count ? psh_builtin(fields.items[0]) : NULL;
            psh.status = psh.bash ? 1 : 2;
            if (builtin && builtin->special && !psh.bash)
                psh.leaving = PSH_EXIT;
        }
    } else if (!fields.count) {
        struct psh_words shown = {0};
        if (assign_all(node->words.items, assignments, &shown) == 0)
            psh.status = psh.substituted ? psh.substituted - 1 : 0;
        if (shown.count)
            trace(&shown);
    } else {
        run_with(node->words.items, assignments, &fields, last);
    }
    if (psh.leaving != PSH_EXEC)
        psh_restore(saved);
    stop_on_error();
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
        run_subshell(node->first, last);
        stop_on_error();
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
        run_while(node);
        break;
    case PSH_FOR:
        run_for(node);
        break;
    case PSH_STEPS:
        run_steps(node);
        break;
    case PSH_ARITHMETIC:
        psh.status = !evaluate(node->name);
        stop_on_error();
        break;
    case PSH_TEST:
        psh.status = psh_condition(node->first);
        stop_on_error();
        break;
    default:
        run_case(node, last);
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
    struct psh_saved *saved = NULL;
    switch (node->kind) {
    case PSH_SIMPLE:
        run_simple(node, last);
        break;
    case PSH_PIPE:
        run_pipe(node, last);
        stop_on_error();
        break;
    case PSH_AND:
    case PSH_OR:
    case PSH_NOT:
        run_logic(node, last);
        break;
    case PSH_BACKGROUND:
        psh_refuse("a box is one process: nothing can run in the background (`&`)");
        break;
    case PSH_FUNCTION:
        define(node);
        break;
    default:
        if (psh_redirect(node->redirects, &saved) < 0)
            psh.status = psh.bash ? 1 : 2, stop_on_error();
        else
            run_compound(node, last);
        if (psh.leaving != PSH_EXEC)
            psh_restore(saved);
    }
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
