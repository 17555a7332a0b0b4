// Compound commands, read from their tokens.
#include "tokens.h"

#include "shell.h"

#include <string.h>

static struct psh_node *read_if(void) {
    struct psh_node *node = psh_node_of(PSH_IF, psh_read_list(), NULL);
    psh_expect("then");
    node->second = psh_read_list();
    if (psh_accept(WORD, "elif")) {
        node->third = read_if();
        return node; // the innermost has read the `fi`
    }
    if (psh_accept(WORD, "else"))
        node->third = psh_read_list();
    psh_expect("fi");
    return node;
}

static struct psh_node *read_body(void) {
    psh_skip_newlines();
    psh_expect("do");
    struct psh_node *body = psh_read_list();
    psh_expect("done");
    return body;
}

// `(( expression ))`: null where it is a subshell in a subshell.
static struct psh_node *read_arithmetic(void) {
    const char *start = psh_reader.at + 1, *end;
    if (!psh.bash || !psh_is(OPERATOR, "(") || *psh_reader.at != '(')
        return NULL;
    do {
        start = psh_reader.at + 1;
        end = psh_skip_nested(start, '(', ')');
    } while (!*end && psh_more());
    if (end[-1] != ')' || *end != ')')
        return NULL;
    struct psh_node *node = psh_node_of(PSH_ARITHMETIC, NULL, NULL);
    node->name = psh_copy(start, end - 1 - start);
    psh_reader.at = end + 1;
    psh_advance();
    return node;
}

// for ((first; condition; step))
static struct psh_node *read_steps(struct psh_node *node) {
    const char *at = node->name + strspn(node->name, " \t\n");
    node->kind = PSH_STEPS;
    for (; node->words.count < 3; at += strspn(at, " \t\n")) {
        size_t length = strcspn(at, ";");
        psh_add(&node->words, psh_copy(at, length));
        at += length + (at[length] && node->words.count < 3);
        if (!*at && node->words.count < 2)
            psh_complain("`for ((` has three expressions, with `;` between them");
    }
    if (*at)
        psh_complain("`for ((` has three expressions");
    psh_accept(OPERATOR, ";");
    psh_skip_newlines();
    if (!psh_accept(WORD, "{")) {
        node->first = read_body();
        return node;
    }
    node->first = psh_read_list();
    psh_expect("}");
    return node;
}

static struct psh_node *read_for(void) {
    struct psh_node *node = read_arithmetic();
    if (node)
        return read_steps(node);
    node = psh_node_of(PSH_FOR, NULL, NULL);
    if (psh_reader.token != WORD || psh_name_length(psh_reader.text) != strlen(psh_reader.text))
        psh_complain("`for` has no variable");
    node->name = psh_reader.text;
    psh_advance();
    psh_skip_newlines();
    if (psh_accept(WORD, "in")) {
        node->has_list = 1;
        while (!psh_reader.problem && psh_reader.token == WORD) {
            psh_add(&node->words, psh_reader.text);
            psh_advance();
        }
    }
    psh_accept(OPERATOR, ";");
    node->first = read_body();
    return node;
}

static struct psh_node *read_case(void) {
    struct psh_node *node = psh_node_of(PSH_CASE, NULL, NULL), **arm = &node->first;
    if (psh_reader.token != WORD)
        psh_complain("`case` has no word");
    node->name = psh_reader.text;
    psh_advance();
    psh_skip_newlines();
    psh_expect("in");
    psh_skip_newlines();
    while (!psh_reader.problem && !psh_is(WORD, "esac")) {
        *arm = psh_node_of(PSH_GROUP, NULL, NULL);
        psh_accept(OPERATOR, "(");
        do {
            if (psh_reader.token != WORD)
                psh_complain("a pattern was expected");
            psh_add(&(*arm)->words, psh_reader.text);
            psh_advance();
        } while (psh_accept(OPERATOR, "|"));
        psh_expect(")");
        (*arm)->first = psh_read_list();
        arm = &(*arm)->second;
        if (!psh_accept(OPERATOR, ";;"))
            break;
        psh_skip_newlines();
    }
    psh_expect("esac");
    return node;
}

static struct psh_node *read_while(void) {
    struct psh_node *node = psh_node_of(psh_is(WORD, "while") ? PSH_WHILE : PSH_UNTIL, NULL, NULL);
    psh_advance();
    node->first = psh_read_list();
    node->second = read_body();
    return node;
}

static struct psh_node *read_closed(enum psh_kind kind, const char *close) {
    struct psh_node *node = psh_node_of(kind, psh_read_list(), NULL);
    psh_expect(close);
    return node;
}

struct psh_node *psh_read_compound(void) {
    struct psh_node *node;
    if (psh_accept(WORD, "if"))
        return read_if();
    if ((node = read_arithmetic()))
        return node;
    if (psh_accept(WORD, "[["))
        return psh_read_condition();
    if (psh_is(WORD, "while") || psh_is(WORD, "until"))
        return read_while();
    if (psh_accept(WORD, "for"))
        return read_for();
    if (psh_accept(WORD, "case"))
        return read_case();
    if (psh_accept(WORD, "{"))
        return read_closed(PSH_GROUP, "}");
    return psh_accept(OPERATOR, "(") ? read_closed(PSH_SUBSHELL, ")") : NULL;
}
