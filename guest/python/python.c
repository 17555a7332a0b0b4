// CPython as a program of the box: started once, frozen, and gone on with in every run.
//
// Invariants
// 1. A run behaves as `python ARGS` started afresh would: the command line is read by CPython's own
//    reader, and what it says is compared with what the frozen interpreter was started with.
// 2. Only settings that take effect after the start may differ (LATE below). For any other, and
// where
//    what the frozen imports looked at is not as it was, the program begins afresh: slower, never
//    wrong.
// 3. What may not repeat between two runs (random numbers, locks' owners, the environment) is
//    renewed by PyOS_AfterFork_Child and _boxer.thaw before any code of the run.
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_atexit.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_initconfig.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_pylifecycle.h>
#include <internal/pycore_pystate.h>
#include <stdlib.h>
#include <string.h>

#include "before.h"
#include "births.h"
#include "cold.h"
#include "depth.h"
#include "fresh.h"
#include "looks.h"
#include "pools.h"
#include "program.h"
#include "signals.h"
#include "turns.h"
#include "usual.h"
#include "warmth.h"

static int started;        // the frozen interpreter is there
static char *started_path; // and was started as this

static int python_main(int argc, char **argv, char **envp) {
    (void)envp;
    turns_begin();
    depth_fit();
    return cold_main(argc, argv);
}

static PyObject *string_list(char **items) {
    PyObject *list = PyList_New(0);
    for (; list && items && *items; items++) {
        PyObject *item = PyUnicode_FromString(*items);
        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

// Calls _boxer.NAME(argument, flag); steals the argument.
static int call_boxer(const char *name, PyObject *argument, int flag) {
    PyObject *module = argument ? PyImport_ImportModule("_boxer") : NULL;
    PyObject *result = module ? PyObject_CallMethod(module, name, "Oi", argument, flag) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(argument);
    Py_XDECREF(result);
    if (result)
        return 0;
    cold_tell();
    return -1;
}

// What a frozen interpreter need not count references to, so that a run writes to fewer pages of
// the image: no pages that are only looked at become private to a machine. Objects with a
// finalizer, and instances of classes of the program, are left as they are.
static int may_be_immortal(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    return type == &PyBaseObject_Type || PyUnicode_CheckExact(object) ||
           PyBytes_CheckExact(object) || PyLong_CheckExact(object) || PyFloat_CheckExact(object) ||
           PyTuple_CheckExact(object) || PyDict_CheckExact(object) || PyList_CheckExact(object) ||
           PyAnySet_CheckExact(object) || PyFunction_Check(object) ||
           PyCFunction_CheckExact(object) || PyCode_Check(object) || PyModule_Check(object) ||
           PyType_Check(object) || PyCell_Check(object) || PyMethod_Check(object) ||
           type == &PyWrapperDescr_Type || type == &PyMethodDescr_Type ||
           type == &PyMemberDescr_Type || type == &PyGetSetDescr_Type ||
           type == &PyClassMethodDescr_Type || type == &PyClassMethod_Type ||
           type == &PyStaticMethod_Type || type == &PyProperty_Type;
}

static int visit_untracked(PyObject *object, void *unused);

static void make_code_immortal(PyCodeObject *code) {
    PyObject *parts[] = {code->co_consts,          code->co_names,     code->co_localsplusnames,
                         code->co_localspluskinds, code->co_filename,  code->co_name,
                         code->co_qualname,        code->co_linetable, code->co_exceptiontable};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        visit_untracked(parts[i], NULL);
}

static void make_immortal(PyObject *object) {
    if (_Py_IsImmortal(object))
        return;
    if (may_be_immortal(object))
        object->ob_refcnt = _Py_IMMORTAL_REFCNT;
    else if (!PyObject_IS_GC(object) || !_PyObject_GC_IS_TRACKED(object))
        return;
    if (PyCode_Check(object))
        make_code_immortal((PyCodeObject *)object);
    else if (Py_TYPE(object)->tp_traverse)
        Py_TYPE(object)->tp_traverse(object, visit_untracked, NULL);
}

// Those that are tracked have their turn in the collector's list, so this never goes deep.
static int visit_untracked(PyObject *object, void *unused) {
    (void)unused;
    if (object && !(PyObject_IS_GC(object) && _PyObject_GC_IS_TRACKED(object)))
        make_immortal(object);
    return 0;
}

// What is of no type that may be, and yet is the interpreter's to its end: the import system looks
// at the first for each import of a module that is there.
static int make_looked_at_immortal(void) {
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *found = module ? PyObject_CallMethod(module, "looked_at", NULL) : NULL;
    for (Py_ssize_t i = 0; found && i < PyList_GET_SIZE(found); i++)
        PyList_GET_ITEM(found, i)->ob_refcnt = _Py_IMMORTAL_REFCNT;
    Py_XDECREF(found);
    Py_XDECREF(module);
    return found ? 0 : -1;
}

// All that the collector knows of, and what is reached from there.
static int make_image_immortal(void) {
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *objects = gc ? PyObject_CallMethod(gc, "get_objects", NULL) : NULL;
    Py_ssize_t count = objects ? PyList_GET_SIZE(objects) : 0;
    for (Py_ssize_t i = 0; i < count; i++)
        make_immortal(PyList_GET_ITEM(objects, i));
    Py_XDECREF(objects);
    Py_XDECREF(gc);
    if (!objects || make_looked_at_immortal() < 0)
        return -1;
    return 0;
}

static PyStatus start_as(char *path) {
    turns_begin();
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetBytesArgv(&config, 1, &path);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (!PyStatus_Exception(status) && warmth_offer() < 0)
        status = PyStatus_NoMemory();
    return status;
}

// What the imports have looked at is told to the builder, which leaves those to the run that looked
// at more than can be compared then (guest/python/_boxer_looks.py).
static int prepare(char **modules) {
    PyObject *module = PyImport_ImportModule("_boxer_looks"); // before anybody is watched
    looks_begin();
    int status = call_boxer("prepare", string_list(modules), 0);
    PyObject *looks = looks_end();
    PyObject *names =
        status == 0 && module && looks ? PyObject_CallMethod(module, "report", "O", looks) : NULL;
    if (status == 0 && (!names || looks_assume(names) < 0)) {
        PyErr_Print();
        status = -1;
    }
    Py_XDECREF(names);
    Py_XDECREF(module);
    Py_XDECREF(looks);
    return status < 0 ? status : call_boxer("be_quiet", PyList_New(0), 0);
}

static int settle(void) {
    if (make_image_immortal() < 0 || call_boxer("settle", PyList_New(0), 0) < 0)
        return 1;
    pools_settle();
    return 0;
}

static int python_freeze(char *path, char **modules) {
    PyStatus status = start_as(path);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
    if (prepare(modules) < 0)
        return 1;
    started_path = path;
    started = 1;
    return 0;
}

static int same_text(const wchar_t *a, const wchar_t *b) {
    return a == b || (a && b && wcscmp(a, b) == 0);
}

static int same_list(const PyWideStringList *a, const PyWideStringList *b) {
    if (a->length != b->length)
        return 0;
    for (Py_ssize_t i = 0; i < a->length; i++)
        if (!same_text(a->items[i], b->items[i]))
            return 0;
    return 1;
}

// The start replaces a codec's name as it was read ("UTF-8") by the one it is registered under.
static int same_codec(const wchar_t *a, const wchar_t *b) {
    return a && b && wcscasecmp(a, b) == 0;
}

// Null where the command line was only read: the start fills in the default.
static int same_or_default(const wchar_t *run, const wchar_t *frozen) {
    return !run || same_text(run, frozen);
}

// Settings that are used while the interpreter starts. LATE ones, which adopt() sets, are missing.
static int same_start(const PyConfig *a, const PyConfig *b) {
#define SAME(field) (a->field == b->field)
    return SAME(isolated) && SAME(use_environment) && SAME(dev_mode) && SAME(use_hash_seed) &&
           SAME(hash_seed) && SAME(faulthandler) && SAME(tracemalloc) && SAME(import_time) &&
           SAME(code_debug_ranges) && SAME(malloc_stats) && SAME(site_import) &&
           SAME(bytes_warning) && SAME(warn_default_encoding) && SAME(optimization_level) &&
           SAME(parser_debug) && SAME(verbose) && SAME(user_site_directory) &&
           SAME(use_frozen_modules) && SAME(int_max_str_digits) && SAME(cpu_count) &&
           SAME(safe_path) && same_list(&a->xoptions, &b->xoptions) &&
           same_list(&a->warnoptions, &b->warnoptions) &&
           same_text(a->pycache_prefix, b->pycache_prefix) &&
           same_codec(a->stdio_encoding, b->stdio_encoding) &&
           same_text(a->stdio_errors, b->stdio_errors) &&
           same_text(a->check_hash_pycs_mode, b->check_hash_pycs_mode) &&
           same_text(a->pythonpath_env, b->pythonpath_env) && same_text(a->home, b->home) &&
           same_or_default(a->platlibdir, b->platlibdir);
#undef SAME
}

// The folder decides what getpath finds (prefix, pyvenv.cfg); the name in it does not.
static int same_folder(const char *a, const char *b) {
    size_t length = strrchr(a, '/') - a;
    return strncmp(a, b, length + 1) == 0 && !strchr(b + length + 1, '/');
}

// The interpreter as this command line starts it.
static int afresh(char **argv) {
    before_undo();
    return program_afresh(argv);
}

// Ends the program for what its command line says, or does not say rightly.
static _Noreturn void refuse(PyStatus status) {
    Py_ExitStatusException(status); // also for -h and -V: they have printed
}

// Gives the running interpreter the late settings of this run's command line.
static int adopt(const PyConfig *run, const char *path) {
    PyInterpreterState *interpreter = _PyInterpreterState_GET();
    PyConfig *config = (PyConfig *)_PyInterpreterState_GetConfig(interpreter);
    PyStatus status = PyConfig_SetString(config, &config->run_command, run->run_command);
#define TEXT(field)                                                                                \
    if (!PyStatus_Exception(status))                                                               \
        status = PyConfig_SetString(config, &config->field, run->field);
    TEXT(run_module)
    TEXT(run_filename)
#undef TEXT
    if (PyStatus_Exception(status) || _PyWideStringList_Copy(&config->argv, &run->argv) < 0 ||
        _PyWideStringList_Copy(&config->orig_argv, &run->orig_argv) < 0)
        return -1;
    config->skip_source_first_line = run->skip_source_first_line;
    config->inspect = run->inspect;
    config->interactive = run->interactive;
    config->quiet = run->quiet;
    config->write_bytecode = run->write_bytecode;
    config->buffered_stdio = run->buffered_stdio;
    int computed = config->module_search_paths_set;
    config->module_search_paths_set = 0; // keep sys.path: site has already added to it
    // site has set both in a virtual environment (PEP 405); the configuration has the base's
    PyObject *prefix = Py_XNewRef(PySys_GetObject("prefix"));
    PyObject *exec_prefix = Py_XNewRef(PySys_GetObject("exec_prefix"));
    int result = _PySys_UpdateConfig(_PyThreadState_GET());
    config->module_search_paths_set = computed;
    if (PySys_SetObject("prefix", prefix) < 0 || PySys_SetObject("exec_prefix", exec_prefix) < 0)
        result = -1;
    Py_XDECREF(prefix);
    Py_XDECREF(exec_prefix);
    PyObject *executable = result < 0 ? NULL : PyUnicode_DecodeFSDefault(path);
    if (!executable || PySys_SetObject("executable", executable) < 0 ||
        PySys_SetObject("_base_executable", executable) < 0)
        result = -1;
    Py_XDECREF(executable);
    return result;
}

static PyObject *environment(void) {
    extern char **environ;
    PyObject *result = PyDict_New();
    for (char **variable = environ; result && *variable; variable++) {
        const char *equals = strchr(*variable, '=');
        if (!equals)
            continue;
        PyObject *key = PyBytes_FromStringAndSize(*variable, equals - *variable);
        PyObject *value = PyBytes_FromString(equals + 1);
        if (!key || !value || PyDict_SetItem(result, key, value) < 0)
            Py_CLEAR(result);
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return result;
}

// Whether Py_FinalizeEx ends a run of the frozen interpreter, whose memory is thrown away after it.
static int ends_a_run;

static int is_closed(PyObject *stream) {
    PyObject *closed = PyObject_GetAttrString(stream, "closed");
    int result = closed ? PyObject_IsTrue(closed) : 0;
    Py_XDECREF(closed);
    PyErr_Clear();
    return result > 0;
}

static int flush_streams(void) {
    int status = 0;
    static const char *const names[] = {"stdout", "stderr"};
    for (int i = 0; i < 2; i++) {
        PyObject *stream = PySys_GetObject(names[i]);
        PyObject *done = NULL;
        if (stream && stream != Py_None && !is_closed(stream) &&
            !(done = PyObject_CallMethod(stream, "flush", NULL))) {
            PyErr_WriteUnraisable(stream);
            status = i ? status : -1; // as Py_FinalizeEx: what stderr could not say is not told
        }
        Py_XDECREF(done);
    }
    return status;
}

// Clears the modules of this run: __main__, then the last one imported first.
static void clear_modules(void) {
    if (usual_modules()) {
        PyObject *main = PyImport_AddModuleRef("__main__");
        if (main && PyModule_Check(main))
            _PyModule_Clear(main);
        Py_XDECREF(main);
        return;
    }
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *of_the_run = module ? PyObject_CallMethod(module, "modules_of_the_run", NULL) : NULL;
    for (Py_ssize_t i = 0; of_the_run && i < PyList_GET_SIZE(of_the_run); i++)
        if (PyModule_Check(PyList_GET_ITEM(of_the_run, i)))
            _PyModule_Clear(PyList_GET_ITEM(of_the_run, i));
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(NULL);
    Py_XDECREF(of_the_run);
    Py_XDECREF(module);
}

// The end of a run as the program sees it: threads, atexit, streams, the finalizers of its objects.
// What the base set up before the freeze is not taken down, for nobody could tell: it has no
// finalizers that do anything, and all memory goes.
static int finish_run(void) {
    PyThreadState *thread = _PyThreadState_GET();
    PyObject *name = PyUnicode_FromString("threading");
    PyObject *threading = name ? PyImport_GetModule(name) : NULL;
    if (threading) {
        PyObject *done = PyObject_CallMethod(threading, "_shutdown", NULL);
        if (!done)
            PyErr_WriteUnraisable(threading);
        Py_XDECREF(done);
        Py_DECREF(threading);
    }
    Py_MakePendingCalls();
    _PyAtExit_Call(thread->interp);
    int status = flush_streams();
    _PyInterpreterState_SetFinalizing(thread->interp, thread);
    _PyRuntimeState_SetFinalizing(&_PyRuntime, thread);
    PyGC_Collect();
    clear_modules();
    PyGC_Collect();
    return flush_streams() < 0 ? -1 : status;
}

int __real_Py_FinalizeEx(void);
int __wrap_Py_FinalizeEx(void) {
    return ends_a_run ? finish_run() : __real_Py_FinalizeEx();
}

// Adopts settings of a command line that sets nothing, and puts `sys` back as it was. Whether that
// was otherwise, or -1 with an exception.
static int changes_sys(const PyConfig *config, const char *path) {
    PyObject *before = PyDict_Copy(_PyInterpreterState_GET()->sysdict), *same = NULL;
    PyObject *module = before ? PyImport_ImportModule("_boxer") : NULL;
    if (module && adopt(config, path) == 0)
        same = PyObject_CallMethod(module, "put_back", "O", before);
    int result = same ? same != Py_True : -1;
    Py_XDECREF(same);
    Py_XDECREF(module);
    Py_XDECREF(before);
    return result;
}

// Where a command line that sets nothing leaves the interpreter as it was started: puts it as such
// a run finds it. As usual_settle.
static int settle_runs(char *path, int argc, char **argv) {
    PyPreConfig before;
    PyConfig config;
    PyStatus status = before_read(&before, 1, &path);
    int is_usual = !PyStatus_Exception(status) && before_same(&before) && before_keeps();
    if (!before_keeps())
        before_undo();
    if (!is_usual)
        return 0;
    PyConfig_InitPythonConfig(&config);
    status = PyConfig_SetBytesArgv(&config, 1, &path);
    if (!PyStatus_Exception(status))
        status = _PyConfig_Read(&config, 0);
    const PyConfig *frozen = _PyInterpreterState_GetConfig(_PyInterpreterState_GET());
    int result = 0;
    if (!PyStatus_Exception(status) && same_start(&config, frozen)) {
        int changes = changes_sys(&config, path);
        result = changes < 0 ? -1 : 0;
        if (changes == 0)
            result = call_boxer("surround_run", environment(), !config.buffered_stdio);
        if (changes == 0 && result == 0)
            result = usual_settle(path, argc, argv);
    }
    PyConfig_Clear(&config);
    return result;
}

static int python_settle(const char *path, int argc, char **argv) {
    int kept = settle_runs((char *)path, argc, argv);
    if (kept < 0 || fresh_settle() < 0 || settle()) {
        if (PyErr_Occurred())
            PyErr_Print();
        return -1;
    }
    usual_note();
    return kept;
}

static int python_thaw(const char *path, int argc, char **argv, unsigned depth, int as_settled) {
    depth_fit();
    if (!started)
        return cold_main(argc, argv);
    int begun = as_settled && looks_hold() ? usual_begin(path, argc, argv) : 0;
    if (begun < 0)
        return 1;
    if (!begun) {
        PyOS_BeforeFork(); // a thaw is a fork whose parent is the image
        PyOS_AfterFork_Child();
    }
    signals_hear();
    births_hear();
    if (depth)
        Py_SetRecursionLimit((int)depth);
    if (begun) {
        ends_a_run = 1;
        return usual_run();
    }
    PyPreConfig before;
    PyStatus status = before_read(&before, argc, argv);
    if (PyStatus_Exception(status))
        refuse(status);
    if (!before_same(&before))
        return afresh(argv);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    status = PyConfig_SetBytesArgv(&config, argc, argv);
    if (!PyStatus_Exception(status))
        status = _PyConfig_Read(&config, 0);
    if (PyStatus_Exception(status)) {
        PyConfig_Clear(&config);
        refuse(status);
    }
    const PyConfig *frozen = _PyInterpreterState_GetConfig(_PyInterpreterState_GET());
    if (!same_start(&config, frozen) || !same_folder(started_path, path) || !looks_hold())
        return afresh(argv);
    int adopted = adopt(&config, path), unbuffered = !config.buffered_stdio;
    PyConfig_Clear(&config);
    if (adopted < 0)
        PyErr_Print();
    if (adopted < 0 || call_boxer("thaw", environment(), unbuffered) < 0)
        return 1;
    ends_a_run = 1;
    return Py_RunMain();
}

// As the frozen one, but without its imports.
static int wake_afresh(void) {
    char *path = program_afresh_to_serve();
    PyStatus status = path ? start_as(path) : PyStatus_NoMemory();
    if (PyStatus_Exception(status) || cold_adjust() < 0)
        return 126;
    return call_boxer("wake", environment(), 0) < 0;
}

static int python_wake(unsigned depth, int as_rested) {
    if (as_rested)
        return fresh_begin() < 0;
    depth_fit();
    if (!looks_hold()) {
        int status = wake_afresh();
        if (!status && depth)
            Py_SetRecursionLimit((int)depth);
        return status;
    }
    PyOS_BeforeFork();
    PyOS_AfterFork_Child();
    if (depth)
        Py_SetRecursionLimit((int)depth);
    return call_boxer("wake", environment(), 0) < 0;
}

// The last reply, alive until the next request or a freeze.
static PyObject *last;

static int python_serve(const char *request, size_t size, const char **reply, size_t *reply_size) {
    static PyObject *serve;
    Py_CLEAR(last);
    if (!serve) {
        PyObject *module = PyImport_ImportModule("_boxer_calls");
        serve = module ? PyObject_GetAttrString(module, "serve") : NULL;
        Py_XDECREF(module);
    }
    // Where it lies: what is made of it are copies.
    PyObject *view =
        serve ? PyMemoryView_FromMemory((char *)request, (Py_ssize_t)size, PyBUF_READ) : NULL;
    last = view ? PyObject_CallOneArg(serve, view) : NULL;
    Py_XDECREF(view);
    turns_end_others();
    if (!last || !PyBytes_Check(last)) {
        PyErr_Print();
        return 1;
    }
    *reply = PyBytes_AS_STRING(last);
    *reply_size = (size_t)PyBytes_GET_SIZE(last);
    return 0;
}

static int python_rest(unsigned depth) {
    if (call_boxer("stand_still", PyList_New(0), 0) < 0 ||
        call_boxer("be_quiet", PyList_New(0), 0) < 0 ||
        call_boxer("surround", environment(), 0) < 0)
        return 1;
    if (depth)
        Py_SetRecursionLimit((int)depth);
    Py_CLEAR(last);
    if (fresh_settle() < 0 || settle() || warmth_settle() < 0)
        return 1;
    pools_settle(); // once more: what the last steps have left would be taken first
    return 0;
}

// recipes/toybox.toml: which command is meant says argv[0].
int toybox_program(int argc, char **argv);

static int toybox_main(int argc, char **argv, char **environment) {
    return toybox_program(argc, argv);
}

const struct program programs[] = {
    {.name = "python",
     .main = python_main,
     .freeze = python_freeze,
     .settle = python_settle,
     .thaw = python_thaw,
     .wake = python_wake,
     .serve = python_serve,
     .rest = python_rest},
    {.name = "toybox", .main = toybox_main},
    SHELL_PROGRAMS,
    {0},
};
