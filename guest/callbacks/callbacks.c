// Closures that C can call: cffi's `ffi.callback`, given to a library as a pointer to a function.
//
// Code cannot be made while a program runs. Each closure gets one of a number of functions that are
// there for it, all of whose work is to say which one it is. What the library sees is that
// function's address; libffi's own closures (guest/ffi) have none, and only ffi_call can call them.
//
// There are functions of up to six parameters, integers and pointers, with such a result or none.
// A closure of another type stays what it is in libffi.
//
// A closure that is given back is not told of: its memory is the next one's, and so is its
// function.
#include <stddef.h>
#include <string.h>
#include "callbacks.h"

enum { MOST = 6, SHAPES = 2 * (MOST + 1), EACH = 128 };

static ffi_closure *bound[SHAPES][EACH];

static int64_t enter(unsigned shape, unsigned slot, int32_t *values) {
    const ffi_closure *closure = bound[shape][slot];
    void *places[MOST];
    int64_t result = 0;
    for (unsigned i = 0; i < MOST; i++)
        places[i] = &values[i];
    closure->fun(closure->cif, &result, places, closure->user_data);
    return result;
}

#define TAKES_0 void
#define TAKES_1 int32_t a
#define TAKES_2 TAKES_1, int32_t b
#define TAKES_3 TAKES_2, int32_t c
#define TAKES_4 TAKES_3, int32_t d
#define TAKES_5 TAKES_4, int32_t e
#define TAKES_6 TAKES_5, int32_t f
#define GIVEN_0
#define GIVEN_1 a
#define GIVEN_2 a, b
#define GIVEN_3 a, b, c
#define GIVEN_4 a, b, c, d
#define GIVEN_5 a, b, c, d, e
#define GIVEN_6 a, b, c, d, e, f

// The functions of one number of parameters, twice: without a result, and with one.
#define FUNCTIONS(count, slot)                                                                     \
    static void none_##count##_##slot(TAKES_##count) {                                             \
        int32_t values[MOST] = {GIVEN_##count};                                                    \
        (void)enter(2 * count, 0x##slot, values);                                                  \
    }                                                                                              \
    static int32_t some_##count##_##slot(TAKES_##count) {                                          \
        int32_t values[MOST] = {GIVEN_##count};                                                    \
        return (int32_t)enter(2 * count + 1, 0x##slot, values);                                    \
    }
#define NONE(count, slot) (void *)none_##count##_##slot,
#define SOME(count, slot) (void *)some_##count##_##slot,

#define ROW(what, count, high)                                                                     \
    what(count, high##0) what(count, high##1) what(count, high##2) what(count, high##3)            \
        what(count, high##4) what(count, high##5) what(count, high##6) what(count, high##7)        \
            what(count, high##8) what(count, high##9) what(count, high##a) what(count, high##b)    \
                what(count, high##c) what(count, high##d) what(count, high##e)                     \
                    what(count, high##f)
#define ALL(what, count)                                                                           \
    ROW(what, count, 0)                                                                            \
    ROW(what, count, 1)                                                                            \
    ROW(what, count, 2)                                                                            \
    ROW(what, count, 3)                                                                            \
    ROW(what, count, 4)                                                                            \
    ROW(what, count, 5) ROW(what, count, 6) ROW(what, count, 7)

ALL(FUNCTIONS, 0)
ALL(FUNCTIONS, 1)
ALL(FUNCTIONS, 2)
ALL(FUNCTIONS, 3)
ALL(FUNCTIONS, 4)
ALL(FUNCTIONS, 5)
ALL(FUNCTIONS, 6)

#define BOTH(count)                                                                                \
    {ALL(NONE, count)}, {                                                                          \
        ALL(SOME, count)                                                                           \
    }

static void *const functions[SHAPES][EACH] = {BOTH(0), BOTH(1), BOTH(2), BOTH(3),
                                              BOTH(4), BOTH(5), BOTH(6)};

static int is_whole(const ffi_type *type) {
    switch (type->type) {
    case FFI_TYPE_INT:
    case FFI_TYPE_UINT8:
    case FFI_TYPE_SINT8:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_UINT32:
    case FFI_TYPE_SINT32:
    case FFI_TYPE_POINTER:
        return 1;
    default:
        return 0;
    }
}

// The shape of a type of function; -1 where there are no functions of it.
static int shape_of(const ffi_cif *cif) {
    int gives = cif->rtype->type != FFI_TYPE_VOID;
    if (cif->flags || cif->nargs > MOST || (gives && !is_whole(cif->rtype)))
        return -1;
    for (unsigned i = 0; i < cif->nargs; i++)
        if (!is_whole(cif->arg_types[i]))
            return -1;
    return (int)(2 * cif->nargs) + gives;
}

static void let_go(const ffi_closure *closure) {
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (unsigned slot = 0; slot < EACH; slot++)
            if (bound[shape][slot] == closure)
                bound[shape][slot] = NULL;
}

ffi_status ffi_prep_callable(ffi_closure *closure, ffi_cif *cif, ffi_callable *fun, void *user_data,
                             void **code) {
    ffi_status status = ffi_prep_closure(closure, cif, fun, user_data);
    int shape = shape_of(cif);
    let_go(closure);
    if (status != FFI_OK || shape < 0)
        return status;
    for (unsigned slot = 0; slot < EACH; slot++)
        if (!bound[shape][slot]) {
            bound[shape][slot] = closure;
            *code = functions[shape][slot];
            return FFI_OK;
        }
    return FFI_BAD_ABI;
}
