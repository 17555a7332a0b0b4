// The module `boxer:machine`: what JavaScript cannot do itself, for guest/quickjs/boxer alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "host.h"
#include "program.h"

// ask({f, a, k}): [result], or what the host raised, {type, message}.
static JSValue ask(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc;
    struct bytes request = {0};
    bytes_put(&request, "h", 1);
    if (data_write(context, &request, argv[0], 'c', 't') < 0) {
        free(request.at);
        return JS_EXCEPTION;
    }
    size_t size = 0;
    char *reply = boxer_ask_(request.at, request.size, &size);
    free(request.at);
    if (!reply)
        return JS_NULL;
    JSValue told = JS_UNDEFINED;
    uint32_t length = 0;
    if (size >= 5 && *reply == '~') {
        memcpy(&length, reply + 1, 4);
        if (length <= size - 5)
            told = data_read(context, reply + 5, length, reply + 5 + length, size - 5 - length);
    } else if (size) {
        told = data_read(context, reply + 1, size - 1, NULL, 0);
    }
    if (size && *reply != '!' && !JS_IsException(told)) {
        JSValue list = JS_NewArray(context);
        JS_DefinePropertyValueUint32(context, list, 0, told, JS_PROP_C_W_E);
        told = list;
    }
    free(reply);
    return told;
}

// random(): a double from 0 to below 1.
static JSValue random_number(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc, (void)argv;
    static uint64_t state[2]; // of xoroshiro128+; a frozen machine has none
    if (!state[0] && !state[1] && getrandom(state, sizeof state, 0) != sizeof state)
        return JS_ThrowInternalError(context, "there are no random numbers");
    uint64_t a = state[0], b = state[1], sum = a + b;
    b ^= a;
    state[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
    state[1] = b << 37 | b >> 27;
    return JS_NewFloat64(context, (double)(sum >> 11) * 0x1p-53);
}

// fill(uint8array): with random bytes.
static JSValue fill(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc;
    size_t offset, size, each, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(context, argv[0], &offset, &size, &each);
    uint8_t *bytes = JS_IsException(buffer) ? NULL : JS_GetArrayBuffer(context, &whole, buffer);
    JS_FreeValue(context, buffer);
    for (size_t done = 0; bytes && done < size;) {
        ssize_t got = getrandom(bytes + offset + done, size - done, 0);
        if (got <= 0)
            return JS_ThrowInternalError(context, "there are no random numbers");
        done += (size_t)got;
    }
    return bytes ? JS_DupValue(context, argv[0]) : JS_EXCEPTION;
}

static JSValue encode(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc;
    size_t size;
    const char *text = JS_ToCStringLen(context, &size, argv[0]);
    if (!text)
        return JS_EXCEPTION;
    JSValue array = data_bytes(context, text, size);
    JS_FreeCString(context, text);
    return array;
}

static JSValue decode(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc;
    size_t offset, size, each, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(context, argv[0], &offset, &size, &each);
    uint8_t *bytes = JS_IsException(buffer) ? NULL : JS_GetArrayBuffer(context, &whole, buffer);
    JSValue text = bytes ? JS_NewStringLen(context, (char *)bytes + offset, size) : JS_EXCEPTION;
    JS_FreeValue(context, buffer);
    return text;
}

// write(descriptor, text): as C's streams have it.
static JSValue write_text(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc;
    int32_t descriptor = 1;
    size_t size;
    const char *text = JS_ToCStringLen(context, &size, argv[1]);
    if (!text || JS_ToInt32(context, &descriptor, argv[0]) < 0)
        return JS_EXCEPTION;
    fwrite(text, 1, size, descriptor == 2 ? stderr : stdout);
    JS_FreeCString(context, text);
    return JS_UNDEFINED;
}

// Milliseconds since an unknown moment.
static JSValue now(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    (void)this, (void)argc, (void)argv;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return JS_NewFloat64(context, (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6);
}

static const JSCFunctionListEntry natives[] = {
    JS_CFUNC_DEF("ask", 1, ask),       JS_CFUNC_DEF("random", 0, random_number),
    JS_CFUNC_DEF("fill", 1, fill),     JS_CFUNC_DEF("encode", 1, encode),
    JS_CFUNC_DEF("decode", 1, decode), JS_CFUNC_DEF("write", 2, write_text),
    JS_CFUNC_DEF("now", 0, now),
};
#define COUNT (int)(sizeof natives / sizeof *natives)

static int fill_module(JSContext *context, JSModuleDef *module) {
    return JS_SetModuleExportList(context, module, natives, COUNT);
}

int natives_begin(JSContext *context) {
    JSModuleDef *module = JS_NewCModule(context, "boxer:machine", fill_module);
    return module ? JS_AddModuleExportList(context, module, natives, COUNT) : -1;
}

int calls_frames(JSContext *context) {
    if (boxer_begin_frames_() < 0)
        return 1;
    for (;;) {
        size_t size, reply_size;
        const char *reply;
        int has_ended;
        char *request = boxer_read_frame_(boxer_frames_in_, &size, &has_ended);
        if (!request)
            return !has_ended;
        int status = calls_serve(context, request, size, &reply, &reply_size);
        free(request);
        if (status)
            return status;
        if (boxer_write_frame_(boxer_frames_out_, reply, reply_size) < 0)
            return 1;
    }
}
