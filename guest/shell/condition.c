// [[ ]]: bash's conditions. Words are not split, and patterns are not of files.
#include "shell.h"

#include "builtins.h"

#include <fnmatch.h>
#include <regex.h>
#include <string.h>

static int problem; // something in this condition is none: status 2

static int matches_regex(const char *text, const char *word) {
    regex_t regex;
    psh.matches = (struct psh_words){0};
    if (regcomp(&regex, psh_expand_regex(word), REG_EXTENDED)) {
        psh_warn("[[: %s: not a regular expression", word);
        problem = 1;
        return 0;
    }
    size_t count = regex.re_nsub + 1;
    regmatch_t *places = psh_room(count * sizeof *places);
    int found = regexec(&regex, text, count, places, 0) == 0;
    for (size_t i = 0; found && i < count; i++)
        psh_add(&psh.matches, places[i].rm_so < 0 ? ""
                                                  : psh_copy(text + places[i].rm_so,
                                                             places[i].rm_eo - places[i].rm_so));
    regfree(&regex);
    return found;
}

// -eq and its like: of expressions.
static int compare(const char *left, const char *operator, const char *right) {
    long long a = psh_arithmetic(left), b = psh_arithmetic(right);
    switch (operator[1] << 8 | operator[2]) {
    case 'e' << 8 | 'q':
        return a == b;
    case 'n' << 8 | 'e':
        return a != b;
    case 'l' << 8 | 't':
        return a < b;
    case 'l' << 8 | 'e':
        return a <= b;
    case 'g' << 8 | 't':
        return a > b;
    default:
        return a >= b;
    }
}

static int binary(const char *word, const char *operator, const char *right) {
    char *left = psh_expand_text(word);
    if (strcmp(operator, "=~") == 0)
        return matches_regex(left, right);
    if (strcmp(operator, "!=") == 0)
        return fnmatch(psh_expand_pattern(right), left, 0) != 0;
    if (operator[0] == '=')
        return fnmatch(psh_expand_pattern(right), left, 0) == 0;
    char *other = psh_expand_text(right);
    if (operator[0] == '<' || operator[0] == '>')
        return operator[0] == '<' ? strcmp(left, other) < 0 : strcmp(left, other) > 0;
    if (operator[2] == 't' && (operator[1] == 'n' || operator[1] == 'o'))
        return psh_test_files(left, operator, other);
    if (strcmp(operator, "-ef") == 0)
        return psh_test_files(left, operator, other);
    return compare(left, operator, other);
}

static int holds(struct psh_node *node) {
    switch (node->kind) {
    case PSH_AND:
        return holds(node->first) && !problem && holds(node->second);
    case PSH_OR:
        return holds(node->first) || (!problem && holds(node->second));
    case PSH_NOT:
        return !holds(node->first);
    default:
        break;
    }
    char **words = node->words.items;
    if (node->words.count == 3)
        return binary(words[0], words[1], words[2]);
    char *word = psh_expand_text(words[node->words.count - 1]);
    if (node->words.count == 1)
        return *word != 0;
    return psh_test_unary(words[0][1], word);
}

int psh_condition(struct psh_node *node) {
    problem = 0;
    int value = holds(node);
    return psh.leaving ? psh.status : problem ? 2 : !value;
}
