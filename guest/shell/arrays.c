// Bash's arrays, indexed and associative. An element has a name of its own everywhere else:
// `name[key]`, its key a number without signs where the array is indexed, and `name[@]` are all.
//
// Invariant: the value of a variable that is an array is that of its element 0.
#include "shell.h"

#include "text.h"
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t psh_subscript(const char *at) {
    const char *end = *at == '[' ? psh_skip_nested(at + 1, '[', ']') : at;
    return end > at + 2 && end[-1] == ']' ? (size_t)(end - at) : 0;
}

static struct psh_array *parts_of_pipeline(void) {
    struct psh_array *array = psh_room(sizeof *array);
    for (size_t i = 0; i < psh.piped.count; i++)
        psh_append(array, psh.piped.items[i]);
    if (!psh.piped.count)
        psh_append(array, psh_decimal(psh.status));
    return array;
}

static struct psh_array *array_of(const char *name) {
    char *alone = psh_copy(name, psh_name_length(name));
    struct psh_variable *variable = psh_find_variable(alone);
    if (psh.bash && strcmp(alone, "PIPESTATUS") == 0)
        return parts_of_pipeline();
    return variable ? variable->array : NULL;
}

// How long a subscript of all elements makes a name; 0: it is another one.
static size_t names_all(const char *name) {
    size_t length = psh_name_length(name);
    const char *rest = name + length;
    return length && *rest == '[' && strchr("@*", rest[1]) && strcmp(rest + 2, "]") == 0;
}

char psh_list_kind(const char *name) {
    if ((*name == '@' || *name == '*') && !name[1])
        return *name;
    return names_all(name) ? name[strlen(name) - 2] : 0;
}

static long long next_index(const struct psh_array *array) {
    return array && array->last ? array->last->index + 1 : 0;
}

// at: behind the `[`.
char *psh_element_name(const char *name, const char *at, size_t length) {
    char *inner = psh_copy(at, length), *full;
    const struct psh_array *array = array_of(name);
    if (strcmp(inner, "@") != 0 && strcmp(inner, "*") != 0) {
        if (array && array->named) {
            inner = psh_expand_text(inner);
        } else {
            long long index = psh_arithmetic(psh_expand_document(inner));
            if (index < 0)
                index += next_index(array);
            if (index < 0)
                psh_fail(1, "%s[%s]: bad array subscript", name, inner);
            inner = psh_room(24);
            snprintf(inner, 24, "%lld", index);
        }
        if (!array && strcmp(inner, "0") == 0)
            return psh_copy(name, strlen(name)); // what is no array is its own first element
    }
    full = psh_room(strlen(name) + strlen(inner) + 3);
    sprintf(full, "%s[%s]", name, inner);
    return full;
}

static char *key_of(const char *name) {
    const char *key = strchr(name, '[') + 1;
    return psh_copy(key, strlen(key) - 1);
}

static struct psh_element *find(const struct psh_array *array, const char *key) {
    struct psh_element *element = array ? array->first : NULL;
    if (element && !array->named && array->last->index < strtoll(key, NULL, 10))
        return NULL;
    while (element && strcmp(element->key, key) != 0)
        element = element->next;
    return element;
}

const char *psh_element(const char *name) {
    struct psh_element *element = find(array_of(name), key_of(name));
    return element ? element->value : NULL;
}

static void put(struct psh_array *array, const char *key, const char *value) {
    struct psh_element *element = find(array, key), **place = &array->first;
    if (!element) {
        element = psh_room(sizeof *element);
        element->key = psh_copy(key, strlen(key));
        element->index = array->named ? 0 : strtoll(key, NULL, 10);
        if (array->last && (array->named || array->last->index < element->index))
            place = &array->last->next;
        while (*place && (array->named || (*place)->index < element->index))
            place = &(*place)->next;
        element->next = *place;
        *place = element;
        if (!element->next)
            array->last = element;
    }
    element->value = psh_copy(value, strlen(value));
}

static void put_at(struct psh_array *array, long long index, const char *value) {
    char key[24];
    snprintf(key, sizeof key, "%lld", index);
    put(array, key, value);
}

void psh_append(struct psh_array *array, const char *value) {
    put_at(array, next_index(array), value);
}

void psh_set_array(struct psh_variable *variable, struct psh_array *array) {
    struct psh_element *first = find(array, "0");
    variable->array = array;
    variable->value = first ? first->value : NULL;
}

// The array a variable is from now on; what it was is element 0.
static struct psh_array *made_array(struct psh_variable *variable) {
    if (!variable->array) {
        variable->array = psh_room(sizeof *variable->array);
        if (variable->value)
            put(variable->array, "0", variable->value);
    }
    return variable->array;
}

void psh_set_element(struct psh_variable *variable, const char *name, const char *value) {
    struct psh_array *array = made_array(variable);
    put(array, strchr(name, '[') ? key_of(name) : "0", value);
    psh_set_array(variable, array);
}

void psh_unset_element(struct psh_variable *variable, const char *name) {
    struct psh_array *old = made_array(variable), *array = psh_room(sizeof *array);
    array->named = old->named;
    for (struct psh_element *element = old->first; element; element = element->next)
        if (strcmp(element->key, key_of(name)) != 0)
            put(array, element->key, element->value);
    psh_set_array(variable, array);
}

// from: below 0 from the end. keys: those in place of the values.
static void list_from(const char *name, long long from, int keys, struct psh_words *list) {
    const struct psh_array *array = array_of(name);
    const char *value = psh_parameter(psh_copy(name, psh_name_length(name)));
    long long position = 0;
    if (!array && value && from <= 0)
        psh_add(list, keys ? "0" : psh_copy(value, strlen(value)));
    if (!array)
        return;
    from += from < 0 ? next_index(array) : 0;
    for (struct psh_element *element = array->first; element; element = element->next, position++)
        if ((array->named ? position : element->index) >= from)
            psh_add(list, keys ? element->key : element->value);
}

struct psh_words psh_list(const char *name) {
    struct psh_words list = {0};
    if (!names_all(name))
        return psh.arguments;
    if (strncmp(name, "BASH_REMATCH[", 13) == 0)
        return psh.matches;
    list_from(name, 0, 0, &list);
    return list;
}

struct psh_words psh_keys(const char *name) {
    struct psh_words list = {0};
    list_from(name, 0, 1, &list);
    return list;
}

struct psh_words psh_list_from(const char *name, long long from) {
    struct psh_words list = {0};
    if (names_all(name)) {
        list_from(name, from, 0, &list);
        return list;
    }
    long long count = (long long)psh.arguments.count;
    for (long long i = from < 0 ? count + 1 + from : from; i >= 0 && i <= count; i++)
        psh_add(&list, i ? psh.arguments.items[i - 1] : psh.name);
    return list;
}

int psh_assigns_list(const char *word) {
    size_t length = psh_name_length(word);
    return length && psh_assignment(word) == length && strchr(word, '=')[1] == '(';
}

// Behind `=(`, without its `)`.
static char *inside(const char *word) {
    const char *open = strchr(word, '(') + 1;
    return psh_copy(open, strlen(open) - 1);
}

void psh_check_list(const char *word) {
    struct psh_words words = {0};
    psh_read_words(inside(word), &words);
}

// `[key]=value`, or `[key]+=value`, among them: how long the subscript is.
static size_t keyed(const char *word) {
    size_t length = psh_subscript(word);
    return length && word[length + (word[length] == '+')] == '=' ? length : 0;
}

// The index of what comes next.
static long long put_keyed(struct psh_array *array, const char *word, size_t length) {
    char *key = psh_copy(word + 1, length - 2), *value;
    long long index = 0;
    if (array->named) {
        key = psh_expand_text(key);
    } else {
        index = psh_arithmetic(psh_expand_document(key));
        key = psh_room(24);
        snprintf(key, 24, "%lld", index);
        if (index < 0)
            psh_fail(1, "[%s]: bad array subscript", key);
    }
    value = psh_expand_text(strchr(word + length, '=') + 1);
    const struct psh_element *old = word[length] == '+' ? find(array, key) : NULL;
    char *text = psh_room((old ? strlen(old->value) : 0) + strlen(value) + 1);
    sprintf(text, "%s%s", old ? old->value : "", value);
    put(array, key, text);
    return index + 1;
}

struct psh_array *psh_expand_list(const char *word, int named) {
    char *name = psh_copy(word, psh_name_length(word));
    const struct psh_array *old = array_of(name);
    struct psh_array *array = psh_room(sizeof *array);
    struct psh_words words = {0};
    array->named = named || (old && old->named);
    if (word[strlen(name)] == '+') {
        const char *value = psh_get(name);
        for (const struct psh_element *one = old ? old->first : NULL; one; one = one->next)
            put(array, one->key, one->value);
        if (!old && value)
            psh_append(array, value);
    }
    psh_read_words(inside(word), &words);
    long long index = next_index(array);
    for (size_t i = 0; i < words.count && !psh.leaving; i++) {
        struct psh_words fields = {0};
        size_t length = keyed(words.items[i]);
        if (length) {
            index = put_keyed(array, words.items[i], length);
            continue;
        }
        psh_expand_word(words.items[i], &fields);
        if (array->named && fields.count)
            psh_fail(1, "%s: %s: must use subscript when assigning associative array", name,
                     fields.items[0]);
        for (size_t field = 0; field < fields.count; field++)
            put_at(array, index++, fields.items[field]);
    }
    return array;
}
