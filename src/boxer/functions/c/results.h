// Plain data, written: results, and what the host is asked with. Of function.h.
//
//     struct boxer_data data = {0};
//     boxer_add_object(&data);
//     boxer_add_name(&data, "image"), boxer_add_bytes(&data, image, size);
//     boxer_add_end(&data);
#ifndef BOXER_RESULTS_H
#define BOXER_RESULTS_H

#include <stdint.h>

#include "values.h"

#define BOXER_DEEPEST 64 // objects and lists in each other
#define BOXER_LONG 4096  // texts from here on stand behind the JSON

// A reply that grows.
struct boxer_result {
    char *bytes;
    size_t size, room;
};

// json, parts: as in requests. open: what closes the objects and lists that are open.
struct boxer_data {
    struct boxer_result json, parts;
    char open[BOXER_DEEPEST];
    int depth, is_tagged;
};

static inline void boxer_put(struct boxer_result *result, const void *bytes, size_t size) {
    if (size > result->room - result->size) {
        size_t room = (result->size + size) * 2;
        char *grown = realloc(result->bytes, room);
        if (!grown)
            abort();
        result->bytes = grown;
        result->room = room;
    }
    memcpy(result->bytes + result->size, bytes, size);
    result->size += size;
}

static inline void boxer_put_quoted(struct boxer_result *result, const char *text, size_t size) {
    boxer_put(result, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        char escaped[8];
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\' || byte < 32)
            boxer_put(result, escaped, (size_t)snprintf(escaped, 8, "\\u%04x", byte));
        else
            boxer_put(result, text + i, 1);
    }
    boxer_put(result, "\"", 1);
}

// Before each value.
static inline void boxer_separate_(struct boxer_data *data) {
    char last = data->json.size ? data->json.bytes[data->json.size - 1] : '[';
    if (data->depth && !strchr("[{:", last))
        boxer_put(&data->json, ",", 1);
}

static inline void boxer_add_json(struct boxer_data *data, const char *json, size_t size) {
    boxer_separate_(data);
    boxer_put(&data->json, json, size);
}

static inline void boxer_open_(struct boxer_data *data, char opens, char closes) {
    if (data->depth == BOXER_DEEPEST)
        abort();
    boxer_add_json(data, &opens, 1);
    data->open[data->depth++] = closes;
}

static inline void boxer_add_object(struct boxer_data *data) {
    boxer_open_(data, '{', '}');
}

static inline void boxer_add_list(struct boxer_data *data) {
    boxer_open_(data, '[', ']');
}

// Ends the object or list that was begun last.
static inline void boxer_add_end(struct boxer_data *data) {
    if (data->depth)
        boxer_put(&data->json, &data->open[--data->depth], 1);
}

// The name of the value that is added next.
static inline void boxer_add_name(struct boxer_data *data, const char *name) {
    boxer_separate_(data);
    boxer_put_quoted(&data->json, name, strlen(name));
    boxer_put(&data->json, ":", 1);
}

static inline void boxer_add_part_(struct boxer_data *data, const char *tag, const void *bytes,
                                   size_t size) {
    char text[48];
    boxer_add_json(data, text, (size_t)snprintf(text, sizeof text, "{\"%s\":%zu}", tag, size));
    boxer_put(&data->parts, bytes, size);
    data->is_tagged = 1;
}

static inline void boxer_add_bytes(struct boxer_data *data, const void *bytes, size_t size) {
    boxer_add_part_(data, "boxer.bytes", bytes, size);
}

// UTF-8.
static inline void boxer_add_text(struct boxer_data *data, const char *text, size_t size) {
    if (size >= BOXER_LONG) {
        boxer_add_part_(data, "boxer.text", text, size);
    } else {
        boxer_separate_(data);
        boxer_put_quoted(&data->json, text, size);
    }
}

static inline void boxer_add_integer(struct boxer_data *data, long long number) {
    char text[24];
    boxer_add_json(data, text, (size_t)snprintf(text, sizeof text, "%lld", number));
}

// JSON has no infinite numbers, and none that are not numbers: those are null.
static inline void boxer_add_number(struct boxer_data *data, double number) {
    char text[40];
    if (number - number != 0)
        boxer_add_json(data, "null", 4);
    else
        boxer_add_json(data, text, (size_t)snprintf(text, sizeof text, "%.17g", number));
}

static inline void boxer_add_boolean(struct boxer_data *data, int is_true) {
    boxer_add_json(data, is_true ? "true" : "false", is_true ? 4 : 5);
}

static inline void boxer_add_null(struct boxer_data *data) {
    boxer_add_json(data, "null", 4);
}

// A value that was given, as it is, with the bytes in it.
static inline void boxer_add_value(struct boxer_data *data, const struct boxer_call *call,
                                   struct boxer_text json) {
    static const char *const tags[] = {"boxer.bytes", "boxer.text"};
    const char *from = json.bytes, *at = from, *end = json.bytes + json.size;
    for (; at < end; at++) {
        for (int i = 0; *at == '{' && i < 2; i++) {
            char tag[24];
            size_t length = (size_t)snprintf(tag, sizeof tag, "{\"%s\":", tags[i]);
            struct boxer_text rest = {at, (size_t)(end - at)}, part = boxer_part(call, rest, tag);
            if (rest.size <= length || memcmp(at, tag, length) || !part.bytes)
                continue;
            boxer_put(&data->parts, part.bytes, part.size);
            data->is_tagged = 1;
        }
    }
    boxer_add_json(data, from, json.size);
}

static inline void boxer_drop(struct boxer_data *data) {
    free(data->json.bytes);
    free(data->parts.bytes);
    *data = (struct boxer_data){0};
}

// One of two letters, `plain` and JSON, or `tagged`, its size, the JSON and the parts. before,
// after: more JSON around it.
static inline void boxer_wrote_(struct boxer_result *result, const struct boxer_data *data,
                                char plain, char tagged, const char *before, const char *after) {
    uint32_t size = (uint32_t)(strlen(before) + data->json.size + strlen(after));
    boxer_put(result, data->is_tagged ? &tagged : &plain, 1);
    if (data->is_tagged)
        boxer_put(result, &size, 4);
    boxer_put(result, before, strlen(before));
    boxer_put(result, data->json.bytes, data->json.size);
    boxer_put(result, after, strlen(after));
    boxer_put(result, data->parts.bytes, data->parts.size);
}

// Returns what was written, and lets go of it.
static inline int boxer_return(struct boxer_result *result, struct boxer_data *data) {
    boxer_wrote_(result, data, '=', '~', "[", "]");
    boxer_drop(data);
    return 0;
}

static inline int boxer_return_json(struct boxer_result *result, const char *json, size_t size) {
    struct boxer_data data = {0};
    boxer_add_json(&data, json, size);
    return boxer_return(result, &data);
}

static inline int boxer_return_text(struct boxer_result *result, const char *text, size_t size) {
    struct boxer_data data = {0};
    boxer_add_text(&data, text, size);
    return boxer_return(result, &data);
}

static inline int boxer_return_number(struct boxer_result *result, double number) {
    struct boxer_data data = {0};
    boxer_add_number(&data, number);
    return boxer_return(result, &data);
}

static inline int boxer_return_bytes(struct boxer_result *result, const void *bytes, size_t size) {
    struct boxer_data data = {0};
    boxer_add_bytes(&data, bytes, size);
    return boxer_return(result, &data);
}

// An argument does not fit: path is a JSON Pointer, as "/name".
static inline int boxer_invalid(struct boxer_result *result, const char *path,
                                const char *message) {
    result->size = 0;
    boxer_put(result, "={\"invalid\":[[", 14);
    boxer_put_quoted(result, path, strlen(path));
    boxer_put(result, ",", 1);
    boxer_put_quoted(result, message, strlen(message));
    boxer_put(result, "]]}", 3);
    return 1;
}

static inline int boxer_raise(struct boxer_result *result, const char *type, const char *message) {
    result->size = 0;
    boxer_put(result, "!{\"type\":", 9);
    type = type ? type : "Error";
    message = message ? message : "";
    boxer_put_quoted(result, type, strlen(type));
    boxer_put(result, ",\"message\":", 11);
    boxer_put_quoted(result, message, strlen(message));
    boxer_put(result, ",\"traceback\":\"\"}", 16);
    return 1;
}

#endif
