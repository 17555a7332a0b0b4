// QuickJS as a program of the box: its runtime begun once, frozen, and gone on with in every run.
#include "program.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "entry/program.h"
#include "quickjs-libc.h"

static JSContext *context;

static int begin(void) {
    if (!context)
        context = machine_begin();
    return context ? 0 : 1;
}

static int qjs_main(int argc, char **argv, char **environment) {
    (void)environment;
    return begin() ? 1 : command_run(context, argc, argv);
}

// modules: MODULE, or MODULE:FUNCTION, which is called.
static int qjs_freeze(char *path, char **modules) {
    (void)path;
    if (begin())
        return 1;
    for (; modules && *modules; modules++) {
        JSValue done = machine_call(context, "prepare", JS_NewString(context, *modules));
        done = machine_settled(context, done);
        if (JS_IsException(done)) {
            js_std_dump_error(context);
            return 1;
        }
        JS_FreeValue(context, done);
    }
    if (machine_rejections(context))
        return 1;
    JS_RunGC(JS_GetRuntime(context));
    return 0;
}

static int qjs_thaw(const char *path, int argc, char **argv, unsigned depth, int as_settled) {
    (void)path, (void)depth, (void)as_settled;
    return command_run(context, argc, argv);
}

static int qjs_wake(unsigned depth, int as_rested) {
    (void)depth, (void)as_rested;
    return 0;
}

static int qjs_serve(const char *request, size_t size, const char **reply, size_t *reply_size) {
    return calls_serve(context, request, size, reply, reply_size);
}

static int qjs_rest(unsigned depth) {
    (void)depth;
    return 0;
}

const struct program programs[] = {
    {.name = "qjs",
     .main = qjs_main,
     .freeze = qjs_freeze,
     .thaw = qjs_thaw,
     .wake = qjs_wake,
     .serve = qjs_serve,
     .rest = qjs_rest},
    SHELL_PROGRAMS,
    {0},
};
