// Simple commands, redirections and functions, read from their tokens.
#include "tokens.h"

#include "builtins.h"
#include "shell.h"

#include <string.h>

static char *unquoted(const char *word, int *quoted) {
    char *text = psh_room(strlen(word) + 1), *out = text;
    for (*quoted = 0; *word; word++) {
        if (*word == '\'' || *word == '"' || *word == '\\')
            *quoted = 1;
        else
            *out++ = *word;
    }
    return text;
}

int psh_read_redirect(struct psh_redirect ***end) {
    if (psh_reader.problem || psh_reader.token != OPERATOR ||
        (!strchr("<>", *psh_reader.text) && strncmp(psh_reader.text, "&>", 2) != 0))
        return 0;
    struct psh_redirect *redirect = psh_room(sizeof *redirect);
    redirect->operator = psh_reader.text;
    redirect->fd = psh_reader.number >= 0 ? psh_reader.number : *psh_reader.text == '>';
    int strip = strcmp(psh_reader.text, "<<-") == 0;
    int document = strip || strcmp(psh_reader.text, "<<") == 0;
    psh_advance();
    if (psh_reader.token != WORD) {
        psh_complain("a redirection has no file");
        return 0;
    }
    redirect->word = psh_reader.text;
    if (document) {
        struct document *entry = psh_room(sizeof *entry), **last = &psh_reader.documents;
        redirect->operator = "<<";
        entry->redirect = redirect;
        entry->delimiter = unquoted(psh_reader.text, &redirect->literal);
        entry->strip = strip;
        while (*last)
            last = &(*last)->next;
        *last = entry;
    }
    psh_advance();
    **end = redirect;
    *end = &redirect->next;
    return 1;
}

// POSIX has names of variables here, bash nearly everything.
static int names_function(const char *word) {
    return psh.bash ? !strpbrk(word, "$'\"\\`=") : psh_name_length(word) == strlen(word);
}

// The words of `name=(..)`, at its parenthesis.
static void read_array(struct psh_node *node, const char *word) {
    struct psh_array_words *array = psh_room(sizeof *array), **last = &node->arrays;
    size_t length = psh_name_length(word);
    array->name = psh_copy(word, length);
    array->appends = word[length] == '+';
    array->before = node->words.count;
    psh_advance();
    for (psh_skip_newlines(); psh_reader.token == WORD && !psh_reader.problem;
         psh_skip_newlines()) {
        psh_add(&array->raw, psh_reader.text);
        psh_advance();
    }
    psh_expect(")");
    while (*last)
        last = &(*last)->next;
    *last = array;
}

static int begins_array(const char *word) {
    size_t length = psh_name_length(word);
    return psh_is(OPERATOR, "(") && psh_reader.start == psh_reader.behind && length &&
           strcmp(word + length + (word[length] == '+'), "=") == 0;
}

// Behind its name.
static void read_function(struct psh_node *node, const char *name) {
    if (psh_accept(OPERATOR, "("))
        psh_expect(")");
    psh_skip_newlines();
    node->kind = PSH_FUNCTION;
    node->name = (char *)name;
    node->first = psh_read_command();
}

// `function name`, with `()` or without.
struct psh_node *psh_read_named_function(void) {
    struct psh_node *node = psh_node_of(PSH_FUNCTION, NULL, NULL);
    const char *name = psh_reader.text;
    if (psh_reader.token != WORD)
        psh_complain("`function` has no name");
    psh_advance();
    read_function(node, name);
    return node;
}

struct psh_node *psh_read_simple(void) {
    struct psh_node *node = psh_node_of(PSH_SIMPLE, NULL, NULL);
    struct psh_redirect **end = &node->redirects;
    for (;;) {
        if (!psh_reader.problem && psh_reader.token == WORD) {
            const char *word = psh_reader.text;
            psh_advance();
            if (begins_array(word)) {
                read_array(node, word);
                continue;
            }
            psh_add(&node->words, (char *)word);
            if (node->words.count == 1 && !node->redirects && psh_is(OPERATOR, "(") &&
                names_function(word)) {
                read_function(node, word);
                return node;
            }
        } else if (!psh_read_redirect(&end)) {
            break;
        }
    }
    if (node->arrays && node->words.count && !psh_assignment(node->words.items[0]) &&
        !psh_declares(node->words.items[0]))
        psh_complain("`name=(..)` is no word of a command");
    if (!node->words.count && !node->redirects && !node->arrays)
        psh_complain(psh_reader.token == END ? "the script ends in the middle of a command"
                                             : "a command was expected");
    return node;
}
