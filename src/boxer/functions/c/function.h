// A typed function of a box in C. One file of the program includes this, states its signature and
// defines boxer_init and boxer_function:
//
//     BOXER_SIGNATURE("{\"input\": {...}, \"output\": {...}}") // JSON Schema 2020-12
//     void boxer_init(void) {}                                 // once, before the freeze
//     int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
//         struct boxer_text name = boxer_get_text(call, "name");
//         if (!name.bytes)
//             return boxer_invalid(result, "/name", "must be a string");
//         return boxer_return_text(result, name.bytes, name.size);
//     }
//
// Requests and replies are those of docs/reference/function-protocol.md.
#ifndef BOXER_FUNCTION_H
#define BOXER_FUNCTION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// bytes: null: there is none of that type.
struct boxer_text {
    const char *bytes;
    size_t size;
};

// arguments: the JSON object of them. parts: the bytes in them, one behind the other.
struct boxer_call {
    struct boxer_text arguments, parts;
};

struct boxer_result {
    char *bytes;
    size_t size, room;
};

#define BOXER_SIGNATURE(json) const char boxer_signature[] = json;
extern const char boxer_signature[];
void boxer_init(void);
// 0; else the call has failed (boxer_invalid and boxer_raise say so by themselves).
int boxer_function(const struct boxer_call *, struct boxer_result *);

static void boxer_put(struct boxer_result *result, const void *bytes, size_t size) {
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

static void boxer_put_quoted(struct boxer_result *result, const char *text, size_t size) {
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

static const char *boxer_skip_space(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at;
}

// Behind the JSON value that begins here. The host's own writer made it: it is well formed.
static const char *boxer_skip(const char *at, const char *end) {
    int depth = 0;
    for (at = boxer_skip_space(at, end); at < end; at++) {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                at += *at == '\\';
        } else if (*at == '{' || *at == '[') {
            depth++;
            continue;
        } else if (*at == '}' || *at == ']') {
            if (--depth < 0)
                return at;
        } else if (depth == 0 && (*at == ',' || *at == ':')) {
            return at;
        } else if (depth == 0) {
            while (at < end && !strchr(",:}] \t\r\n", *at))
                at++;
            return at;
        }
        if (depth == 0)
            return at + 1;
    }
    return end;
}

// A member of an object, as JSON; none: null.
static struct boxer_text boxer_member(struct boxer_text object, const char *name) {
    const char *end = object.bytes + object.size, *at = boxer_skip_space(object.bytes, end);
    size_t length = strlen(name);
    if (at == end || *at++ != '{')
        return (struct boxer_text){0};
    while ((at = boxer_skip_space(at, end)) < end && *at == '"') {
        const char *key = at + 1, *behind = boxer_skip(at, end);
        const char *value = boxer_skip_space(behind, end) + 1;
        const char *next = boxer_skip(value, end);
        value = boxer_skip_space(value, end);
        if ((size_t)(behind - 1 - key) == length && memcmp(key, name, length) == 0)
            return (struct boxer_text){value, (size_t)(next - value)};
        at = boxer_skip_space(next, end);
        at += at < end && *at == ',';
    }
    return (struct boxer_text){0};
}

static struct boxer_text boxer_get(const struct boxer_call *call, const char *name) {
    return boxer_member(call->arguments, name);
}

static size_t boxer_put_character(char *to, unsigned long code) {
    if (code < 0x80)
        return (size_t)sprintf(to, "%c", (int)code);
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    to[0] = (char)((0xff << (7 - more) & 0xff) | code >> 6 * more);
    for (int i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    return (size_t)more + 1;
}

// What stands behind the JSON for a value that is {TAG: SIZE} there. The parts are in the order of
// their tags.
static struct boxer_text boxer_part(const struct boxer_call *call, struct boxer_text json,
                                    const char *tag) {
    static const char *const tags[] = {"{\"boxer.bytes\":", "{\"boxer.text\":"};
    size_t at = 0, length = strlen(tag);
    if (json.size < length || memcmp(json.bytes, tag, length))
        return (struct boxer_text){0};
    for (int i = 0; i < 2; i++) {
        const char *seen = call->arguments.bytes;
        size_t size = strlen(tags[i]);
        while ((seen = memmem(seen, (size_t)(json.bytes - seen), tags[i], size))) {
            seen += size;
            at += strtoul(seen, NULL, 10);
        }
    }
    size_t size = strtoul(json.bytes + length, NULL, 10);
    if (at > call->parts.size || size > call->parts.size - at)
        return (struct boxer_text){0};
    return (struct boxer_text){call->parts.bytes + at, size};
}

// An argument of bytes.
static struct boxer_text boxer_get_bytes(const struct boxer_call *call, const char *name) {
    return boxer_part(call, boxer_get(call, name), "{\"boxer.bytes\":");
}

// A text argument in UTF-8, ended by NUL, for as long as the machine lives.
static struct boxer_text boxer_get_text(const struct boxer_call *call, const char *name) {
    struct boxer_text json = boxer_get(call, name);
    struct boxer_text apart = boxer_part(call, json, "{\"boxer.text\":"); // a long one
    size_t room = apart.bytes ? apart.size : json.size * 3;
    if (!apart.bytes && (!json.size || json.bytes[0] != '"'))
        return (struct boxer_text){0};
    char *made = malloc(room + 1), *to = made;
    if (!made)
        abort();
    if (apart.bytes) {
        memcpy(made, apart.bytes, apart.size);
        made[apart.size] = 0;
        return (struct boxer_text){made, apart.size};
    }
    for (const char *at = json.bytes + 1, *end = json.bytes + json.size - 1; at < end; at++) {
        static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        if (*at != '\\') {
            *to++ = *at;
        } else if (*++at != 'u') {
            *to++ = meant[strchr(plain, *at) - plain];
        } else {
            char digits[5] = {at[1], at[2], at[3], at[4]};
            unsigned long code = strtoul(digits, NULL, 16);
            at += 4;
            if (code >= 0xd800 && code < 0xdc00 && at + 6 < end && at[1] == '\\') {
                memcpy(digits, at + 3, 4);
                code = 0x10000 + ((code - 0xd800) << 10) + (strtoul(digits, NULL, 16) - 0xdc00);
                at += 6;
            }
            to += boxer_put_character(to, code);
        }
    }
    *to = 0;
    return (struct boxer_text){made, (size_t)(to - made)};
}

// A number, or `otherwise` where there is none.
static double boxer_get_number(const struct boxer_call *call, const char *name, double otherwise) {
    struct boxer_text json = boxer_get(call, name);
    int is_number =
        json.size && (json.bytes[0] == '-' || (json.bytes[0] >= '0' && json.bytes[0] <= '9'));
    return is_number ? strtod(json.bytes, NULL) : otherwise;
}

static int boxer_return_json(struct boxer_result *result, const char *json, size_t size) {
    boxer_put(result, "=[", 2);
    boxer_put(result, json, size);
    boxer_put(result, "]", 1);
    return 0;
}

static int boxer_return_text(struct boxer_result *result, const char *text, size_t size) {
    boxer_put(result, "=[", 2);
    boxer_put_quoted(result, text, size);
    boxer_put(result, "]", 1);
    return 0;
}

static int boxer_return_number(struct boxer_result *result, double number) {
    char text[40];
    return boxer_return_json(result, text, (size_t)snprintf(text, sizeof text, "%.17g", number));
}

static int boxer_return_bytes(struct boxer_result *result, const void *bytes, size_t size) {
    char text[48];
    uint32_t length = (uint32_t)snprintf(text, sizeof text, "[{\"boxer.bytes\":%zu}]", size);
    boxer_put(result, "~", 1);
    boxer_put(result, &length, 4);
    boxer_put(result, text, length);
    boxer_put(result, bytes, size);
    return 0;
}

// An argument does not fit: path is a JSON Pointer, as "/name".
static int boxer_invalid(struct boxer_result *result, const char *path, const char *message) {
    result->size = 0;
    boxer_put(result, "={\"invalid\":[[", 14);
    boxer_put_quoted(result, path, strlen(path));
    boxer_put(result, ",", 1);
    boxer_put_quoted(result, message, strlen(message));
    boxer_put(result, "]]}", 3);
    return 1;
}

static int boxer_raise(struct boxer_result *result, const char *type, const char *message) {
    result->size = 0;
    boxer_put(result, "!{\"type\":", 9);
    boxer_put_quoted(result, type, strlen(type));
    boxer_put(result, ",\"message\":", 11);
    boxer_put_quoted(result, message, strlen(message));
    boxer_put(result, ",\"traceback\":\"\"}", 16);
    return 1;
}

static void boxer_answer_(const char *request, size_t size, struct boxer_result *result) {
    struct boxer_call call = {0};
    struct boxer_text told = {request + 1, size ? size - 1 : 0}, name, list;
    result->size = 0;
    if (size && *request == 'i') { // there is nothing to import
        boxer_put(result, "=null", 5);
        return;
    }
    if (size > 5 && *request == 't') {
        uint32_t length;
        memcpy(&length, request + 1, 4);
        length = length < size - 5 ? length : (uint32_t)(size - 5);
        told = (struct boxer_text){request + 5, length};
        call.parts = (struct boxer_text){request + 5 + length, size - 5 - length};
    }
    name = boxer_member(told, "f");
    list = boxer_member(told, "a");
    static const char is_call[] = "\"boxer.functions:call",
                      open[] = "\"boxer.functions:open_function";
    if (name.size >= sizeof open - 1 && memcmp(name.bytes, open, sizeof open - 1) == 0) {
        boxer_put(result, "=", 1);
        boxer_put(result, boxer_signature, strlen(boxer_signature));
    } else if (name.size < sizeof is_call || memcmp(name.bytes, is_call, sizeof is_call - 1)) {
        boxer_raise(result, "AttributeError", "the box has one function, and no other");
    } else {
        const char *end = list.bytes + list.size, *first = boxer_skip_space(list.bytes + 1, end);
        call.arguments = (struct boxer_text){first, (size_t)(boxer_skip(first, end) - first)};
        if (boxer_function(&call, result) && !result->size)
            boxer_raise(result, "Error", "the function failed");
        else if (!result->size)
            boxer_return_json(result, "null", 4);
    }
}

static int boxer_read_(void *bytes, size_t size) {
    for (char *at = bytes; size;) {
        ssize_t got = read(0, at, size);
        if (got <= 0)
            return -1;
        at += got;
        size -= (size_t)got;
    }
    return 0;
}

// Frames on standard input and output.
static int boxer_frames_(void) {
    struct boxer_result result = {0};
    for (uint32_t size; boxer_read_(&size, 4) == 0;) {
        char *request = size <= 256u << 20 ? malloc(size + 1) : NULL;
        if (!request || boxer_read_(request, size) < 0)
            return 1;
        boxer_answer_(request, size, &result);
        uint32_t length = (uint32_t)result.size;
        fwrite(&length, 4, 1, stdout);
        fwrite(result.bytes, 1, result.size, stdout);
        fflush(stdout);
        free(request);
    }
    return 0;
}

static int boxer_main_(int argc, char **argv, char **envp) {
    (void)argc, (void)argv, (void)envp;
    boxer_init();
    return boxer_frames_();
}

static int boxer_freeze_(char *path, char **modules) {
    (void)path, (void)modules;
    boxer_init();
    return 0;
}

static int boxer_thaw_(const char *path, int argc, char **argv, unsigned depth) {
    (void)path, (void)argc, (void)argv, (void)depth;
    return boxer_frames_();
}

static int boxer_wake_(unsigned depth) {
    (void)depth;
    return 0;
}

static int boxer_serve_(const char *request, size_t size, const char **reply, size_t *reply_size) {
    static struct boxer_result result;
    boxer_answer_(request, size, &result);
    fflush(NULL);
    *reply = result.bytes;
    *reply_size = result.size;
    return 0;
}

static int boxer_rest_(void) {
    return 0;
}

// As guest/entry/program.h has it.
struct program {
    const char *name;
    int (*main)(int, char **, char **);
    int (*freeze)(char *, char **);
    int (*thaw)(const char *, int, char **, unsigned);
    int (*wake)(unsigned);
    int (*serve)(const char *, size_t, const char **, size_t *);
    int (*rest)(void);
};
const struct program programs[] = {
    {"main", boxer_main_, boxer_freeze_, boxer_thaw_, boxer_wake_, boxer_serve_, boxer_rest_},
    {0},
};

#endif
