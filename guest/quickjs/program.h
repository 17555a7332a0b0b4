// The JavaScript machine of a box: one runtime with one context, begun once.
#ifndef QUICKJS_PROGRAM_H
#define QUICKJS_PROGRAM_H

#include "quickjs.h"

// A context with what every program finds: modules, globals. Null: it has been said why not.
JSContext *machine_begin(void);
// From here on the stack of this call is what is left for JavaScript.
void machine_enter(JSContext *);
// The value of a promise, once it has one, or of what is none; an exception for one that fails, or
// that nothing settles. Takes the value.
JSValue machine_settled(JSContext *, JSValue);
// Says on standard error which promises have failed with nobody who looked. Their number.
int machine_rejections(JSContext *);

// Finds and reads modules (modules.c).
void modules_begin(JSRuntime *);
// `boxer:machine`: what the modules of guest/quickjs/boxer are made of (natives.c).
int natives_begin(JSContext *);

// The answer to a call's request, or a promise of it; takes the request.
JSValue machine_answer(JSContext *, JSValue request);

// A function of `boxer:calls`, called; takes the argument.
JSValue machine_call(JSContext *, const char *name, JSValue argument);

// Answers a request; the reply is there until the next one (calls.c).
int calls_serve(JSContext *, const char *request, size_t size, const char **reply,
                size_t *reply_size);
int calls_frames(JSContext *);

// A command line's (command.c). The exit status.
int command_run(JSContext *, int argc, char **argv);

#endif
