// [[ ]], read from its tokens.
#include "tokens.h"

#include "shell.h"

#include <string.h>

static int is_unary(const char *word) {
    return word[0] == '-' && word[1] && !word[2] && strchr("nzvterwxfdshLpSbcgu", word[1]);
}

static int is_binary(void) {
    static const char *const names[] = {"=",   "==",  "!=",  "=~",  "-eq", "-ne", "-lt",
                                        "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (psh_is(WORD, names[i]))
            return 1;
    return psh_is(OPERATOR, "<") || psh_is(OPERATOR, ">");
}

static void read_operand(struct psh_node *node) {
    if (!psh_reader.problem && (psh_reader.token != WORD || psh_is(WORD, "]]")))
        psh_complain("a word was expected within `[[ ]]`");
    psh_add(&node->words, psh_reader.text);
    psh_advance();
}

static struct psh_node *read_either(void);

static struct psh_node *read_condition(void) {
    if (psh_accept(WORD, "!"))
        return psh_node_of(PSH_NOT, read_condition(), NULL);
    struct psh_node *node = psh_node_of(PSH_CONDITION, NULL, NULL);
    if (psh_accept(OPERATOR, "(")) {
        node = read_either();
        psh_expect(")");
        return node;
    }
    read_operand(node);
    if (is_binary()) {
        psh_add(&node->words, psh_reader.text);
        psh_reader.regex = strcmp(psh_reader.text, "=~") == 0;
        psh_advance();
        psh_reader.regex = 0;
        read_operand(node);
    } else if (is_unary(node->words.items[0])) {
        read_operand(node);
    }
    return node;
}

static struct psh_node *read_both(void) {
    psh_skip_newlines();
    struct psh_node *left = read_condition();
    for (psh_skip_newlines(); psh_accept(OPERATOR, "&&"); psh_skip_newlines()) {
        psh_skip_newlines();
        left = psh_node_of(PSH_AND, left, read_condition());
    }
    return left;
}

static struct psh_node *read_either(void) {
    struct psh_node *left = read_both();
    while (psh_accept(OPERATOR, "||"))
        left = psh_node_of(PSH_OR, left, read_both());
    return left;
}

struct psh_node *psh_read_condition(void) {
    struct psh_node *node = psh_node_of(PSH_TEST, read_either(), NULL);
    psh_expect("]]");
    return node;
}
