// The shell's parts, and the tree a script is read into.
//
// Invariants
// 1. A subshell is a forked process, and never returns to the code that forked it: psh_finish()
// ends
//    it. Only where nothing of the script comes after it is it this process itself.
// 2. Nothing is freed but jobs: a script ends in its program, and its memory with it.
// 3. A script that is refused says so before the first command has run (syntax), or ends there and
//    then (what this shell has not, or the runtime); it never goes on as if it had worked.
// 4. A program is started by vfork: what runs before its exec changes nothing in memory that its
//    parent goes on with.
// 5. What dash understands means what dash makes of it, unless the shell was called bash: only then
//    is there another reading of the same text (echo, `&>`, `$'..'`, `{a,b}`). Bash's syntax that
//    is an error in dash is read whatever the shell is called.
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <stddef.h>
#include <sys/types.h>

enum psh_kind {
    PSH_SIMPLE,
    PSH_PIPE,
    PSH_AND,
    PSH_OR,
    PSH_NOT,
    PSH_TIME, // name: not null for POSIX's format
    PSH_SEQUENCE,
    PSH_BACKGROUND,
    PSH_SUBSHELL,
    PSH_GROUP,
    PSH_IF,
    PSH_WHILE,
    PSH_UNTIL,
    PSH_FOR,
    PSH_CASE,
    PSH_FUNCTION,
    PSH_STEPS,      // for (( words )) first
    PSH_ARITHMETIC, // (( name ))
    PSH_TEST,       // [[ first ]], of PSH_AND, PSH_OR, PSH_NOT and PSH_CONDITION
    PSH_CONDITION,  // words: [operator] word, or word operator word
};

struct psh_words {
    char **items; // null-terminated
    size_t count;
};

// `name=(..)` among the words of a command.
struct psh_array_words {
    struct psh_array_words *next;
    size_t before; // words of the command that stand before it
    char *name;
    int appends;                         // `+=`
    struct psh_words raw;                // between the parentheses
    struct psh_words fields, subscripts; // expanded; "": behind the one before
};

struct psh_redirect {
    struct psh_redirect *next;
    int fd;
    const char *operator; // "<", ">", ">>", "<>", ">|", "<&", ">&", "<<", "<<<", "&>", "&>>"
    char *word;           // raw; of a here-document the text
    int literal;          // a here-document whose delimiter was quoted
};

struct psh_node {
    enum psh_kind kind;
    struct psh_node *first, *second, *third; // condition, then, else; or the two sides
    struct psh_words words;                  // raw words: command, for's list, a case's patterns
    char *name;                              // for's variable, a function's name, case's word
    int has_list;                            // for has `in`
    struct psh_array_words *arrays;
    struct psh_redirect *redirects;
    int line;
    const char *text; // as it is written, for messages about jobs
    int length;
};

// What the evaluator is leaving, and how far.
enum psh_leaving { PSH_STAY, PSH_BREAK, PSH_CONTINUE, PSH_RETURN, PSH_EXIT };

struct psh_variable {
    struct psh_variable *next;
    char *name, *value;      // value null: not set, only marked
    struct psh_array *array; // null: it is none
    int exported, readonly;
};

struct psh_function {
    struct psh_function *next;
    char *name;
    struct psh_node *body;
    const char *source; // the file it is in
};

// What a function has made its own, to be put back.
struct psh_local {
    struct psh_local *next;
    struct psh_variable *variable, old;
};

struct psh_state {
    struct psh_variable *variables;
    struct psh_function *functions;
    struct psh_local *locals;
    struct psh_words arguments; // $1 and on
    char *name;                 // $0
    const char *source;         // the file that is read, null without one
    const char *function;       // that runs, null without one
    struct psh_words matches;   // of the last =~, and of its parentheses
    struct psh_words statuses;  // of the last pipeline's parts; none: of one, in this process
    int alone;                  // whose status this is
    long long started;          // $SECONDS
    char **given;               // a tool's words, where it is a program; else null
    int bash;                   // the shell was called by that name
    int errexit, nounset, xtrace, noglob, pipefail, allexport, errtrace, nullglob, inherit;
    int interactive, monitor;
    int subshell;                   // a forked copy of the shell that was started
    pid_t process;                  // $$
    pid_t background;               // $!, 0 without one
    const struct psh_node *command; // that runs
    char *exit_trap, *error_trap;
    int errors;  // what bash has as its error output beside a program's own, 0: that
    int trapped; // inside of the error trap, which keeps the line that failed
    int status, line;
    enum psh_leaving leaving;
    int levels;      // of loops still to leave
    int loops;       // around this command
    int calls;       // of functions and sourced files around this command
    int tested;      // the status is asked for: errexit does not apply
    int interrupted; // by SIGINT, an interactive shell leaves what it runs
    int substituted; // the status of this command's last command substitution, plus one
};

extern struct psh_state psh;

// memory.c
void *psh_room(size_t size);
char *psh_copy(const char *text, size_t length);
void psh_add(struct psh_words *words, char *item);
void psh_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int psh_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void psh_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
void psh_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

// parse.c: null with a message printed where the text is no script.
struct psh_node *psh_parse(const char *text, int *failed);
// The commands of one line and of those it needs to be complete. more: the next line, null at the
// end, where *ended is set.
typedef char *(*psh_lines)(void);
struct psh_node *psh_parse_line(psh_lines more, int *failed, int *ended);

// skip.c
const char *psh_skip_dollar(const char *at); // behind what begins with `$` or a backquote
const char *psh_skip_quotes(const char *at); // behind what begins with a quote
const char *psh_skip_nested(const char *at, char open, char close);

// variables.c
const char *psh_get(const char *name);
int psh_set(const char *name, const char *value); // -1: readonly, said
struct psh_variable *psh_variable(const char *name);
int psh_unset(const char *name); // the status; an error is said
size_t psh_name_length(const char *text);
// Of the name before `=` or `+=`, and in bash of the brackets behind it; 0 without one.
size_t psh_assignment(const char *word);
char *psh_assigned(const char *word, const char *value); // appended to the old one for `+=`
char **psh_environment(void);
void psh_import(char **environment);

// arrays.c. text: a name with brackets behind it. psh_list: `@` or `*`, 0 where it is one value.
size_t psh_subscript_length(const char *at); // of the brackets, 0 without them
int psh_is_element(const char *name);
int psh_is_keyed(const char *text); // declare -A
const char *psh_element(const char *text);
int psh_set_element(const char *name, const char *subscript, const char *value); // -1: said
int psh_set_named_element(const char *text, const char *value);                  // -1: said
int psh_unset_element(const char *text);
void psh_make_array(struct psh_variable *variable, int keyed); // it keeps what it has
void psh_empty_array(struct psh_variable *variable, int keyed);
void psh_expand_array(struct psh_array_words *words);
void psh_assign_array(const struct psh_array_words *words);
char psh_list(const char *text, struct psh_words *list);
char psh_list_keys(const char *text, struct psh_words *keys);
void psh_list_from(const char *text, long long from, const long long *length,
                   struct psh_words *some);

// expand.c
void psh_expand_word(const char *word, struct psh_words *fields);
char *psh_expand_text(const char *word); // one text: no splitting, no patterns
char *psh_expand_document(const char *text);
char *psh_expand_pattern(const char *word); // quoted characters escaped for fnmatch
char *psh_expand_regex(const char *word);   // quoted characters escaped for regcomp
const char *psh_parameter(const char *name);

// braces.c: a word's `{a,b}` and `{1..3}`, before everything else.
void psh_expand_braces(const char *word, struct psh_words *words);

// modify.c: values of bash's ${name..}.
char *psh_change_case(const char *value, int up, int all);
char *psh_replace(const char *value, const char *pattern, char where, const char *by);
char *psh_slice(const char *value, long long from, const long long *length);

// dynamic.c: null where there is no such variable
const char *psh_changing(const char *name);
const char *psh_given(const char *name);
void psh_restart_seconds(const char *value);

// arithmetic.c
long long psh_arithmetic(const char *text);

// jobs.c: $PIPESTATUS
struct psh_words psh_pipe_statuses(void);

// run.c. last: nothing of the script comes after this, so that a program may take the shell's
// place.
void psh_run(struct psh_node *node, int last);
int psh_run_text(const char *text, int last);
void psh_stop_on_error(void);
_Noreturn void psh_finish(void); // ends this process: its EXIT trap, its status

// loops.c
void psh_run_loop(struct psh_node *node);
void psh_run_case(struct psh_node *node, int last);
long long psh_evaluate(const char *expression);

// simple.c
void psh_run_simple(struct psh_node *node, int last);

// call.c
struct psh_function *psh_function(const char *name);
int psh_call(char **argv, int last, int functions);
int psh_exec(char **argv);

// timing.c
void psh_run_timed(struct psh_node *node);

// input.c
void psh_run_input(void); // commands from standard input

// condition.c: the status of what stands in [[ ]]
int psh_condition(struct psh_node *node);

// redirect.c
struct psh_saved {
    struct psh_saved *next;
    int fd, copy; // -1: it was closed
};
int psh_redirect(struct psh_redirect *list, struct psh_saved **saved);
void psh_restore(struct psh_saved *saved);
void psh_move(int from, int to);
void psh_save(int fd, struct psh_saved **saved);
int psh_pipe(int ends[2]);
int psh_scratch_file(void); // that nobody else has

// The program `sh`, and `env`.
int psh_main(int argc, char **argv, char **environment);
int psh_env_main(int argc, char **argv, char **environment);

#endif
