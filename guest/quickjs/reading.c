// JSON and tagged data become values. Whole numbers beyond 2**53 are BigInts: none is rounded.
//
// Invariant: nothing is read beyond the end, whatever the text says.
#include "data.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 1000
#define LONGEST_NUMBER 10000 // digits

struct reader {
    JSContext *context;
    const char *at, *end;
    const char *parts, *parts_end;
    struct bytes text; // of a string with escapes
    unsigned depth;
};

static JSValue read_value(struct reader *reader);

static JSValue refuse(struct reader *reader, const char *why) {
    return JS_ThrowSyntaxError(reader->context, "the request is no JSON: %s", why);
}

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4))
        reader->at++;
}

// Whether that is what follows; it is taken then.
static int take(struct reader *reader, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size))
        return 0;
    reader->at += size;
    return 1;
}

static JSValue big_integer(struct reader *reader, const char *digits) {
    JSContext *context = reader->context;
    JSValue global = JS_GetGlobalObject(context);
    JSValue make = JS_GetPropertyStr(context, global, "BigInt");
    JSValue text = JS_NewString(context, digits);
    JSValue made = JS_Call(context, make, JS_UNDEFINED, 1, &text);
    JS_FreeValue(context, text);
    JS_FreeValue(context, make);
    JS_FreeValue(context, global);
    return made;
}

static JSValue number_of(struct reader *reader, const char *digits, size_t size, int is_whole) {
    if (is_whole && size < 16)
        return strcmp(digits, "-0") ? JS_NewInt64(reader->context, strtoll(digits, NULL, 10))
                                    : JS_NewFloat64(reader->context, -0.0);
    if (!is_whole)
        return JS_NewFloat64(reader->context, strtod(digits, NULL));
    long long whole = size < 18 ? strtoll(digits, NULL, 10) : INT64_MAX;
    if (llabs(whole) < 1LL << 53)
        return JS_NewInt64(reader->context, whole);
    return big_integer(reader, digits);
}

static JSValue read_number(struct reader *reader) {
    const char *from = reader->at;
    int is_whole = 1;
    while (reader->at < reader->end && memchr("+-.eE0123456789", *reader->at, 15))
        is_whole &= !memchr(".eE", *reader->at++, 3);
    size_t size = (size_t)(reader->at - from);
    if (!size || size > LONGEST_NUMBER)
        return refuse(reader, size ? "a number has too many digits" : "a value is missing");
    char short_digits[32], *digits = size < sizeof short_digits ? short_digits : malloc(size + 1);
    if (!digits)
        return JS_ThrowOutOfMemory(reader->context);
    memcpy(digits, from, size);
    digits[size] = 0;
    JSValue number = number_of(reader, digits, size, is_whole);
    if (digits != short_digits)
        free(digits);
    return number;
}

static void put_character(struct bytes *text, unsigned code) {
    unsigned char bytes[4];
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[0] = (unsigned char)(more ? (0xffu << (7 - more) & 0xff) | code >> 6 * more : code);
    for (size_t i = 1; i <= more; i++)
        bytes[i] = (unsigned char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    bytes_put(text, bytes, more + 1);
}

// Four hexadecimal digits; UINT32_MAX: they are not there.
static unsigned hex4(struct reader *reader) {
    char digits[5] = {0};
    if (reader->end - reader->at < 4)
        return UINT32_MAX;
    memcpy(digits, reader->at, 4);
    reader->at += 4;
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? (unsigned)strtoul(digits, NULL, 16)
                                                         : UINT32_MAX;
}

static int read_escape(struct reader *reader) {
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char letter = reader->at < reader->end ? *reader->at++ : 0;
    const char *found = letter ? strchr(plain, letter) : NULL;
    if (found) {
        bytes_put(&reader->text, &meant[found - plain], 1);
        return 0;
    }
    unsigned code = letter == 'u' ? hex4(reader) : UINT32_MAX;
    if (code >= 0xd800 && code < 0xdc00 && reader->end - reader->at >= 6 && reader->at[0] == '\\' &&
        reader->at[1] == 'u') {
        const char *before = reader->at;
        reader->at += 2;
        unsigned low = hex4(reader);
        if (low >= 0xdc00 && low < 0xe000)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        else
            reader->at = before;
    }
    if (code == UINT32_MAX)
        return -1;
    put_character(&reader->text, code);
    return 0;
}

// Where the string that begins here lies; -1: it is none.
static int read_text(struct reader *reader, const char **text, size_t *size) {
    const char *from = ++reader->at;
    while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\')
        reader->at++;
    *text = from;
    *size = (size_t)(reader->at - from);
    if (reader->at < reader->end && *reader->at == '\\') {
        reader->text.size = 0;
        bytes_put(&reader->text, from, *size);
        while (reader->at < reader->end && *reader->at != '"') {
            if (*reader->at++ != '\\')
                bytes_put(&reader->text, reader->at - 1, 1);
            else if (read_escape(reader) < 0)
                return -1;
        }
        *text = reader->text.at;
        *size = reader->text.size;
    }
    return take(reader, "\"") ? 0 : -1;
}

static JSValue read_string(struct reader *reader) {
    const char *text;
    size_t size;
    if (read_text(reader, &text, &size) < 0)
        return refuse(reader, "a string does not end");
    return JS_NewStringLen(reader->context, text, size);
}

static JSValue read_list(struct reader *reader) {
    JSValue list = JS_NewArray(reader->context);
    reader->at++;
    skip_space(reader);
    for (uint32_t i = 0; !take(reader, "]"); i++) {
        JSValue item = JS_UNDEFINED;
        if (i && !take(reader, ","))
            item = refuse(reader, "a list does not end");
        if (!JS_IsException(item))
            item = read_value(reader);
        if (JS_IsException(item) ||
            JS_DefinePropertyValueUint32(reader->context, list, i, item, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(reader->context, list);
            return JS_EXCEPTION;
        }
        skip_space(reader);
    }
    return list;
}

JSValue data_bytes(JSContext *context, const char *bytes, size_t size) {
    JSValue buffer = JS_NewArrayBufferCopy(context, (const uint8_t *)bytes, size);
    if (JS_IsException(buffer))
        return buffer;
    JSValue arguments[] = {buffer, JS_UNDEFINED, JS_UNDEFINED}; // it reads all three
    JSValue array = JS_NewTypedArray(context, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(context, buffer);
    return array;
}

// Bytes, or a long text, that stand behind the JSON.
static JSValue read_part(struct reader *reader, int is_bytes, JSValue told) {
    int64_t size = -1;
    JS_ToInt64(reader->context, &size, told);
    JS_FreeValue(reader->context, told);
    if (size < 0 || size > reader->parts_end - reader->parts)
        return refuse(reader, "bytes behind it are missing");
    const char *part = reader->parts;
    reader->parts += size;
    if (!is_bytes)
        return JS_NewStringLen(reader->context, part, (size_t)size);
    return data_bytes(reader->context, part, (size_t)size);
}

// The object itself; or what {TAG: size} stands for, or {TAG: [value]}.
static JSValue untagged(struct reader *reader, JSValue object, int is_bytes) {
    const char *tag = is_bytes ? "boxer.bytes" : "boxer.text";
    JSValue told = JS_GetPropertyStr(reader->context, object, tag);
    if (JS_IsNumber(told)) {
        JS_FreeValue(reader->context, object);
        return read_part(reader, is_bytes, told);
    }
    JSValue own = JS_GetPropertyUint32(reader->context, told, 0);
    JS_FreeValue(reader->context, told);
    if (JS_IsException(own) ||
        JS_DefinePropertyValueStr(reader->context, object, tag, own, JS_PROP_C_W_E) < 0) {
        JS_FreeValue(reader->context, object);
        return JS_EXCEPTION;
    }
    return object;
}

// 1: a name of bytes, 0: of a text, -1: of neither.
static int tag_of(const char *name, size_t size) {
    if (size == 11 && memcmp(name, "boxer.bytes", 11) == 0)
        return 1;
    return size == 10 && memcmp(name, "boxer.text", 10) == 0 ? 0 : -1;
}

static int read_member(struct reader *reader, JSValue object, int *tag) {
    const char *name;
    size_t size;
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != '"' || read_text(reader, &name, &size) < 0)
        return refuse(reader, "an object's name is missing"), -1;
    *tag = tag_of(name, size);
    JSAtom atom = JS_NewAtomLen(reader->context, name, size);
    skip_space(reader);
    JSValue value = take(reader, ":") ? read_value(reader) : refuse(reader, "a colon is missing");
    int status = -1;
    if (!JS_IsException(value))
        status = JS_DefinePropertyValue(reader->context, object, atom, value, JS_PROP_C_W_E);
    JS_FreeAtom(reader->context, atom);
    return status;
}

static JSValue read_object(struct reader *reader) {
    JSValue object = JS_NewObject(reader->context);
    int tag = -1, count = 0, status = 0;
    reader->at++;
    skip_space(reader);
    for (; status >= 0 && !take(reader, "}"); count++) {
        if (count && !take(reader, ",")) {
            refuse(reader, "an object does not end");
            status = -1;
        } else {
            status = read_member(reader, object, &tag);
        }
        skip_space(reader);
    }
    if (status < 0) {
        JS_FreeValue(reader->context, object);
        return JS_EXCEPTION;
    }
    return reader->parts && count == 1 && tag >= 0 ? untagged(reader, object, tag) : object;
}

static JSValue read_value(struct reader *reader) {
    skip_space(reader);
    char first = reader->at < reader->end ? *reader->at : 0;
    if (first == '"')
        return read_string(reader);
    if (first == '{' || first == '[') {
        if (reader->depth >= DEEPEST)
            return JS_ThrowRangeError(reader->context, "the request is nested too deeply");
        reader->depth++;
        JSValue held = first == '{' ? read_object(reader) : read_list(reader);
        reader->depth--;
        return held;
    }
    if (take(reader, "null"))
        return JS_NULL;
    if (take(reader, "true"))
        return JS_TRUE;
    if (take(reader, "false"))
        return JS_FALSE;
    return read_number(reader);
}

JSValue data_read(JSContext *context, const char *json, size_t size, const char *parts,
                  size_t parts_size) {
    struct reader reader = {.context = context,
                            .at = json,
                            .end = json + size,
                            .parts = parts,
                            .parts_end = parts + parts_size};
    JSValue value = read_value(&reader);
    free(reader.text.at);
    skip_space(&reader);
    if (!JS_IsException(value) && reader.at < reader.end) {
        JS_FreeValue(context, value);
        return refuse(&reader, "more follows");
    }
    return value;
}
