// Values become JSON, or tagged data where bytes or long texts are in them.
//
// Invariants
// 1. What has no form there is refused, with the path to it: no value is left out or rounded but
//    members that are undefined, as JSON.stringify does.
// 2. A number is read back as it was: whole ones beyond 2**53 have a point, -0 its sign.
#include "data.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 500
#define LONG_TEXT 4096 // as the host's (src/boxer/runtime/frames.py)

enum { FAILED = -1, WRITTEN, NEEDS_TAGS };

// tagged: bytes and long texts go to `parts`.
struct writer {
    JSContext *context;
    struct bytes *json, parts;
    int tagged;
    unsigned depth;
    struct bytes path; // JSON Pointer to the value at hand
};

static int write_value(struct writer *writer, JSValueConst value);

void bytes_put(struct bytes *bytes, const void *from, size_t size) {
    if (size > bytes->room - bytes->size) {
        size_t room = (bytes->size + size) * 2;
        char *grown = realloc(bytes->at, room);
        if (!grown)
            abort();
        bytes->at = grown;
        bytes->room = room;
    }
    if (size)
        memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static void put(struct bytes *bytes, const char *text) {
    bytes_put(bytes, text, strlen(text));
}

static int refuse(struct writer *writer, const char *why) {
    JS_ThrowTypeError(writer->context, "%.*s %s", (int)writer->path.size,
                      writer->path.size ? writer->path.at : "", why);
    return FAILED;
}

static void put_quoted(struct bytes *json, const char *text, size_t size) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t from = 0;
    put(json, "\"");
    for (size_t i = 0; i < size; i++) {
        // Half of a surrogate pair is no UTF-8.
        int is_half = bytes[i] == 0xed && i + 2 < size && bytes[i + 1] >= 0xa0;
        if (bytes[i] >= 32 && bytes[i] != '"' && bytes[i] != '\\' && !is_half)
            continue;
        unsigned code = bytes[i];
        bytes_put(json, text + from, i - from);
        if (is_half) {
            code = 0xd000u | (bytes[i + 1] & 0x3fu) << 6 | (bytes[i + 2] & 0x3fu);
            i += 2;
        }
        char escaped[8];
        bytes_put(json, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", code));
        from = i + 1;
    }
    bytes_put(json, text + from, size - from);
    put(json, "\"");
}

// A part is what `tag` says; its size stands in the JSON.
static int write_part(struct writer *writer, const char *tag, const void *bytes, size_t size) {
    char text[48];
    if (!writer->tagged)
        return NEEDS_TAGS;
    bytes_put(writer->json, text, (size_t)snprintf(text, sizeof text, "{\"%s\":%zu}", tag, size));
    bytes_put(&writer->parts, bytes, size);
    return WRITTEN;
}

static int write_string(struct writer *writer, JSValueConst value) {
    size_t size;
    const char *text = JS_ToCStringLen(writer->context, &size, value);
    if (!text)
        return FAILED;
    int status = WRITTEN;
    if (size >= LONG_TEXT)
        status = write_part(writer, "boxer.text", text, size);
    else
        put_quoted(writer->json, text, size);
    JS_FreeCString(writer->context, text);
    return status;
}

static int write_number(struct writer *writer, JSValueConst value) {
    double number;
    JS_ToFloat64(writer->context, &number, value);
    if (!isfinite(number))
        return refuse(writer, "is no finite number");
    if (number == 0 && signbit(number))
        return put(writer->json, "-0.0"), WRITTEN;
    const char *text = JS_ToCString(writer->context, value);
    if (!text)
        return FAILED;
    put(writer->json, text);
    if (fabs(number) >= 9007199254740992.0 && !strchr(text, 'e'))
        put(writer->json, ".0");
    JS_FreeCString(writer->context, text);
    return WRITTEN;
}

static int write_plain(struct writer *writer, JSValueConst value) {
    const char *text = JS_ToCString(writer->context, value);
    if (text)
        put(writer->json, text);
    JS_FreeCString(writer->context, text);
    return text ? WRITTEN : FAILED;
}

// The value of a member, with its name in the path meanwhile.
static int write_at(struct writer *writer, const char *name, JSValue value) {
    size_t length = writer->path.size;
    put(&writer->path, "/");
    for (; *name; name++)
        bytes_put(&writer->path,
                  *name == '~'   ? "~0"
                  : *name == '/' ? "~1"
                                 : name,
                  *name == '~' || *name == '/' ? 2 : 1);
    int status = JS_IsException(value) ? FAILED : write_value(writer, value);
    JS_FreeValue(writer->context, value);
    writer->path.size = length;
    return status;
}

static int write_list(struct writer *writer, JSValueConst list) {
    int64_t length = 0;
    JSValue told = JS_GetPropertyStr(writer->context, list, "length");
    if (JS_ToInt64(writer->context, &length, told) < 0)
        return FAILED;
    JS_FreeValue(writer->context, told);
    put(writer->json, "[");
    for (int64_t i = 0; i < length; i++) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)i);
        if (i)
            put(writer->json, ",");
        JSValue item = JS_GetPropertyUint32(writer->context, list, (uint32_t)i);
        int status = JS_IsUndefined(item) ? refuse(writer, "has an item that is undefined")
                                          : write_at(writer, name, item);
        if (status)
            return status;
    }
    put(writer->json, "]");
    return WRITTEN;
}

static int is_tag(const char *name) {
    return strcmp(name, "boxer.bytes") == 0 || strcmp(name, "boxer.text") == 0;
}

static int write_member(struct writer *writer, JSValueConst object, JSAtom atom, int is_alone,
                        int *is_first) {
    JSValue value = JS_GetProperty(writer->context, object, atom);
    if (JS_IsUndefined(value))
        return WRITTEN;
    size_t size;
    JSValue named = JS_AtomToString(writer->context, atom);
    const char *name = JS_ToCStringLen(writer->context, &size, named);
    JS_FreeValue(writer->context, named);
    if (!name) {
        JS_FreeValue(writer->context, value);
        return FAILED;
    }
    if (!*is_first)
        put(writer->json, ",");
    *is_first = 0;
    put_quoted(writer->json, name, size);
    int own = is_alone && writer->tagged && is_tag(name);
    put(writer->json, own ? ":[" : ":");
    int status = write_at(writer, name, value);
    if (own)
        put(writer->json, "]");
    JS_FreeCString(writer->context, name);
    return status;
}

static int write_object(struct writer *writer, JSValueConst object) {
    JSPropertyEnum *names;
    uint32_t count;
    int status = WRITTEN, is_first = 1;
    if (JS_GetOwnPropertyNames(writer->context, &names, &count, object,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
        return FAILED;
    put(writer->json, "{");
    for (uint32_t i = 0; i < count && !status; i++)
        status = write_member(writer, object, names[i].atom, count == 1, &is_first);
    put(writer->json, "}");
    for (uint32_t i = 0; i < count; i++)
        JS_FreeAtom(writer->context, names[i].atom);
    js_free(writer->context, names);
    return status;
}

// Whether it is an ArrayBuffer or a view of one: bytes.
static int write_bytes(struct writer *writer, JSValueConst value, int *status) {
    size_t offset = 0, size = 0, each = 1, whole = 0;
    JSContext *context = writer->context;
    JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &size, &each);
    int is_view = !JS_IsException(buffer);
    if (!is_view)
        JS_FreeValue(context, JS_GetException(context));
    uint8_t *bytes = JS_GetArrayBuffer(context, &whole, is_view ? buffer : value);
    if (is_view)
        JS_FreeValue(context, buffer);
    if (!bytes) {
        JS_FreeValue(context, JS_GetException(context));
        return 0;
    }
    if (each == 1)
        *status = write_part(writer, "boxer.bytes", bytes + offset, is_view ? size : whole);
    else
        *status = refuse(writer, "is a binary list of numbers: pass a Uint8Array of its bytes, or "
                                 "Array.from(it)");
    return 1;
}

// A value that says itself what it is as data: a Date does.
static int write_told(struct writer *writer, JSValueConst value, JSValue tell) {
    JSValue told = JS_Call(writer->context, tell, value, 0, NULL);
    int status = JS_IsException(told) ? FAILED
                 : JS_IsObject(told)  ? write_object(writer, told)
                 : JS_IsNull(told)    ? refuse(writer, "is no valid date")
                                      : write_value(writer, told);
    JS_FreeValue(writer->context, told);
    return status;
}

// Maps, sets and whatever else `boxer:calls` makes plain (its `plain`).
static int write_made_plain(struct writer *writer, JSValueConst value) {
    JSValue global = JS_GetGlobalObject(writer->context);
    JSAtom name = JS_NewAtom(writer->context, "__boxer_plain");
    JSValue plain = JS_Invoke(writer->context, global, name, 1, &value);
    JS_FreeAtom(writer->context, name);
    JS_FreeValue(writer->context, global);
    int status = FAILED;
    if (!JS_IsException(plain))
        status = JS_IsArray(writer->context, plain) ? write_list(writer, plain)
                                                    : write_object(writer, plain);
    JS_FreeValue(writer->context, plain);
    return status;
}

static int is_ordinary(struct writer *writer, JSValueConst value) {
    JSValue prototype = JS_GetPrototype(writer->context, value);
    JSValue above = JS_IsObject(prototype) ? JS_GetPrototype(writer->context, prototype) : JS_NULL;
    int is = JS_IsNull(above);
    JS_FreeValue(writer->context, above);
    JS_FreeValue(writer->context, prototype);
    return is;
}

static int write_held(struct writer *writer, JSValueConst value) {
    int status;
    if (JS_IsArray(writer->context, value))
        return write_list(writer, value);
    if (JS_IsFunction(writer->context, value))
        return refuse(writer, "is a function");
    if (is_ordinary(writer, value))
        return write_object(writer, value);
    if (write_bytes(writer, value, &status))
        return status;
    JSValue tell = JS_GetPropertyStr(writer->context, value, "toJSON");
    status = JS_IsFunction(writer->context, tell) ? write_told(writer, value, tell)
                                                  : write_made_plain(writer, value);
    JS_FreeValue(writer->context, tell);
    return status;
}

static int write_value(struct writer *writer, JSValueConst value) {
    if (JS_IsString(value))
        return write_string(writer, value);
    if (JS_IsNumber(value))
        return write_number(writer, value);
    if (JS_IsUndefined(value) || JS_IsNull(value))
        return put(writer->json, "null"), WRITTEN;
    if (JS_IsBool(value) || JS_IsBigInt(writer->context, value))
        return write_plain(writer, value);
    if (!JS_IsObject(value))
        return refuse(writer, "is no plain data");
    if (writer->depth >= DEEPEST)
        return refuse(writer, "is nested too deeply, or holds itself");
    writer->depth++;
    int status = write_held(writer, value);
    writer->depth--;
    return status;
}

int data_write(JSContext *context, struct bytes *reply, JSValueConst value, char plain,
               char tagged) {
    size_t began = reply->size;
    struct writer writer = {.context = context, .json = reply};
    bytes_put(reply, &plain, 1);
    int status = write_value(&writer, value);
    if (status == NEEDS_TAGS) {
        uint32_t size = 0;
        writer.tagged = 1;
        writer.depth = 0;
        writer.path.size = 0;
        reply->size = began;
        bytes_put(reply, &tagged, 1);
        bytes_put(reply, &size, 4);
        status = write_value(&writer, value);
        size = (uint32_t)(reply->size - began - 5);
        memcpy(reply->at + began + 1, &size, 4);
        bytes_put(reply, writer.parts.at, writer.parts.size);
    }
    if (status)
        reply->size = began;
    free(writer.parts.at);
    free(writer.path.at);
    return status;
}
