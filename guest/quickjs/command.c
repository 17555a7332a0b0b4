// `qjs [OPTION].. [FILE [ARGUMENT]..]`, as QuickJS's own program has it, but for its prompt.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "quickjs-libc.h"

#define CALLS_OPTION "--boxer-calls" // frames on standard input: what a function's box runs

static const char usage[] =
    "usage: qjs [OPTION].. [FILE [ARGUMENT]..]\n"
    "  -e, --eval TEXT    run TEXT\n"
    "  -m, --module       FILE is a module (else: what begins with import or export, and .mjs)\n"
    "      --script       FILE is a script\n"
    "      --std          make std and os global\n"
    "  -I, --include FILE run FILE first\n";

enum kind { GUESSED, MODULE, SCRIPT };

static int fail(JSContext *context) {
    js_std_dump_error(context);
    return 1;
}

static int run_text(JSContext *context, const char *text, size_t size, const char *name,
                    int is_module) {
    JSValue value;
    if (is_module) {
        value = JS_Eval(context, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
        if (!JS_IsException(value)) {
            js_module_set_import_meta(context, value, 1, 1);
            value = JS_EvalFunction(context, value);
        }
        value = machine_settled(context, value);
    } else {
        value = JS_Eval(context, text, size, name, JS_EVAL_TYPE_GLOBAL);
    }
    int status = JS_IsException(value) ? fail(context) : 0;
    JS_FreeValue(context, value);
    return status;
}

static int run_file(JSContext *context, const char *path, enum kind kind) {
    size_t size, length = strlen(path);
    char *text = (char *)js_load_file(context, &size, path);
    if (!text) {
        fprintf(stderr, "qjs: %s: %m\n", path);
        return 2;
    }
    int is_module = kind == MODULE;
    if (kind == GUESSED)
        is_module =
            (length > 4 && strcmp(path + length - 4, ".mjs") == 0) || JS_DetectModule(text, size);
    int status = run_text(context, text, size, path, is_module);
    js_free(context, text);
    return status;
}

static int finished(JSContext *context, int status) {
    if (!status)
        js_std_loop(context);
    if (machine_rejections(context) && !status)
        status = 1;
    fflush(NULL);
    return status;
}

// scriptArgs: FILE and what follows.
static void name_arguments(JSContext *context, int argc, char **argv) {
    JSValue list = JS_NewArray(context), global = JS_GetGlobalObject(context);
    for (int i = 0; i < argc; i++)
        JS_DefinePropertyValueUint32(context, list, (uint32_t)i, JS_NewString(context, argv[i]),
                                     JS_PROP_C_W_E);
    JS_SetPropertyStr(context, global, "scriptArgs", list);
    JS_FreeValue(context, global);
}

static int stop(const char *problem, const char *what) {
    fprintf(stderr, "qjs: %s%s\n%s", problem, what, usage);
    return 2;
}

int command_run(JSContext *context, int argc, char **argv) {
    enum kind kind = GUESSED;
    const char *text = NULL;
    int at = 1, status = 0;
    machine_enter(context);
    for (; at < argc && argv[at][0] == '-' && !status; at++) {
        const char *option = argv[at];
        if (strcmp(option, CALLS_OPTION) == 0)
            return calls_frames(context);
        if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0)
            return fputs(usage, stdout), fflush(NULL), 0;
        if (strcmp(option, "-m") == 0 || strcmp(option, "--module") == 0)
            kind = MODULE;
        else if (strcmp(option, "--script") == 0)
            kind = SCRIPT;
        else if (strcmp(option, "--std") == 0)
            status = run_text(context,
                              "import * as std from 'std';import * as os from 'os';"
                              "globalThis.std = std;globalThis.os = os;",
                              93, "<std>", 1);
        else if ((strcmp(option, "-e") == 0 || strcmp(option, "--eval") == 0) && at + 1 < argc)
            text = argv[++at];
        else if ((strcmp(option, "-I") == 0 || strcmp(option, "--include") == 0) && at + 1 < argc)
            status = run_file(context, argv[++at], kind);
        else
            return stop("what is this option, or its value? ", option);
    }
    if (status)
        return finished(context, status);
    if (!text && at >= argc)
        return stop("there is no prompt here: name a file, or give -e TEXT", "");
    name_arguments(context, argc - at, argv + at);
    status = text ? run_text(context, text, strlen(text), "<evalScript>", kind == MODULE)
                  : run_file(context, argv[at], kind);
    return finished(context, status);
}
