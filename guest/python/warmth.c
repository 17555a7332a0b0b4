// What the interpreter becomes used to while code runs (PEP 659): before the freeze, since each
// life would write it anew, and have it taken back.
//
// A rehearsal's life tells which instructions it specialised, and for which kind of operand. The
// image has the same instructions specialised, by the interpreter's own functions, for what is in
// the image: the same types and functions, known by their versions, and for an instance one that is
// nobody's.
//
// Invariants
// 1. What a life tells is a hint, of the same instructions as the image's: no version, index or
//    address of its own gets into the image's caches. Guards look whether they hold, as ever.
// 2. Only code of functions that the image holds for ever is read or written to.
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include "warmth.h"

#include <Python.h>
#include <internal/pycore_ceval.h>
#include <internal/pycore_code.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_function.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_object.h>
#include <internal/pycore_opcode_metadata.h>
#include <internal/pycore_pystate.h>
#include <opcode.h>
#include <stdlib.h>

// How often an instruction of the image runs in a life before it is specialised there: for what
// runs a few times that costs more than it brings; a rehearsal's are soon. LARGEST: caches of an
// instruction.
enum { PATIENCE = 31, SOON = 1, BACKOFF = 5, LARGEST = 10 };

// An instruction, by its address, and what its caches say: of which version, and where in a dict.
struct used {
    uint32_t at;
    uint8_t opcode, arg;
    uint16_t hint;
    uint32_t version;
};

// One instruction of the image.
struct place {
    PyCodeObject *code;
    PyFunctionObject *function; // whose code it is, or that is made within
    _Py_CODEUNIT *at;
    int base, oparg;
};

typedef void visitor(const struct place *place, void *state);

static int is_adaptive(int opcode) {
    switch (opcode) {
    case BINARY_OP:
    case BINARY_SUBSCR:
    case CALL:
    case COMPARE_OP:
    case CONTAINS_OP:
    case FOR_ITER:
    case LOAD_ATTR:
    case LOAD_GLOBAL:
    case LOAD_SUPER_ATTR:
    case SEND:
    case STORE_ATTR:
    case STORE_SUBSCR:
    case TO_BOOL:
    case UNPACK_SEQUENCE:
        return 1;
    }
    return 0;
}

// Code that is watched (sys.monitoring) is left alone.
static int is_plain(const PyCodeObject *code) {
    uintptr_t watched = _PyThreadState_GET()->eval_breaker & ~(uintptr_t)_PY_EVAL_EVENTS_MASK;
    return !code->_co_monitoring && code->_co_instrumentation_version == watched;
}

static void visit_code(PyObject *object, PyFunctionObject *function, visitor *visit, void *state) {
    PyCodeObject *code = (PyCodeObject *)object;
    _Py_CODEUNIT *first = _PyCode_CODE(code);
    int oparg = 0;
    for (Py_ssize_t i = 0; is_plain(code) && i < Py_SIZE(code);) {
        int base = _PyOpcode_Deopt[first[i].op.code];
        oparg = oparg << 8 | first[i].op.arg;
        visit(&(struct place){code, function, &first[i], base, oparg}, state);
        if (base != EXTENDED_ARG)
            oparg = 0;
        i += 1 + _PyOpcode_Caches[base];
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++)
        if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
            visit_code(PyTuple_GET_ITEM(code->co_consts, i), function, visit, state);
}

// The next of what was frozen (gc.freeze); null: the first.
static PyObject *next_frozen(PyObject *object) {
    PyGC_Head *list = &_PyInterpreterState_GET()->gc.permanent_generation.head;
    PyGC_Head *next = _PyGCHead_NEXT(object ? _Py_AS_GC(object) : list);
    return next == list ? NULL : _Py_FROM_GC(next);
}

static void visit_all(visitor *visit, void *state) {
    for (PyObject *one = NULL; (one = next_frozen(one));)
        if (PyFunction_Check(one))
            visit_code(((PyFunctionObject *)one)->func_code, (PyFunctionObject *)one, visit, state);
}

static _Py_BackoffCounter *counter_of(_Py_CODEUNIT *instruction) {
    return &instruction[1].counter;
}

static void settle_one(const struct place *place, void *patience) {
    int opcode = place->at->op.code;
    if (opcode == RESUME)
        place->at->op.code = RESUME_CHECK;
    else if (opcode == place->base && is_adaptive(opcode) &&
             !is_unreachable_backoff_counter(*counter_of(place->at)))
        *counter_of(place->at) = make_backoff_counter(*(uint16_t *)patience, BACKOFF);
}

// All classes. Null with an exception.
static PyObject *types(void) {
    PyObject *all = PyList_New(0);
    if (all && PyList_Append(all, (PyObject *)&PyBaseObject_Type) < 0)
        Py_CLEAR(all);
    for (Py_ssize_t i = 0; all && i < PyList_GET_SIZE(all); i++) {
        PyObject *more = PyObject_CallMethod((PyObject *)&PyType_Type, "__subclasses__", "O",
                                             PyList_GET_ITEM(all, i));
        Py_ssize_t end = PyList_GET_SIZE(all);
        if (!more || PyList_SetSlice(all, end, end, more) < 0)
            Py_CLEAR(all);
        Py_XDECREF(more);
    }
    return all;
}

static void settle_all(uint16_t patience) {
    visit_all(settle_one, &patience);
}

int warmth_settle(void) {
    PyObject *all = types();
    for (Py_ssize_t i = 0; all && i < PyList_GET_SIZE(all); i++)
        PyUnstable_Type_AssignVersionTag((PyTypeObject *)PyList_GET_ITEM(all, i));
    Py_XDECREF(all);
    settle_all(PATIENCE);
    return all ? 0 : -1;
}

// What a life tells.

static PyObject *be_eager(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    settle_all(SOON);
    Py_RETURN_NONE;
}

struct told {
    struct used *items;
    size_t count, room;
};

static uint32_t version_of(const struct place *place) {
    return _PyOpcode_Caches[place->base] >= 3 ? read_u32(&place->at[2].cache) : 0;
}

// The image's module that has such names. 0: none.
static uint32_t module_of(uint32_t version) {
    for (PyObject *one = NULL; (one = next_frozen(one));) {
        PyObject *names = PyModule_CheckExact(one) ? ((PyModuleObject *)one)->md_dict : NULL;
        if (names && ((PyDictObject *)names)->ma_keys->dk_version == version)
            return (uint32_t)(uintptr_t)one;
    }
    return 0;
}

static void tell_one(const struct place *place, void *state) {
    struct told *told = state;
    int opcode = place->at->op.code;
    if (!is_adaptive(place->base))
        return;
    // What could not be specialised, time and again, is told as such.
    if (opcode == place->base && counter_of(place->at)->backoff <= BACKOFF)
        return;
    if (told->count == told->room) {
        size_t room = told->room * 2 + 256;
        struct used *items = realloc(told->items, room * sizeof *items);
        if (!items)
            return; // fewer hints
        told->items = items;
        told->room = room;
    }
    uint32_t version = version_of(place);
    told->items[told->count++] = (struct used){
        .at = (uint32_t)(uintptr_t)place->at,
        .opcode = (uint8_t)opcode,
        .arg = place->at->op.arg,
        .hint = _PyOpcode_Caches[place->base] >= 4 ? place->at[4].cache : 0,
        .version = opcode == LOAD_ATTR_MODULE ? module_of(version) : version,
    };
}

static PyObject *used_to(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    struct told told = {0};
    visit_all(tell_one, &told);
    size_t size = told.count * sizeof *told.items;
    PyObject *result = PyBytes_FromStringAndSize((const char *)told.items, (Py_ssize_t)size);
    free(told.items);
    return result;
}

// What the image makes of it.

struct image {
    struct told told; // sorted
    PyObject *types;
    int pass;
};

static PyTypeObject *type_of(const struct image *image, uint32_t version) {
    for (Py_ssize_t i = 0; version && i < PyList_GET_SIZE(image->types); i++) {
        PyTypeObject *type = (PyTypeObject *)PyList_GET_ITEM(image->types, i);
        if (type->tp_version_tag == version)
            return type;
    }
    return NULL;
}

// A new function of what is made within one of this code. Null: there is none such.
static PyObject *function_within(PyObject *object, PyObject *globals, uint32_t version) {
    PyCodeObject *code = (PyCodeObject *)object;
    PyObject *made = NULL;
    if (code->co_version == version) {
        if ((made = PyFunction_New(object, globals)))
            _PyFunction_SetVersion((PyFunctionObject *)made, version);
        return made;
    }
    for (Py_ssize_t i = 0; !made && i < PyTuple_GET_SIZE(code->co_consts); i++)
        if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
            made = function_within(PyTuple_GET_ITEM(code->co_consts, i), globals, version);
    return made;
}

// A new reference, or null.
static PyObject *function_of(uint32_t version) {
    PyObject *made = NULL;
    for (PyObject *one = NULL; version && (one = next_frozen(one));)
        if (PyFunction_Check(one) && ((PyFunctionObject *)one)->func_version == version)
            return Py_NewRef(one);
    for (PyObject *one = NULL; version && !made && (one = next_frozen(one));)
        if (PyFunction_Check(one))
            made = function_within(((PyFunctionObject *)one)->func_code,
                                   ((PyFunctionObject *)one)->func_globals, version);
    return made;
}

// An instance that has nothing in it and is nobody's: its type is all that is asked of it.
struct blank {
    char *memory;
    PyObject *object;
};

enum { BEFORE = 64 }; // what lies before an object: the collector's, its dict

static struct blank blank_of(PyTypeObject *type) {
    int has_values = type->tp_flags & Py_TPFLAGS_INLINE_VALUES ? 1 : 0;
    size_t size = (size_t)type->tp_basicsize + 16;
    struct blank blank = {0};
    if (type->tp_dictoffset < 0 && !(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return blank; // behind what it has not
    if (has_values)
        size += _PyInlineValuesSize(type);
    if (!(blank.memory = PyMem_Calloc(1, BEFORE + size)))
        return blank;
    blank.object = (PyObject *)(blank.memory + BEFORE);
    blank.object->ob_refcnt = _Py_IMMORTAL_REFCNT;
    blank.object->ob_type = type;
    if (has_values)
        _PyObject_InitInlineValues(blank.object, type);
    return blank;
}

// Its attributes lie in a dict, this one at the hint's place.
static PyObject *dict_with(PyObject *name, int hint) {
    PyObject *dict = PyDict_New();
    for (int i = 0; dict && i <= hint; i++) {
        PyObject *key = i < hint ? PyUnicode_FromFormat("%d", i) : Py_NewRef(name);
        if (!key || PyDict_SetItem(dict, key, Py_None) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(key);
    }
    return dict;
}

static void with_instance(const struct image *image, const struct used *used,
                          const struct place *place, PyObject *name) {
    enum { MOST_NAMES = 256 };
    PyTypeObject *type = type_of(image, used->version);
    int has_hint = used->opcode == LOAD_ATTR_WITH_HINT || used->opcode == STORE_ATTR_WITH_HINT;
    struct blank blank = type ? blank_of(type) : (struct blank){0};
    PyObject *dict = NULL;
    if (!blank.object)
        return;
    int has_values = type->tp_flags & Py_TPFLAGS_INLINE_VALUES ? 1 : 0;
    if (has_hint && type->tp_flags & Py_TPFLAGS_MANAGED_DICT && used->hint < MOST_NAMES &&
        (dict = dict_with(name, used->hint))) {
        if (has_values)
            _PyObject_InlineValues(blank.object)->valid = 0;
        _PyObject_ManagedDictPointer(blank.object)->dict = (PyDictObject *)dict;
    }
    // A class learns the names that its instances have as they are made.
    if (has_values && image->pass == 0)
        _PyObject_StoreInstanceAttribute(blank.object, name, Py_None);
    if (place->base == LOAD_ATTR)
        _Py_Specialize_LoadAttr(blank.object, place->at, name);
    else if (place->base == STORE_ATTR)
        _Py_Specialize_StoreAttr(blank.object, place->at, name);
    else
        _Py_Specialize_ToBool(blank.object, place->at);
    if (!has_hint && type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
        dict = (PyObject *)_PyObject_ManagedDictPointer(blank.object)->dict;
    Py_XDECREF(dict);
    PyMem_Free(blank.memory);
}

static void with_callable(const struct image *image, const struct used *used,
                          const struct place *place) {
    int is_bound =
        used->opcode == CALL_BOUND_METHOD_EXACT_ARGS || used->opcode == CALL_BOUND_METHOD_GENERAL;
    PyObject *callable = used->opcode == CALL_ALLOC_AND_ENTER_INIT
                             ? Py_XNewRef(type_of(image, used->version))
                             : function_of(used->version);
    if (callable && is_bound)
        Py_SETREF(callable, PyMethod_New(callable, Py_None));
    if (!callable)
        return;
    _Py_Specialize_Call(callable, place->at, place->oparg);
    if (place->at->op.code != used->opcode)
        _Py_Specialize_Call(callable, place->at, place->oparg + 1); // it has a self
    Py_DECREF(callable);
}

static void with_owner(const struct image *image, const struct used *used,
                       const struct place *place, PyObject *name) {
    if (used->opcode == LOAD_ATTR_MODULE) {
        for (PyObject *one = NULL; (one = next_frozen(one));)
            if ((uint32_t)(uintptr_t)one == used->version && PyModule_CheckExact(one))
                _Py_Specialize_LoadAttr(one, place->at, name);
    } else if (used->opcode == LOAD_ATTR_CLASS) {
        PyTypeObject *type = type_of(image, used->version);
        if (type)
            _Py_Specialize_LoadAttr((PyObject *)type, place->at, name);
    } else {
        with_instance(image, used, place, name);
    }
}

// 0: of what is in its caches nothing can be said.
static int specialise(const struct image *image, const struct used *used,
                      const struct place *place) {
    PyObject *names = place->code->co_names;
    int index = place->oparg;
    switch (used->opcode) {
    case BINARY_SUBSCR_GETITEM:
        return 0;
    case CALL_PY_EXACT_ARGS:
    case CALL_PY_GENERAL:
    case CALL_BOUND_METHOD_EXACT_ARGS:
    case CALL_BOUND_METHOD_GENERAL:
    case CALL_ALLOC_AND_ENTER_INIT:
        with_callable(image, used, place);
        return 1;
    case TO_BOOL_ALWAYS_TRUE:
        with_instance(image, used, place, NULL);
        return 1;
    }
    switch (place->base) {
    case LOAD_GLOBAL:
    case LOAD_ATTR:
        index >>= 1; // fall through
    case STORE_ATTR:
        break;
    default: // its caches hold no more than its counter
        place->at->op.code = used->opcode;
        *counter_of(place->at) = adaptive_counter_cooldown();
        return 1;
    }
    if (index >= PyTuple_GET_SIZE(names))
        return 0;
    PyObject *name = PyTuple_GET_ITEM(names, index);
    PyFunctionObject *function = place->function;
    if (place->base != LOAD_GLOBAL)
        with_owner(image, used, place, name);
    else if (PyDict_CheckExact(function->func_globals) &&
             PyDict_CheckExact(function->func_builtins))
        _Py_Specialize_LoadGlobal(function->func_globals, function->func_builtins, place->at, name);
    return 1;
}

static int compare(const void *a, const void *b) {
    uint32_t first = ((const struct used *)a)->at, second = ((const struct used *)b)->at;
    return (first > second) - (first < second);
}

static int is_for_now(const struct image *image, int opcode) {
    int learns = opcode == LOAD_ATTR_INSTANCE_VALUE || opcode == STORE_ATTR_INSTANCE_VALUE;
    return learns == (image->pass == 0);
}

static void use_one(const struct place *place, void *state) {
    const struct image *image = state;
    if (place->at->op.code != place->base || !is_adaptive(place->base))
        return;
    struct used key = {.at = (uint32_t)(uintptr_t)place->at};
    const struct used *used =
        bsearch(&key, image->told.items, image->told.count, sizeof key, compare);
    if (!used || used->arg != place->at->op.arg || _PyOpcode_Deopt[used->opcode] != place->base ||
        !is_for_now(image, used->opcode))
        return;
    if (used->opcode == place->base) {
        counter_of(place->at)->as_counter = UNREACHABLE_BACKOFF;
        return;
    }
    _Py_CODEUNIT before[1 + LARGEST];
    size_t size = (1 + (size_t)_PyOpcode_Caches[place->base]) * sizeof *before;
    memcpy(before, place->at, size);
    if (!specialise(image, used, place) || place->at->op.code != used->opcode)
        memcpy(place->at, before, size);
    PyErr_Clear();
}

static PyObject *get_used_to(PyObject *self, PyObject *told) {
    (void)self;
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(told, &bytes, &size) < 0)
        return NULL;
    struct image image = {.types = types()};
    image.told.count = (size_t)size / sizeof *image.told.items;
    image.told.items = malloc((size_t)size + 1);
    if (!image.types || !image.told.items) {
        Py_XDECREF(image.types);
        free(image.told.items);
        return PyErr_NoMemory();
    }
    memcpy(image.told.items, bytes, (size_t)size);
    qsort(image.told.items, image.told.count, sizeof *image.told.items, compare);
    for (image.pass = 0; image.pass < 2; image.pass++)
        visit_all(use_one, &image);
    free(image.told.items);
    Py_DECREF(image.types);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"be_eager", be_eager, METH_NOARGS, NULL},
    {"used_to", used_to, METH_NOARGS, NULL},
    {"get_used_to", get_used_to, METH_O, NULL},
    {0},
};

int warmth_offer(void) {
    PyObject *module = PyImport_ImportModule("_boxer");
    int done = module ? PyModule_AddFunctions(module, functions) : -1;
    Py_XDECREF(module);
    return done;
}
