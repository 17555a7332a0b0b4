// Requests of the host, answered by functions of the program: docs/reference/function-protocol.md,
// and two letters of the host's own, as guest/python/_boxer_calls.py has them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "program.h"

static JSValue read_request(JSContext *context, const char *request, size_t size) {
    uint32_t length;
    if (*request != 't')
        return data_read(context, request + 1, size - 1, NULL, 0);
    if (size < 5 || (memcpy(&length, request + 1, 4), length > size - 5))
        return JS_ThrowSyntaxError(context, "the request is no tagged data");
    return data_read(context, request + 5, length, request + 5 + length, size - 5 - length);
}

static JSValue answer(JSContext *context, const char *request, size_t size) {
    if (!size)
        return JS_ThrowSyntaxError(context, "the request is empty");
    if (*request == 'x') {
        char *text = strndup(request + 1, size - 1);
        JSValue done =
            text ? JS_Eval(context, text, size - 1, "<exec>", JS_EVAL_TYPE_GLOBAL) : JS_NULL;
        free(text);
        if (JS_IsException(done))
            return done;
        JS_FreeValue(context, done);
        return JS_NULL;
    }
    JSValue told = read_request(context, request, size);
    if (JS_IsException(told))
        return told;
    return machine_settled(context, *request == 'i' ? machine_call(context, "ready", told)
                                                    : machine_answer(context, told));
}

static void describe(JSContext *context, struct bytes *reply) {
    static const char unknown[] =
        "!{\"type\":\"Error\",\"message\":\"it cannot be said what failed\",\"traceback\":\"\"}";
    JSValue told = machine_call(context, "described", JS_GetException(context));
    int status = JS_IsException(told) ? -1 : data_write(context, reply, told, '!', '!');
    if (status < 0) {
        JS_FreeValue(context, JS_GetException(context));
        reply->size = 0;
        bytes_put(reply, unknown, sizeof unknown - 1);
    }
    JS_FreeValue(context, told);
}

int calls_serve(JSContext *context, const char *request, size_t size, const char **reply,
                size_t *reply_size) {
    static struct bytes made;
    made.size = 0;
    machine_enter(context);
    JSValue result = answer(context, request, size);
    if (JS_IsException(result) || data_write(context, &made, result, '=', '~') < 0) {
        made.size = 0;
        describe(context, &made);
    }
    JS_FreeValue(context, result);
    machine_rejections(context);
    fflush(NULL);
    *reply = made.at;
    *reply_size = made.size;
    return 0;
}
