// Invariants
// 1. What is written is what Python's own encoder writes, but for how a text is escaped: the same
//    value is read. For all else `full` is set, and no error of Python's is left behind.
// 2. No code of a program's runs meanwhile: nothing that is walked through changes.
#define _GNU_SOURCE
#include "plaindata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 20, AS_SHORTEST = 'r', WITH_POINT = 2 };

void text_add(struct text *text, const uint8_t *bytes, uint64_t size) {
    if (text->full || (uint64_t)(text->end - text->at) < size) {
        text->full = 1;
        return;
    }
    memcpy(text->at, bytes, size);
    text->at += size;
}

static void add(struct text *text, const char *string) {
    text_add(text, (const uint8_t *)string, strlen(string));
}

static void add_escaped(struct text *text, uint32_t unit) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t escaped[] = {'\\',
                               'u',
                               (uint8_t)digits[unit >> 12 & 15],
                               (uint8_t)digits[unit >> 8 & 15],
                               (uint8_t)digits[unit >> 4 & 15],
                               (uint8_t)digits[unit & 15]};
    text_add(text, escaped, sizeof escaped);
}

// The character that begins there, in valid UTF-8 of more than one byte; returns its bytes.
static uint64_t read_character(const uint8_t *at, uint32_t *character) {
    uint64_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    *character = at[0] & (0x7fu >> size);
    for (uint64_t i = 1; i < size; i++)
        *character = *character << 6 | (at[i] & 0x3f);
    return size;
}

static uint64_t add_special(struct text *text, const uint8_t *at) {
    uint32_t character;
    if (*at == '"' || *at == '\\') {
        text_add(text, (const uint8_t[]){'\\', *at}, 2);
        return 1;
    }
    if (*at < 0x80) {
        add_escaped(text, *at);
        return 1;
    }
    uint64_t size = read_character(at, &character);
    if (character >= 0x10000) {
        add_escaped(text, 0xd800 + ((character - 0x10000) >> 10));
        character = 0xdc00 + (character & 0x3ff);
    }
    add_escaped(text, character);
    return size;
}

static int is_special(uint8_t byte) {
    return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

static void add_text(struct text *text, python_object *value) {
    ptrdiff_t size;
    // A longer one is not even looked at: its UTF-8 would be kept beside it.
    if (python.PyUnicode_GetLength(value) > text->end - text->at) {
        text->full = 1;
        return;
    }
    const uint8_t *at = python.PyUnicode_AsUTF8AndSize(value, &size);
    if (!at) { // half of a pair
        python.PyErr_Clear();
        text->full = 1;
        return;
    }
    const uint8_t *end = at + size;
    add(text, "\"");
    while (at < end && !text->full) {
        const uint8_t *start = at;
        while (at < end && !is_special(*at))
            at++;
        text_add(text, start, (uint64_t)(at - start));
        if (at < end)
            at += add_special(text, at);
    }
    add(text, "\"");
}

static void add_whole(struct text *text, python_object *value) {
    char digits[24];
    int is_beyond;
    long long number = python.PyLong_AsLongLongAndOverflow(value, &is_beyond);
    if (is_beyond) {
        text->full = 1;
        return;
    }
    snprintf(digits, sizeof digits, "%lld", number);
    add(text, digits);
}

static void add_float(struct text *text, python_object *value) {
    double number = python.PyFloat_AsDouble(value);
    char *digits = isfinite(number)
                       ? python.PyOS_double_to_string(number, AS_SHORTEST, 0, WITH_POINT, NULL)
                       : NULL;
    if (!digits) {
        python.PyErr_Clear();
        text->full = 1;
        return;
    }
    add(text, digits);
    python.PyMem_Free(digits);
}

static void add_value(struct text *text, python_object *value, int depth);

static void add_items(struct text *text, python_object *items, ptrdiff_t count,
                      python_object *(*item)(python_object *, ptrdiff_t), int depth) {
    add(text, "[");
    for (ptrdiff_t i = 0; i < count && !text->full; i++) {
        if (i)
            add(text, ",");
        add_value(text, item(items, i), depth);
    }
    add(text, "]");
}

static void add_dict(struct text *text, python_object *dict, int depth) {
    python_object *key, *value;
    ptrdiff_t place = 0;
    add(text, "{");
    for (int count = 0; python.PyDict_Next(dict, &place, &key, &value); count++) {
        if (count)
            add(text, ",");
        if (text->full || python_type(key) != python.PyUnicode_Type) {
            text->full = 1;
            return;
        }
        add_text(text, key);
        add(text, ":");
        add_value(text, value, depth);
    }
    add(text, "}");
}

static void add_value(struct text *text, python_object *value, int depth) {
    const python_object *type = python_type(value);
    if (text->full)
        return;
    if (type == python.PyUnicode_Type)
        add_text(text, value);
    else if (type == python.PyLong_Type)
        add_whole(text, value);
    else if (value == python._Py_NoneStruct)
        add(text, "null");
    else if (value == python._Py_TrueStruct)
        add(text, "true");
    else if (value == python._Py_FalseStruct)
        add(text, "false");
    else if (type == python.PyFloat_Type)
        add_float(text, value);
    else if (depth == DEEPEST)
        text->full = 1;
    else if (type == python.PyDict_Type)
        add_dict(text, value, depth + 1);
    else if (type == python.PyList_Type)
        add_items(text, value, python.PyList_Size(value), python.PyList_GetItem, depth + 1);
    else if (type == python.PyTuple_Type)
        add_items(text, value, python.PyTuple_Size(value), python.PyTuple_GetItem, depth + 1);
    else
        text->full = 1;
}

void text_add_plain(struct text *text, python_object *value) {
    add_value(text, value, 0);
}
