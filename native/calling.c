// A call of a pool's, as one function of Python's: what most calls need while Python's lock is
// held. What else can be the matter is left to src/boxer/runtime/pool.py.
//
// Two threads that call take turns with that lock, and what both write to (references that are
// counted, free blocks) goes from one processor's cache to the other's: so little is done, and
// hardly anything made. The lock is given up once, around the machine.
//
// Invariants
// 1. A place and a machine that were taken are given back, or the machine to FINISH, whatever
//    happens.
// 2. NotImplemented: nothing has been done of the call.
#include "machine.h"
#include "plaindata.h"

#include <stdlib.h>
#include <string.h>

// LOOKED_AT: so many idle machines are looked at for one that is near.
enum { LONGEST_REQUEST = 4096, LOOKED_AT = 8 };

// Of Python's, held. IDLE: a list of machines, which have an `address` and an `outcome_address`.
// The others are functions. ENTER, LEAVE: a place in the pool. SCAN: reads JSON from a place in a
// text on. READ: reads a text that is JSON, or raises. FINISH: what a call with more to it came to;
// gives the machine back.
enum hook { IDLE, ENTER, LEAVE, SCAN, READ, FINISH, HOOKS };

// head: of each request, up to its arguments.
struct calling {
    python_object *hooks[HOOKS];
    struct boxer_calls *calls;
    uint64_t size;
    uint8_t head[];
};

static const char NAME[] = "boxer.calling";
static python_object *address_name, *outcome_name;

static void drop(python_object *object) {
    if (object)
        python.Py_DecRef(object);
}

static void discard(struct calling *calling) {
    for (int i = 0; i < HOOKS; i++)
        drop(calling->hooks[i]);
    free(calling);
}

static void end(python_object *capsule) {
    discard(python.PyCapsule_GetPointer(capsule, NAME));
}

// argument: null where there is none.
static python_object *ask(const struct calling *calling, enum hook hook, python_object *argument) {
    return python.PyObject_CallFunctionObjArgs(calling->hooks[hook], argument, NULL);
}

// Null: it has raised.
static void *address_in(python_object *object, python_object *name) {
    python_object *number = python.PyObject_GetAttr(object, name);
    void *address = number ? python.PyLong_AsVoidPtr(number) : NULL;
    drop(number);
    return address;
}

// The bytes of the request; 0: it is not for here.
static uint64_t write_request(const struct calling *calling, python_object *args,
                              python_object *kwargs, uint8_t room[LONGEST_REQUEST]) {
    static const uint8_t between[] = {',', '"', 'k', '"', ':'};
    struct text text = {room, room + LONGEST_REQUEST, 0};
    text_add(&text, calling->head, calling->size);
    text_add_plain(&text, args);
    text_add(&text, between, sizeof between);
    text_add_plain(&text, kwargs);
    text_add(&text, (const uint8_t *)"}", 1);
    return text.full ? 0 : (uint64_t)(text.at - room);
}

// A value and the end of the text. Null: the text is something else.
static python_object *value_of(python_object *found, ptrdiff_t size) {
    int is_beyond;
    python_object *at = found ? python.PyTuple_GetItem(found, 1) : NULL;
    if (!at || python.PyLong_AsLongLongAndOverflow(at, &is_beyond) != size)
        return NULL;
    python_object *value = python.PyTuple_GetItem(found, 0);
    python.Py_IncRef(value);
    return value;
}

static python_object *read_result(const struct calling *calling, python_object *text) {
    python_object *start = python.PyLong_FromLong(0);
    python_object *found =
        python.PyObject_CallFunctionObjArgs(calling->hooks[SCAN], text, start, NULL);
    python_object *value = value_of(found, python.PyUnicode_GetLength(text));
    drop(start);
    drop(found);
    if (value)
        return value;
    python.PyErr_Clear();
    return ask(calling, READ, text);
}

// The result's text, where the machine may serve another call and told of a short one.
static python_object *text_of(const struct calling *calling, uint64_t told,
                              const struct boxer_outcome *outcome) {
    if (!told || calling->calls->is_over)
        return NULL;
    python_object *text = python.PyUnicode_DecodeUTF8(
        outcome->brief + 1, (ptrdiff_t)(told & 0xffff) - 1, "surrogatepass");
    if (!text)
        python.PyErr_Clear();
    return text;
}

static python_object *call_machine(const struct calling *calling, python_object *machine,
                                   const uint8_t *request, uint64_t size) {
    struct boxer_machine *entered = address_in(machine, address_name);
    struct boxer_outcome *outcome = address_in(machine, outcome_name);
    if (!entered || !outcome)
        return NULL;
    void *state = python.PyEval_SaveThread();
    uint64_t told = boxer_machine_serve(entered, calling->calls->run, request, size, outcome);
    python.PyEval_RestoreThread(state);
    python_object *text = text_of(calling, told, outcome);
    if (!text)
        return ask(calling, FINISH, machine);
    calling->calls->tally->resets++;
    calling->calls->tally->dirty_pages += told >> 16;
    int failed = python.PyList_Append(calling->hooks[IDLE], machine);
    python_object *value = failed ? NULL : read_result(calling, text);
    drop(text);
    return value;
}

static int is_near(python_object *machine) {
    const struct boxer_machine *found = address_in(machine, address_name);
    if (!found)
        python.PyErr_Clear();
    return found && boxer_machine_is_near(found);
}

// One that is near, or the last; null: there is none.
static python_object *take_idle(python_object *idle) {
    ptrdiff_t last = python.PyList_Size(idle) - 1, place = last;
    if (last < 0)
        return NULL;
    while (place >= 0 && last - place < LOOKED_AT && !is_near(python.PyList_GetItem(idle, place)))
        place--;
    if (place < 0 || last - place == LOOKED_AT)
        place = last;
    python_object *machine = python.PyList_GetItem(idle, place);
    python.Py_IncRef(machine);
    python.PyList_SetSlice(idle, place, place + 1, NULL);
    return machine;
}

static python_object *call_an_idle_one(const struct calling *calling, const uint8_t *request,
                                       uint64_t size) {
    python_object *machine = take_idle(calling->hooks[IDLE]);
    if (!machine) {
        python.Py_IncRef(python._Py_NotImplementedStruct);
        return python._Py_NotImplementedStruct;
    }
    python_object *value = call_machine(calling, machine, request, size);
    drop(machine);
    return value;
}

static void leave(const struct calling *calling) {
    python_object *type, *value, *trace;
    python.PyErr_Fetch(&type, &value, &trace);
    drop(ask(calling, LEAVE, python._Py_NoneStruct));
    python.PyErr_Restore(type, value, trace);
}

// arguments: a tuple, a dict.
static python_object *call(python_object *self, python_object *const *arguments, ptrdiff_t count) {
    struct calling *calling = python.PyCapsule_GetPointer(self, NAME);
    uint8_t request[LONGEST_REQUEST];
    uint64_t size = count == 2 ? write_request(calling, arguments[0], arguments[1], request) : 0;
    if (!size) {
        python.Py_IncRef(python._Py_NotImplementedStruct);
        return python._Py_NotImplementedStruct;
    }
    python_object *place = ask(calling, ENTER, NULL);
    if (!place)
        return NULL;
    drop(place);
    python_object *value = call_an_idle_one(calling, request, size);
    leave(calling);
    return value;
}

static struct calling *make(struct boxer_calls *calls, const uint8_t *head, uint64_t size,
                            python_object *hooks) {
    struct calling *made = malloc(sizeof *made + size);
    if (!made)
        return NULL;
    for (int i = 0; i < HOOKS; i++) {
        made->hooks[i] = python.PyTuple_GetItem(hooks, i);
        python.Py_IncRef(made->hooks[i]);
    }
    made->calls = calls;
    made->size = size;
    memcpy(made->head, head, size);
    return made;
}

// Whether objects say their types where `python_type` looks: in Pythons without their lock they do
// not.
static int is_as_expected(void) {
    python_object *type = python.PyObject_Type(python._Py_NoneStruct);
    int is_there = type && python_type(python._Py_NoneStruct) == type;
    drop(type);
    return is_there;
}

static int has_names(void) {
    if (!address_name)
        address_name = python.PyUnicode_InternFromString("address");
    if (!outcome_name)
        outcome_name = python.PyUnicode_InternFromString("outcome_address");
    return address_name && outcome_name;
}

void *boxer_python_calls(struct boxer_calls *calls, const uint8_t *head, uint64_t size,
                         void *hooks) {
    static struct python_method method = {"call", call, PYTHON_FASTCALL, NULL};
    if (!python_is_here() || !is_as_expected() || !has_names() ||
        python.PyTuple_Size(hooks) != HOOKS)
        return NULL;
    struct calling *calling = make(calls, head, size, hooks);
    if (!calling)
        return NULL;
    python_object *capsule = python.PyCapsule_New(calling, NAME, end);
    if (!capsule) {
        discard(calling);
        return NULL;
    }
    python_object *function = python.PyCFunction_NewEx(&method, capsule, NULL);
    drop(capsule);
    return function;
}
