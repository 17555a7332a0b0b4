// Plain data as requests have it, read where it lies: JSON, and bytes behind it. Of function.h.
#ifndef BOXER_VALUES_H
#define BOXER_VALUES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// bytes: null: there is none of that type.
struct boxer_text {
    const char *bytes;
    size_t size;
};

// A call, or an answer of the host's. arguments: the JSON object of them; the answer. parts: the
// bytes in it, one behind the other. context: JSON, what the call is told besides.
struct boxer_call {
    struct boxer_text arguments, parts, context;
};

// Memory until the call ends.
static void *boxer_kept_;
static inline void *boxer_memory(size_t size) {
    void **made = malloc(sizeof(void *) * 2 + size);
    if (!made)
        abort();
    *made = boxer_kept_;
    boxer_kept_ = made;
    return made + 2;
}
static inline void boxer_let_go_(void) {
    for (void **each = boxer_kept_, **next; each; each = next) {
        next = *each;
        free(each);
    }
    boxer_kept_ = NULL;
}

static inline const char *boxer_skip_space(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at;
}

// Behind the JSON value that begins here. The host's own writer made it: it is well formed.
static inline const char *boxer_skip(const char *at, const char *end) {
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
static inline struct boxer_text boxer_member(struct boxer_text object, const char *name) {
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

static inline struct boxer_text boxer_get(const struct boxer_call *call, const char *name) {
    return boxer_member(call->arguments, name);
}

static inline size_t boxer_put_character(char *to, unsigned long code) {
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
static inline struct boxer_text boxer_part(const struct boxer_call *call, struct boxer_text json,
                                           const char *tag) {
    static const char *const tags[] = {"{\"boxer.bytes\":", "{\"boxer.text\":"};
    size_t at = 0, length = strlen(tag);
    // An object of the call's own with that name holds a list: it is none.
    if (json.size <= length || memcmp(json.bytes, tag, length) || json.bytes[length] == '[')
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

// A value of bytes, in the call or in what it holds.
static inline struct boxer_text boxer_as_bytes(const struct boxer_call *call,
                                               struct boxer_text json) {
    return boxer_part(call, json, "{\"boxer.bytes\":");
}

// An argument of bytes.
static inline struct boxer_text boxer_get_bytes(const struct boxer_call *call, const char *name) {
    return boxer_as_bytes(call, boxer_get(call, name));
}

// A text in UTF-8, ended by NUL, until the call ends.
static inline struct boxer_text boxer_as_text(const struct boxer_call *call,
                                              struct boxer_text json) {
    struct boxer_text apart = boxer_part(call, json, "{\"boxer.text\":"); // a long one
    size_t room = apart.bytes ? apart.size : json.size * 3;
    if (!apart.bytes && (!json.size || json.bytes[0] != '"'))
        return (struct boxer_text){0};
    char *made = boxer_memory(room + 1), *to = made;
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

static inline struct boxer_text boxer_get_text(const struct boxer_call *call, const char *name) {
    return boxer_as_text(call, boxer_get(call, name));
}

// A number, or `otherwise` where there is none.
static inline double boxer_as_number(struct boxer_text json, double otherwise) {
    int is_number =
        json.size && (json.bytes[0] == '-' || (json.bytes[0] >= '0' && json.bytes[0] <= '9'));
    return is_number ? strtod(json.bytes, NULL) : otherwise;
}

static inline double boxer_get_number(const struct boxer_call *call, const char *name,
                                      double otherwise) {
    return boxer_as_number(boxer_get(call, name), otherwise);
}

// A whole number, or `otherwise`; digits beyond 64 bits, too.
static inline long long boxer_as_integer(struct boxer_text json, long long otherwise) {
    char *end;
    long long number;
    if (!json.size || !strchr("-0123456789", json.bytes[0]))
        return otherwise;
    errno = 0;
    number = strtoll(json.bytes, &end, 10);
    return errno || end != json.bytes + json.size ? otherwise : number;
}

// What a value is: 's'tring, 'n'umber, 'b'oolean, '0' null, 'x' bytes, '[', '{'; 0: there is none.
static inline int boxer_kind(const struct boxer_call *call, struct boxer_text json) {
    if (!json.size)
        return 0;
    if (boxer_as_bytes(call, json).bytes)
        return 'x';
    if (boxer_part(call, json, "{\"boxer.text\":").bytes)
        return 's';
    switch (json.bytes[0]) {
    case '"':
        return 's';
    case 't':
    case 'f':
        return 'b';
    case 'n':
        return '0';
    case '[':
    case '{':
        return json.bytes[0];
    default:
        return 'n';
    }
}

// An item of an array, from 0 on; none: null.
static inline struct boxer_text boxer_item(struct boxer_text array, size_t place) {
    const char *end = array.bytes + array.size, *at = boxer_skip_space(array.bytes, end);
    if (at == end || *at++ != '[')
        return (struct boxer_text){0};
    for (at = boxer_skip_space(at, end); at < end && *at != ']'; place--) {
        const char *behind = boxer_skip(at, end);
        if (!place)
            return (struct boxer_text){at, (size_t)(behind - at)};
        at = boxer_skip_space(behind, end);
        at = boxer_skip_space(at + (at < end && *at == ','), end);
    }
    return (struct boxer_text){0};
}

// Of the call: "name", "traceparent", "deadline", as JSON; none: null.
static inline struct boxer_text boxer_context(const struct boxer_call *call, const char *name) {
    return call->context.size ? boxer_member(call->context, name) : (struct boxer_text){0};
}

// Seconds since 1970 by which the call is ended; 0: there is no such time.
static inline double boxer_deadline(const struct boxer_call *call) {
    return boxer_as_number(boxer_context(call, "deadline"), 0);
}

#endif
