// A script's tokens to its tree: POSIX XCU 2.10. Words stay as they are written (expand.c reads
// them).
#include "tokens.h"

#include "shell.h"

#include <stdio.h>
#include <string.h>

struct psh_node *psh_node_of(enum psh_kind kind, struct psh_node *a, struct psh_node *b) {
    struct psh_node *node = psh_room(sizeof *node);
    node->kind = kind;
    node->first = a;
    node->second = b;
    node->line = psh_reader.line;
    return node;
}

static void note_text(struct psh_node *node, size_t start) {
    node->text = psh_reader.begin + start;
    node->length = (int)(psh_reader.behind - node->text);
}

static size_t here(void) {
    return psh_reader.start - psh_reader.begin;
}

struct psh_node *psh_read_command(void) {
    int line = psh_reader.line, compound = 0;
    size_t start = here();
    struct psh_node *node = NULL;
    if (psh_accept(WORD, "function")) {
        node = psh_read_named_function();
    } else {
        node = psh_read_compound();
        compound = node != NULL;
        if (!node)
            node = psh_read_simple();
    }
    struct psh_redirect **end = &node->redirects;
    while (compound && psh_read_redirect(&end))
        ;
    node->line = line;
    note_text(node, start);
    return node;
}

// `a |& b` is `a 2>&1 | b`.
static void add_errors(struct psh_node *node) {
    struct psh_redirect **end = &node->redirects, *errors = psh_room(sizeof *errors);
    while (*end)
        end = &(*end)->next;
    *errors = (struct psh_redirect){.fd = 2, .operator = ">&", .word = "1"};
    *end = errors;
}

static struct psh_node *read_pipeline(void);

// `time`, and `time -p`.
static struct psh_node *read_timed(void) {
    struct psh_node *node = psh_node_of(PSH_TIME, NULL, NULL);
    if (psh_accept(WORD, "-p") || !psh.bash)
        node->name = "-p";
    if (psh_reader.token == WORD || psh_is(OPERATOR, "("))
        node->first = read_pipeline();
    return node;
}

static struct psh_node *read_pipeline(void) {
    if (psh_accept(WORD, "!"))
        return psh_node_of(PSH_NOT, read_pipeline(), NULL);
    if (psh_accept(WORD, "time"))
        return read_timed();
    struct psh_node *left = psh_read_command();
    if (psh_is(OPERATOR, "|&"))
        add_errors(left);
    if (psh_accept(OPERATOR, "|") || psh_accept(OPERATOR, "|&")) {
        psh_skip_newlines();
        left = psh_node_of(PSH_PIPE, left, read_pipeline());
    }
    return left;
}

static struct psh_node *read_and_or(void) {
    struct psh_node *left = read_pipeline();
    for (;;) {
        enum psh_kind kind = psh_is(OPERATOR, "&&") ? PSH_AND : PSH_OR;
        if (!psh_accept(OPERATOR, "&&") && !psh_accept(OPERATOR, "||"))
            return left;
        psh_skip_newlines();
        left = psh_node_of(kind, left, read_pipeline());
    }
}

static int ends_list(void) {
    static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
    if (psh_reader.problem || psh_reader.token == END || psh_is(OPERATOR, ")") ||
        psh_is(OPERATOR, ";;"))
        return 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (psh_is(WORD, words[i]))
            return 1;
    return 0;
}

// Up to what ends it, or to the end of a line.
static struct psh_node *read_commands(int one_line) {
    struct psh_node *list = NULL, **end = &list;
    while (!ends_list() && !(one_line && psh_reader.token == NEWLINE)) {
        size_t start = here();
        struct psh_node *command = read_and_or();
        note_text(command, start);
        if (psh_accept(OPERATOR, "&"))
            command = psh_node_of(PSH_BACKGROUND, command, NULL);
        else if (!psh_accept(OPERATOR, ";") && !psh_reader.problem && psh_reader.token != NEWLINE &&
                 !ends_list())
            psh_complain("an operator or a new line was expected");
        *end = psh_node_of(PSH_SEQUENCE, command, NULL);
        end = &(*end)->second;
        if (!one_line)
            psh_skip_newlines();
    }
    return list;
}

struct psh_node *psh_read_list(void) {
    psh_skip_newlines();
    return read_commands(0);
}

static void begin(const char *text, psh_lines more) {
    psh_reader = (struct reader){.begin = text, .at = text, .start = text, .behind = text};
    psh_reader.more = more;
    psh_reader.line = 1;
}

static struct psh_node *checked(struct psh_node *list, int *failed) {
    if (!psh_reader.problem && psh_reader.token != END && psh_reader.token != NEWLINE) {
        static char problem[80];
        snprintf(problem, sizeof problem, "`%.40s` is not expected here", psh_reader.text);
        psh_complain(problem);
    }
    *failed = psh_reader.problem != NULL;
    if (!*failed)
        return list;
    if (psh.interrupted)
        return NULL;
    psh.line = psh_reader.line;
    psh_warn("syntax error: %s", psh_reader.problem);
    return NULL;
}

struct psh_node *psh_parse(const char *text, int *failed) {
    struct reader outer = psh_reader;
    begin(text, NULL);
    psh_advance();
    struct psh_node *list = checked(psh_read_list(), failed);
    psh_reader = outer;
    return list;
}

struct psh_node *psh_parse_line(psh_lines more, int *failed, int *ended) {
    static int line = 1;
    begin("", more);
    psh_reader.line = line;
    psh_advance();
    struct psh_node *list = checked(read_commands(1), failed);
    *ended = !*failed && psh_reader.token == END;
    line = psh_reader.line;
    return list;
}
