// Bash's arrays: `name=(..)`, `name[..]`, by numbers or, after `declare -A`, by names.
//
// A variable that is one has its element 0 as its value. Elements lie in the order of their
// numbers; of their names, in the order they came.
#include "builtins.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct psh_element {
    long long index;
    char *key; // null: it has a number
    char *value;
};

struct psh_array {
    struct psh_element *items;
    size_t count, room;
    int keyed;
};

size_t psh_subscript_length(const char *at) {
    if (*at != '[')
        return 0;
    const char *end = psh_skip_nested(at + 1, '[', ']');
    return end[-1] == ']' && end > at + 2 ? (size_t)(end - at) : 0;
}

// A name and what stands in the brackets behind it, null without them.
struct place {
    struct psh_variable *variable; // null: there is none
    char *name, *subscript;
};

static struct place place_of(const char *text) {
    size_t length = psh_name_length(text), width = psh_subscript_length(text + length);
    struct place place = {.name = psh_copy(text, length)};
    for (place.variable = psh.variables; place.variable; place.variable = place.variable->next)
        if (strcmp(place.variable->name, place.name) == 0)
            break;
    if (width)
        place.subscript = psh_copy(text + length + 1, width - 2);
    return place;
}

int psh_is_element(const char *name) {
    size_t length = psh_name_length(name);
    return length && name[length] == '[' && !name[length + psh_subscript_length(name + length)];
}

static struct psh_array *array_of(struct psh_variable *variable) {
    if (variable->array)
        return variable->array;
    variable->array = psh_room(sizeof *variable->array);
    if (variable->value)
        psh_set_element(variable->name, "0", variable->value);
    return variable->array;
}

static long long last_index(const struct psh_array *array) {
    return array && array->count ? array->items[array->count - 1].index : -1;
}

// What the brackets say. 0: said.
static int read_subscript(const struct psh_array *array, const char *name, const char *subscript,
                          struct psh_element *wanted) {
    if (array && array->keyed) {
        wanted->key = psh_expand_text(subscript);
        return !psh.leaving;
    }
    wanted->index = psh_arithmetic(psh_expand_text(subscript));
    if (wanted->index < 0)
        wanted->index += last_index(array) + 1;
    if (wanted->index < 0 && !psh.leaving)
        psh_error("%s: bad array subscript", name);
    return !psh.leaving && wanted->index >= 0;
}

// Where the element is, or would be.
static size_t position(const struct psh_array *array, const struct psh_element *wanted) {
    size_t i = 0;
    if (!array->keyed && array->count && wanted->index > last_index(array))
        return array->count; // the usual one
    for (; i < array->count; i++)
        if (wanted->key ? strcmp(array->items[i].key, wanted->key) == 0
                        : array->items[i].index >= wanted->index)
            break;
    return i;
}

static int is_there(const struct psh_array *array, size_t at, const struct psh_element *wanted) {
    return at < array->count && (wanted->key || array->items[at].index == wanted->index);
}

// The variable's own value is element 0's.
static void tell_value(struct psh_variable *variable) {
    struct psh_element zero = {.key = variable->array->keyed ? "0" : NULL};
    size_t at = position(variable->array, &zero);
    int there = is_there(variable->array, at, &zero);
    variable->value = there ? variable->array->items[at].value : NULL;
}

static void put_element(struct psh_variable *variable, const struct psh_element *wanted,
                        const char *value) {
    struct psh_array *array = array_of(variable);
    size_t at = position(array, wanted);
    if (!is_there(array, at, wanted)) {
        if (array->count == array->room) {
            array->room = 2 * array->room + 4;
            struct psh_element *items = psh_room(array->room * sizeof *items);
            if (array->count)
                memcpy(items, array->items, array->count * sizeof *items);
            array->items = items;
        }
        memmove(&array->items[at + 1], &array->items[at],
                (array->count - at) * sizeof *array->items);
        array->count++;
        array->items[at] = *wanted;
    }
    array->items[at].value = psh_copy(value, strlen(value));
    tell_value(variable);
}

int psh_is_keyed(const char *text) {
    struct place place = place_of(text);
    return place.variable && place.variable->array && place.variable->array->keyed;
}

int psh_set_element(const char *name, const char *subscript, const char *value) {
    struct psh_variable *variable = psh_variable(name);
    struct psh_element wanted = {0};
    if (variable->readonly) {
        psh_fail(1, "%s: is read only", name);
        return -1;
    }
    if (!read_subscript(variable->array, name, subscript, &wanted))
        return -1;
    put_element(variable, &wanted, value);
    return 0;
}

int psh_set_named_element(const char *text, const char *value) {
    struct place place = place_of(text);
    return psh_set_element(place.name, place.subscript, value);
}

const char *psh_element(const char *text) {
    struct place place = place_of(text);
    struct psh_array *array = place.variable ? place.variable->array : NULL;
    struct psh_element wanted = {0};
    if (!read_subscript(array, place.name, place.subscript, &wanted))
        return NULL;
    if (!array)
        return wanted.index || !place.variable ? NULL : place.variable->value;
    size_t at = position(array, &wanted);
    return is_there(array, at, &wanted) ? array->items[at].value : NULL;
}

int psh_unset_element(const char *text) {
    struct place place = place_of(text);
    struct psh_element wanted = {0};
    if (!place.variable)
        return 0;
    if (place.variable->readonly)
        return psh_error("unset: %s: is read only", place.name);
    if (!read_subscript(place.variable->array, place.name, place.subscript, &wanted))
        return 1;
    struct psh_array *array = array_of(place.variable);
    size_t at = position(array, &wanted);
    if (is_there(array, at, &wanted)) {
        array->count--;
        memmove(&array->items[at], &array->items[at + 1],
                (array->count - at) * sizeof *array->items);
        tell_value(place.variable);
    }
    return 0;
}

void psh_make_array(struct psh_variable *variable, int keyed) {
    if (keyed && variable->array && !variable->array->keyed)
        psh_fail(1, "%s: cannot convert indexed to associative array", variable->name);
    else if (!keyed && variable->array && variable->array->keyed)
        psh_fail(1, "%s: cannot convert associative to indexed array", variable->name);
    else if (keyed && !variable->array)
        variable->array = psh_room(sizeof *variable->array), variable->array->keyed = 1;
    else
        array_of(variable);
}

// `[subscript]=value` within the parentheses: the length of the brackets, 0 without them.
static size_t given_subscript(const char *word) {
    size_t width = psh_subscript_length(word);
    return width && word[width] == '=' ? width : 0;
}

static void add_given(struct psh_array_words *into, const char *word, size_t width) {
    psh_add(&into->subscripts, psh_copy(word + 1, width - 2));
    psh_add(&into->fields, psh_expand_text(word + width + 1));
}

// The fields of one word, which have the places behind the last one.
static void add_fields(struct psh_array_words *into, const char *word) {
    psh_expand_word(word, &into->fields);
    while (into->subscripts.count < into->fields.count)
        psh_add(&into->subscripts, "");
}

void psh_expand_array(struct psh_array_words *words) {
    words->fields = words->subscripts = (struct psh_words){0};
    for (size_t i = 0; i < words->raw.count && !psh.leaving; i++) {
        size_t width = given_subscript(words->raw.items[i]);
        if (width)
            add_given(words, words->raw.items[i], width);
        else
            add_fields(words, words->raw.items[i]);
    }
}

// name=(key value key value)
static void fill_pairs(struct psh_variable *variable, const struct psh_array_words *words) {
    for (size_t i = 0; i < words->fields.count && !psh.leaving; i++) {
        const char *subscript = words->subscripts.items[i];
        struct psh_element wanted = {.key = psh_expand_text(subscript)};
        const char *value = words->fields.items[i];
        if (!*subscript) {
            wanted.key = words->fields.items[i];
            value = i + 1 < words->fields.count ? words->fields.items[++i] : "";
        }
        put_element(variable, &wanted, value);
    }
}

static void fill(struct psh_variable *variable, const struct psh_array_words *words) {
    struct psh_element next = {.index = last_index(variable->array) + 1};
    for (size_t i = 0; i < words->fields.count && !psh.leaving; i++, next.index++) {
        const char *subscript = words->subscripts.items[i];
        if (!*subscript || read_subscript(variable->array, variable->name, subscript, &next))
            put_element(variable, &next, words->fields.items[i]);
    }
}

void psh_assign_array(const struct psh_array_words *words) {
    struct psh_variable *variable = psh_variable(words->name);
    if (words->appends)
        array_of(variable);
    else
        psh_empty_array(variable, variable->array && variable->array->keyed);
    if (variable->array->keyed)
        fill_pairs(variable, words);
    else
        fill(variable, words);
}

void psh_empty_array(struct psh_variable *variable, int keyed) {
    variable->array = psh_room(sizeof *variable->array);
    variable->array->keyed = keyed;
    variable->value = NULL;
}

// The names of functions and files below the one that runs are not kept.
static int is_kept(const char *name) {
    return strcmp(name, "FUNCNAME") != 0 && strcmp(name, "BASH_SOURCE") != 0;
}

static char list_mark(const char *text) {
    size_t length = psh_name_length(text);
    if (!length)
        return (*text == '@' || *text == '*') && !text[1] ? *text : 0;
    int is_list = text[length] == '[' && text[length + 1] && strchr("@*", text[length + 1]);
    return is_list && strcmp(text + length + 2, "]") == 0 ? text[length + 1] : 0;
}

char psh_list(const char *text, struct psh_words *list) {
    char mark = list_mark(text);
    if (!mark)
        return 0;
    struct place place = place_of(text);
    if (!*place.name) {
        *list = psh.arguments;
    } else if (strcmp(place.name, "BASH_REMATCH") == 0) {
        *list = psh.matches;
    } else if (strcmp(place.name, "PIPESTATUS") == 0) {
        *list = psh_pipe_statuses();
    } else if (!place.variable && !is_kept(place.name)) {
        psh_refuse("${%s} is bash's, and not understood here", text);
    } else if (place.variable && place.variable->array) {
        for (size_t i = 0; i < place.variable->array->count; i++)
            psh_add(list, place.variable->array->items[i].value);
    } else if (place.variable && place.variable->value) {
        psh_add(list, place.variable->value);
    }
    return mark;
}

char psh_list_keys(const char *text, struct psh_words *keys) {
    char mark = psh_name_length(text) ? list_mark(text) : 0;
    struct place place = mark ? place_of(text) : (struct place){0};
    const struct psh_array *array = place.variable ? place.variable->array : NULL;
    for (size_t i = 0; array && i < array->count; i++) {
        const struct psh_element *item = &array->items[i];
        const char *key = item->key ? item->key : psh_decimal(item->index);
        psh_add(keys, psh_copy(key, strlen(key)));
    }
    if (place.variable && !array && place.variable->value)
        psh_add(keys, "0");
    return mark;
}

void psh_list_from(const char *text, long long from, const long long *length,
                   struct psh_words *some) {
    struct place place = place_of(text);
    const struct psh_array *array = place.variable ? place.variable->array : NULL;
    int keyed = array && array->keyed;
    struct psh_words all = {0};
    psh_list(text, &all);
    long long left = length ? *length : (long long)all.count;
    long long end = array && !keyed ? last_index(array) + 1 : (long long)all.count;
    if (length && *length < 0)
        psh_fail(1, "${%s:..}: a length below 0", text);
    if (from < 0 && (from += end) < 0)
        return;
    for (size_t i = 0; i < all.count && left > 0; i++) {
        long long index = array && !keyed ? array->items[i].index : (long long)i;
        if (index >= from)
            psh_add(some, all.items[i]), left--;
    }
}

// mapfile and readarray: the lines of the standard input.
int psh_mapfile(char **argv) {
    int without_end = 0, ended = 0;
    char delimiter = '\n';
    for (argv++; *argv && **argv == '-' && (*argv)[1]; argv++) {
        if (strcmp(*argv, "-t") == 0)
            without_end = 1;
        else if (strcmp(*argv, "-d") == 0 && argv[1])
            delimiter = *(*++argv);
        else if (strcmp(*argv, "-td") == 0 && argv[1])
            without_end = 1, delimiter = *(*++argv);
        else
            return psh_refuse("mapfile: %s is not understood here", *argv), 2;
    }
    struct psh_array_words words = {.name = *argv ? *argv : "MAPFILE"};
    if (psh_name_length(words.name) != strlen(words.name) || (*argv && argv[1]))
        return psh_error("mapfile: %s: not a name of an array", *argv);
    if (psh_variable(words.name)->readonly)
        return psh_error("mapfile: %s: is read only", words.name);
    while (!ended) {
        char *marks, *line = psh_read_line(1, delimiter, &marks, &ended);
        size_t length = strlen(line);
        if (ended && !length)
            break;
        char *field = psh_room(length + 2);
        memcpy(field, line, length);
        if (!without_end && !ended)
            field[length] = delimiter;
        psh_add(&words.fields, field);
        psh_add(&words.subscripts, "");
    }
    psh_assign_array(&words);
    return 0;
}
