// Calls of functions that were found by name, by libffi's descriptions of what the caller gives.
//
// ctypes takes an argument for an int unless it is told otherwise, and a result too. A processor
// passes both in registers, so that it works wherever the value fits; WebAssembly calls a function
// by exactly its own type, or ends the program. Here each value is made what the function takes, as
// Linux on x86-64 would: arguments too many are left out, what is variable is laid out as va_arg
// reads it. What would be read as something else there (a number that does not fit, an integer for
// a double, too few arguments) is refused by an exception.
//
// The exception is set while the interpreter's lock is held, and ctypes looks for one after calls
// that it makes with the lock held (guest/python/appended/ctypes/__init__.py): those of libc let go
// of it in here.
//
// Invariant: what is called without a name (a pointer of a package's own) is as libffi has it.
#include "exported.h"

#include <Python.h>
#include <dlfcn.h>
#include <errno.h>

// In the place of the library's own (ffi.c): all it has, with other doors.
#define ffi_call call_nameless
#define ffi_prep_cif prepare_nameless
#define ffi_prep_cif_var prepare_nameless_var
#include "ffi.c"
#undef ffi_call
#undef ffi_prep_cif
#undef ffi_prep_cif_var

void __dl_seterr(const char *format, ...);

// In flags of an ffi_cif: there is no code for calls of this type.
enum { UNSERVED = 2 };

// What a program may name and gets the box's own names of. Debian's names.
static const char *const libraries[] = {"libc.so.6",  "libm.so.6",  "libpthread.so.0",
                                        "libdl.so.2", "librt.so.1", "libutil.so.1"};
static char program;

void *dlopen(const char *file, int mode) {
    if (!file)
        return &program;
    for (unsigned i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (!strcmp(file, libraries[i]))
            return &program;
    __dl_seterr("%s: a box loads no libraries at run time", file);
    return NULL;
}

int dlclose(void *handle) {
    if (handle == &program)
        return 0;
    __dl_seterr("Invalid library handle %p", handle);
    return 1;
}

void *__dlsym(void *handle, const char *name, void *caller) {
    const struct exported *found = exported_of_name(name);
    if (!found)
        __dl_seterr("Symbol not found: %s", name);
    return found ? (void *)found->address : NULL;
}

static void refuse(const char *format, ...) {
    PyGILState_STATE state = PyGILState_Ensure();
    va_list values;
    va_start(values, format);
    PyErr_FormatV(PyExc_TypeError, format, values);
    va_end(values);
    PyGILState_Release(state);
}

static int is_plain(const ffi_type *type) {
    return type->type != FFI_TYPE_STRUCT && type->type != FFI_TYPE_COMPLEX;
}

static int plain(unsigned count, const ffi_type *result, ffi_type **types) {
    int all = is_plain(result);
    for (unsigned i = 0; i < count; i++)
        all = all && is_plain(types[i]) && types[i]->type != FFI_TYPE_VOID;
    return all;
}

// A function of a name may be called whatever its caller takes it for.
static ffi_status deferred(ffi_status status, ffi_cif *cif) {
    if (status != FFI_BAD_TYPEDEF || !plain(cif->nargs, cif->rtype, cif->arg_types))
        return status;
    cif->flags |= UNSERVED;
    return FFI_OK;
}

ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned count, ffi_type *result,
                        ffi_type **types) {
    return deferred(prepare_nameless(cif, abi, count, result, types), cif);
}

ffi_status ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                            ffi_type *result, ffi_type **types) {
    return deferred(prepare_nameless_var(cif, abi, fixed, count, result, types), cif);
}

// What a value is passed as; itself where that is by address.
static const ffi_type *simple(const ffi_type *type) {
    const ffi_type *as = scalar(type);
    return as ? as : type;
}

static int is_float(const ffi_type *type) {
    return type->type == FFI_TYPE_FLOAT || type->type == FFI_TYPE_DOUBLE ||
           type->type == FFI_TYPE_LONGDOUBLE;
}

static int64_t whole(const ffi_type *type, const void *place) {
    switch (type->type) {
    case FFI_TYPE_UINT8:
        return *(const uint8_t *)place;
    case FFI_TYPE_SINT8:
        return *(const int8_t *)place;
    case FFI_TYPE_UINT16:
        return *(const uint16_t *)place;
    case FFI_TYPE_SINT16:
        return *(const int16_t *)place;
    case FFI_TYPE_UINT64:
    case FFI_TYPE_SINT64:
        return *(const int64_t *)place;
    case FFI_TYPE_UINT32:
    case FFI_TYPE_POINTER:
        return *(const uint32_t *)place;
    default:
        return *(const int32_t *)place;
    }
}

// What a sorting function of libc calls, where it was given a function in Python; each thread's.
static _Thread_local const ffi_closure *comparing;

static int compare(const void *one, const void *other) {
    void *places[] = {&one, &other};
    int32_t result[2] = {0};
    comparing->fun(comparing->cif, result, places, comparing->user_data);
    return result[0];
}

static int can_compare(const ffi_closure *closure) {
    const ffi_cif *cif = closure->cif;
    return cif->nargs == 2 && cif->arg_types[0]->size == 4 && cif->arg_types[1]->size == 4 &&
           cif->rtype->type != FFI_TYPE_VOID && !is_float(cif->rtype) && cif->rtype->size <= 4;
}

// As the address of a function that compares; null where what is there is none.
static int comparison(uint32_t address) {
    const struct exported *found = exported_of_address((void (*)(void))address);
    if (found)
        return !strcmp(found->type, "iuu") ? (int)address : 0;
    if (address % 4 || address / 65536 >= __builtin_wasm_memory_size(0))
        return 0;
    const ffi_closure *closure = as_closure((void (*)(void))address);
    if (!closure || !can_compare(closure))
        return 0;
    comparing = closure;
    return (int)compare;
}

// One argument as the function takes it. kept: where it may lie. Null, or what is wrong.
static const char *take(char wanted, const ffi_type *given, const void *place, union value *value,
                        int64_t *kept) {
    if (wanted == 'd' || wanted == 'f') {
        if (given->type != (wanted == 'd' ? FFI_TYPE_DOUBLE : FFI_TYPE_FLOAT))
            return wanted == 'd' ? "a c_double is needed" : "a c_float is needed";
        memcpy(value, place, given->size);
        return NULL;
    }
    if (!is_plain(given) || is_float(given))
        return "an integer or a pointer is needed";
    int64_t number = whole(given, place);
    if (wanted == 'q') {
        value->l = number;
        return NULL;
    }
    if (wanted == 'a') {
        *kept = number;
        value->i = (int32_t)kept;
        return NULL;
    }
    if (number < INT32_MIN || number > UINT32_MAX)
        return "the number does not fit into 32 bits";
    value->i = (int32_t)number;
    if (wanted == 'n' && number && !exported_of_address((void (*)(void))(uint32_t)number))
        return "a box's own code cannot call a function of Python's later: pass None";
    if (wanted == 'c' && !(value->i = comparison((uint32_t)number)))
        return "a function that compares two pointers is needed";
    return NULL;
}

// Lays out one variable argument at *end; moves that behind it.
static const char *lay(const ffi_type *given, const void *place, char **end) {
    if (!is_plain(given) || given->type == FFI_TYPE_FLOAT || given->type == FFI_TYPE_LONGDOUBLE)
        return "an integer, a pointer or a c_double is needed";
    if (given->size == 8) {
        *end += -(uintptr_t)*end % 8;
        memcpy(*end, place, 8);
        *end += 8;
    } else {
        int32_t number = (int32_t)whole(given, place);
        memcpy(*end, &number, sizeof number);
        *end += sizeof number;
    }
    return NULL;
}

static enum kind kind_of(char letter) {
    switch (letter) {
    case 'v':
        return KIND_NONE;
    case 'q':
        return KIND_L;
    case 'd':
        return KIND_D;
    case 'f':
        return KIND_F;
    default:
        return KIND_I;
    }
}

// Whether a result can be had as the caller wants it. As on x86-64, of what a function that has no
// result leaves for one nothing is known.
static int gives(char result, const ffi_type *wanted) {
    if (wanted->type == FFI_TYPE_VOID)
        return 1;
    if (result == 'd' || result == 'f')
        return wanted->type == (result == 'd' ? FFI_TYPE_DOUBLE : FFI_TYPE_FLOAT);
    return is_plain(wanted) && !is_float(wanted);
}

static void put(char result, const ffi_type *wanted, union value got, void *place) {
    if (wanted->type == FFI_TYPE_VOID)
        return;
    if (is_float(wanted)) {
        memcpy(place, &got, wanted->size);
        return;
    }
    int64_t number = result == 'q' ? got.l : result == 'u' ? (uint32_t)got.i : got.i;
    int64_t narrow = whole(wanted, &number);
    memcpy(place, &narrow, wanted->size > 4 ? wanted->size : 4);
}

static void enter(const struct exported *named, const struct shape *shape,
                  const union value *values, union value *got) {
    int number = errno;
    PyThreadState *holds = exported_by_python(named) ? NULL : PyThreadState_GetUnchecked();
    if (holds)
        PyEval_SaveThread();
    errno = number;
    ffi_shape_call(shape, named->address, values, got);
    number = errno;
    if (holds)
        PyEval_RestoreThread(holds);
    errno = number;
}

static void call(const struct exported *named, ffi_cif *cif, void *result, void **places) {
    const char *letter = named->type + 1, *wrong = NULL;
    const ffi_closure *outer = comparing;
    union value values[MOST_PARAMETERS] = {{0}}, got = {.l = 0};
    int64_t kept[EXPORTED_PARAMETERS];
    // Behind the variable arguments come zeros: some functions read more of them than there are.
    char variable[8 * cif->nargs + 64] __attribute__((aligned(16)));
    char *end = variable;
    struct shape shape = {.result = kind_of(named->type[0])};
    unsigned i = 0;
    if (!*named->type) {
        refuse("%s is a variable, which cannot be called", named->name);
        return;
    }
    if (!gives(*named->type, cif->rtype)) {
        refuse("the result of %s is %s: set its restype", named->name,
               *named->type == 'd'   ? "a c_double"
               : *named->type == 'f' ? "a c_float"
                                     : "an integer or a pointer");
        return;
    }
    memset(variable, 0, sizeof variable);
    for (; *letter && *letter != '.' && !wrong; letter++, i++) {
        if (i == cif->nargs) {
            refuse("%s takes more arguments than the %u it was given", named->name, i);
            return;
        }
        shape.kinds[shape.count] = kind_of(*letter);
        wrong =
            take(*letter, simple(cif->arg_types[i]), places[i], &values[shape.count++], &kept[i]);
    }
    if (*letter == '.') {
        for (; i < cif->nargs && !wrong; i++)
            wrong = lay(simple(cif->arg_types[i]), places[i], &end);
        shape.kinds[shape.count] = KIND_I;
        values[shape.count++].i = (int32_t)variable;
    }
    if (wrong)
        refuse("argument %u of %s: %s", i, named->name, wrong);
    else
        enter(named, &shape, values, &got);
    comparing = outer;
    if (!wrong)
        put(*named->type, cif->rtype, got, result);
}

void ffi_call(ffi_cif *cif, void (*function)(void), void *result, void **places) {
    const struct exported *named = exported_of_address(function);
    if (named)
        call(named, cif, result, places);
    else if (cif->flags & UNSERVED && !as_closure(function))
        refuse("a function of this type cannot be called in a box");
    else
        call_nameless(cif, function, result, places);
}
