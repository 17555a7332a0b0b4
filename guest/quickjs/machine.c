// The runtime: begun, entered, left with nothing open.
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs-libc.h"

// Of the shadow stack (recipes/driver.py: 8 MiB), so that the host's own lasts as long.
#define STACK (1 << 20)
#define CALLS "boxer:calls"

static JSValue calls;   // the namespace of boxer:calls
static JSValue answers; // its function `answer`, for what is called most
static int rejections;  // that have been noted, since they were told last

static void note_rejection(JSContext *context, JSValueConst promise, JSValueConst reason,
                           JS_BOOL is_handled, void *unused) {
    (void)unused;
    JSValue arguments[] = {promise, reason, JS_NewBool(context, is_handled)};
    if (JS_IsUndefined(calls))
        return;
    rejections++;
    JSAtom name = JS_NewAtom(context, "noteRejection");
    JS_FreeValue(context, JS_Invoke(context, calls, name, 3, arguments));
    JS_FreeAtom(context, name);
}

int machine_rejections(JSContext *context) {
    int32_t count = 0;
    if (!rejections)
        return 0;
    rejections = 0;
    JSValue told = machine_call(context, "tellRejections", JS_UNDEFINED);
    JS_ToInt32(context, &count, told);
    JS_FreeValue(context, told);
    return count;
}

JSValue machine_call(JSContext *context, const char *name, JSValue argument) {
    JSAtom atom = JS_NewAtom(context, name);
    JSValue result = JS_Invoke(context, calls, atom, 1, &argument);
    JS_FreeAtom(context, atom);
    JS_FreeValue(context, argument);
    return result;
}

JSValue machine_answer(JSContext *context, JSValue request) {
    JSValue result = JS_Call(context, answers, JS_UNDEFINED, 1, &request);
    JS_FreeValue(context, request);
    return result;
}

void machine_enter(JSContext *context) {
    JS_UpdateStackTop(JS_GetRuntime(context));
}

JSValue machine_settled(JSContext *context, JSValue value) {
    return js_std_await(context, value);
}

static JSValue load_calls(JSContext *context) {
    static const char text[] = "import * as calls from '" CALLS "'; import 'boxer:globals';"
                               "globalThis.__boxer_calls = calls;";
    JSValue done = machine_settled(
        context, JS_Eval(context, text, sizeof text - 1, "<boxer>", JS_EVAL_TYPE_MODULE));
    if (JS_IsException(done))
        return done;
    JS_FreeValue(context, done);
    JSValue global = JS_GetGlobalObject(context);
    JSAtom name = JS_NewAtom(context, "__boxer_calls");
    JSValue found = JS_GetProperty(context, global, name);
    JS_DeleteProperty(context, global, name, 0);
    JS_FreeAtom(context, name);
    JS_FreeValue(context, global);
    return found;
}

JSContext *machine_begin(void) {
    JSRuntime *runtime = JS_NewRuntime();
    calls = JS_UNDEFINED;
    if (!runtime)
        return NULL;
    js_std_init_handlers(runtime);
    JS_SetMaxStackSize(runtime, STACK);
    JSContext *context = JS_NewContext(runtime);
    if (!context)
        return NULL;
    js_init_module_std(context, "std");
    js_init_module_os(context, "os");
    modules_begin(runtime);
    JS_SetHostPromiseRejectionTracker(runtime, note_rejection, NULL);
    if (natives_begin(context) < 0)
        return NULL;
    calls = load_calls(context);
    if (JS_IsException(calls)) {
        calls = JS_UNDEFINED;
        js_std_dump_error(context);
        return NULL;
    }
    answers = JS_GetPropertyStr(context, calls, "answer");
    return context;
}
