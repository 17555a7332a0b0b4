// Variables: a list, small in every script there is.
#include "shell.h"

#include <ctype.h>
#include <string.h>

size_t psh_name_length(const char *text) {
    size_t length = 0;
    if (!isalpha((unsigned char)*text) && *text != '_')
        return 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

size_t psh_assignment(const char *word) {
    size_t length = psh_name_length(word);
    if (length && psh.bash)
        length += psh_subscript_length(word + length);
    return length && word[length + (word[length] == '+')] == '=' ? length : 0;
}

char *psh_assigned(const char *word, const char *value) {
    size_t length = psh_assignment(word);
    const char *old = word[length] == '+' ? psh_get(psh_copy(word, length)) : NULL;
    size_t kept = old ? strlen(old) : 0;
    char *text = psh_room(kept + strlen(value) + 1);
    memcpy(text, old ? old : "", kept);
    strcpy(text + kept, value);
    return text;
}

static struct psh_variable *find(const char *name) {
    struct psh_variable *variable = psh.variables;
    while (variable && strcmp(variable->name, name) != 0)
        variable = variable->next;
    return variable;
}

struct psh_variable *psh_variable(const char *name) {
    struct psh_variable *variable = find(name);
    if (variable)
        return variable;
    variable = psh_room(sizeof *variable);
    variable->name = psh_copy(name, strlen(name));
    variable->next = psh.variables;
    return psh.variables = variable;
}

const char *psh_get(const char *name) {
    if (psh_is_element(name))
        return psh_element(name);
    struct psh_variable *variable = find(name);
    return variable ? variable->value : NULL;
}

int psh_set(const char *name, const char *value) {
    if (psh_is_element(name))
        return psh_set_named_element(name, value);
    struct psh_variable *variable = psh_variable(name);
    if (variable->array)
        return psh_set_element(name, "0", value);
    if (variable->readonly) {
        psh_fail(psh.bash ? 1 : 2, "%s: is read only", name);
        return -1;
    }
    if (psh.bash && strcmp(name, "SECONDS") == 0)
        psh_restart_seconds(value);
    variable->value = psh_copy(value, strlen(value));
    variable->exported |= psh.allexport;
    return 0;
}

int psh_unset(const char *name) {
    if (psh_is_element(name))
        return psh_unset_element(name);
    struct psh_variable *variable = find(name);
    if (variable && variable->readonly)
        return psh_error("unset: %s: is read only", name);
    if (variable)
        variable->value = NULL, variable->array = NULL, variable->exported = 0;
    return 0;
}

void psh_import(char **environment) {
    for (; environment && *environment; environment++) {
        size_t length = psh_name_length(*environment);
        if (!length || (*environment)[length] != '=')
            continue;
        struct psh_variable *variable = psh_variable(psh_copy(*environment, length));
        variable->value = *environment + length + 1;
        variable->exported = 1;
    }
}

// The newest variable stands first; a program gets them in the order they came.
char **psh_environment(void) {
    struct psh_words result = {0};
    for (struct psh_variable *variable = psh.variables; variable; variable = variable->next) {
        if (!variable->exported || !variable->value || variable->array)
            continue;
        size_t name = strlen(variable->name), value = strlen(variable->value);
        char *entry = psh_room(name + value + 2);
        memcpy(entry, variable->name, name);
        entry[name] = '=';
        memcpy(entry + name + 1, variable->value, value);
        psh_add(&result, entry);
    }
    for (size_t i = 0; i < result.count / 2; i++) {
        char *swapped = result.items[i];
        result.items[i] = result.items[result.count - 1 - i];
        result.items[result.count - 1 - i] = swapped;
    }
    if (!result.items)
        result.items = psh_room(sizeof *result.items);
    return result.items;
}
