// A run in the surroundings its image was frozen in, with a command line that names a program and
// sets nothing: all that such a run would be compared with was compared at the freeze, and it reads
// nothing. What the box's own command compiles is in the image.
//
// Invariants
// 1. Such a run is as any other to its program: what is kept is what CPython would find again. Of
//    the program's file that is so because files are as they were frozen: no folder is mounted.
// 2. A program whose compilation warns or fails is not kept: each run says so.
#include "usual.h"

#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_fileutils.h>
#include <internal/pycore_import.h>
#include <internal/pycore_initconfig.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pathconfig.h>
#include <internal/pycore_pylifecycle.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_pythonrun.h>
#include <internal/pycore_runtime.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fresh.h"

static const char *settled_path; // of the interpreter; null: no run is usual

// What a command line names: by an option (-c, -m), or as a script.
struct named {
    const char *option, *what;
    int first; // its own arguments begin there
};

// The box's own program.
static struct {
    char *option, *what;
    PyObject *code;     // null: there is none
    PyObject *filename; // of a script
    PyObject *loader;   // of a script: its __loader__
    PyObject *lines;    // of a command: what linecache is told
    PyObject *path0;    // what comes first in sys.path, or null
    wchar_t *wide_path0;
} known;

static int is_running_known;

static PyConfig *config_of(void) {
    return (PyConfig *)_PyInterpreterState_GetConfig(_PyInterpreterState_GET());
}

static int is_ascii(const char *text) {
    for (; *text; text++)
        if (*text & 0x80)
            return 0;
    return 1;
}

// 0: it names none, or sets something, or is in no plain letters.
static int read_line(int argc, char **argv, struct named *named) {
    if (argc < 2 || !argv[1][0])
        return 0;
    for (int i = 0; i < argc; i++)
        if (!is_ascii(argv[i]))
            return 0;
    if (argv[1][0] != '-') {
        *named = (struct named){NULL, argv[1], 2};
        return 1;
    }
    if (argc < 3 || (strcmp(argv[1], "-c") != 0 && strcmp(argv[1], "-m") != 0))
        return 0;
    *named = (struct named){argv[1], argv[2], 3};
    return 1;
}

static int same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

// Letters of ASCII, and what is to follow them.
static wchar_t *widened(const char *text, const wchar_t *end) {
    size_t size = strlen(text), more = wcslen(end);
    wchar_t *wide = PyMem_RawMalloc((size + more + 1) * sizeof *wide);
    for (size_t i = 0; wide && i < size; i++)
        wide[i] = (unsigned char)text[i];
    if (wide)
        wmemcpy(wide + size, end, more + 1);
    return wide;
}

// A script's path as the configuration has it. Null without memory.
static wchar_t *script_path(const char *text) {
    wchar_t *given = widened(text, L""), *path = NULL;
    if (!given || _Py_isabs(given) || _Py_abspath(given, &path) < 0)
        return given;
    PyMem_RawFree(given);
    return path;
}

static void put_text(wchar_t **field, wchar_t *text) {
    PyMem_RawFree(*field);
    *field = text;
}

static int put_strings(PyWideStringList *list, const char *name, char **strings, int count) {
    const _PyArgv arguments = {.argc = count, .use_bytes_argv = 1, .bytes_argv = strings};
    PyObject *told = PyList_New(count);
    int failed = !told || PyStatus_Exception(_PyArgv_AsWstrList(&arguments, list));
    for (int i = 0; !failed && i < count; i++) {
        PyObject *text = PyUnicode_FromString(strings[i]);
        PyList_SET_ITEM(told, i, text);
        failed = !text;
    }
    failed = failed || PySys_SetObject(name, told) < 0;
    Py_XDECREF(told);
    return failed ? -1 : 0;
}

// What the reader of a command line makes of this one.
static int put_line(const struct named *named, int argc, char **argv) {
    PyConfig *config = config_of();
    int is_command = named->option && named->option[1] == 'c';
    int is_module = named->option && !is_command;
    put_text(&config->run_command, is_command ? widened(named->what, L"\n") : NULL);
    put_text(&config->run_module, is_module ? widened(named->what, L"") : NULL);
    put_text(&config->run_filename, named->option ? NULL : script_path(named->what));
    if (!config->run_command && !config->run_module && !config->run_filename)
        return -1;
    if (put_strings(&config->orig_argv, "orig_argv", argv, argc) < 0)
        return -1;
    char **own = argv + named->first - 1;
    *own = argv[1]; // of an option it is what names the program
    return put_strings(&config->argv, "argv", own, argc - named->first + 1);
}

// The box's own program.

static int note_path0(char **argv) {
    PyWideStringList one = {0};
    const _PyArgv arguments = {.argc = 1, .use_bytes_argv = 1, .bytes_argv = argv + 1};
    if (config_of()->safe_path)
        return 0;
    if (PyStatus_Exception(_PyArgv_AsWstrList(&arguments, &one)))
        return -1;
    int found = _PyPathConfig_ComputeSysPath0(&one, &known.path0);
    _PyWideStringList_Clear(&one);
    if (found <= 0)
        return found;
    wchar_t *wide = PyUnicode_AsWideCharString(known.path0, NULL);
    known.wide_path0 = wide ? _PyMem_RawWcsdup(wide) : NULL;
    PyMem_Free(wide);
    return known.wide_path0 ? 0 : -1;
}

// Modules are found by runpy, in folders it looks into: they are left to the run.
static int know(int argc, char **argv) {
    struct named named;
    if (!read_line(argc, argv, &named) || same_text(named.option, "-m"))
        return 0;
    PyObject *filename = NULL, *importer = NULL;
    if (!named.option) {
        wchar_t *path = script_path(named.what);
        filename = path ? PyUnicode_FromWideChar(path, -1) : NULL;
        PyMem_RawFree(path);
        importer = filename ? PyImport_GetImporter(filename) : NULL;
        if (!importer)
            return -1;
        if (importer != Py_None) {
            Py_DECREF(importer);
            Py_DECREF(filename);
            return 0;
        }
        Py_DECREF(importer);
    }
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *made =
        module ? PyObject_CallMethod(module, "compiled", "zO", filename ? NULL : named.what,
                                     filename ? filename : Py_None)
               : NULL;
    Py_XDECREF(module);
    if (!made || made == Py_None) {
        Py_XDECREF(filename);
        Py_XDECREF(made);
        return made ? 0 : -1;
    }
    known.filename = filename;
    known.option = named.option ? strdup(named.option) : NULL;
    known.what = strdup(named.what);
    int taken = PyArg_ParseTuple(made, "OOO", &known.code, &known.loader, &known.lines);
    if (!taken || note_path0(argv) < 0 || !known.what)
        return -1;
    return 1; // `made` is the image's
}

int usual_settle(const char *path, int argc, char **argv) {
    PyConfig *config = config_of();
    if (config->inspect || config->interactive || _PyRuntime.audit_hooks.head ||
        _PyInterpreterState_GET()->audit_hooks)
        return 0;
    settled_path = path;
    memset(&known, 0, sizeof known);
    return argv ? know(argc, argv) : 0;
}

static struct {
    PyDictKeysObject *keys;
    Py_ssize_t entries, used;
} modules;

void usual_note(void) {
    PyDictObject *dict = (PyDictObject *)_PyInterpreterState_GET()->imports.modules;
    modules.keys = dict->ma_keys;
    modules.entries = dict->ma_keys->dk_nentries;
    modules.used = dict->ma_used;
}

// What was taken out leaves a hole, what was put in is a new entry.
int usual_modules(void) {
    PyObject *now = _PyInterpreterState_GET()->imports.modules;
    if (!now || !PyDict_CheckExact(now))
        return 0;
    PyDictObject *dict = (PyDictObject *)now;
    return dict->ma_keys == modules.keys && dict->ma_keys->dk_nentries == modules.entries &&
           dict->ma_used == modules.used;
}

int usual_begin(const char *path, int argc, char **argv) {
    struct named named;
    if (!settled_path || strcmp(path, settled_path) != 0 || !read_line(argc, argv, &named))
        return 0;
    if (put_line(&named, argc, argv) < 0) {
        PyErr_Print();
        return -1;
    }
    if (fresh_begin() < 0)
        return -1;
    is_running_known =
        known.code && same_text(named.option, known.option) && strcmp(named.what, known.what) == 0;
    return 1;
}

// As CPython's: pymain_run_python, _PyRun_SimpleString, _PyRun_SimpleFile.

static int begin_path(PyConfig *config) {
    if (!known.path0)
        return 0;
    PyObject *path = PySys_GetObject("path");
    put_text(&config->sys_path_0, _PyMem_RawWcsdup(known.wide_path0));
    if (!path || !config->sys_path_0) {
        PyErr_SetString(PyExc_RuntimeError, "unable to get sys.path");
        return -1;
    }
    return PyList_Insert(path, 0, known.path0);
}

static int tell_lines(void) {
    PyObject *linecache = PyImport_ImportModule("linecache");
    PyObject *cache = linecache ? PyObject_GetAttrString(linecache, "_interactive_cache") : NULL;
    int failed = cache ? PyDict_Update(cache, known.lines) : -1;
    Py_XDECREF(cache);
    Py_XDECREF(linecache);
    return failed;
}

static PyObject *evaluate(PyObject *names) {
    _PyRuntime.signals.unhandled_keyboard_interrupt = 0;
    int has_builtins = PyDict_ContainsString(names, "__builtins__");
    if (has_builtins < 0 ||
        (!has_builtins &&
         PyDict_SetItemString(names, "__builtins__", _PyInterpreterState_GET()->builtins) < 0))
        return NULL;
    PyObject *result = PyEval_EvalCode(known.code, names, names);
    if (!result && PyErr_Occurred() == PyExc_KeyboardInterrupt)
        _PyRuntime.signals.unhandled_keyboard_interrupt = 1;
    return result;
}

static void flush(void) {
    static const char *const streams[] = {"stderr", "stdout"};
    PyObject *raised = PyErr_GetRaisedException();
    for (int i = 0; i < 2; i++) {
        PyObject *stream = PySys_GetObject(streams[i]);
        Py_XDECREF(stream ? PyObject_CallMethod(stream, "flush", NULL) : NULL);
        PyErr_Clear();
    }
    PyErr_SetRaisedException(raised);
}

static PyObject *run_script(PyObject *names) {
    int has_file = PyDict_ContainsString(names, "__file__");
    if (has_file < 0 ||
        (!has_file && (PyDict_SetItemString(names, "__file__", known.filename) < 0 ||
                       PyDict_SetItemString(names, "__cached__", Py_None) < 0)))
        return NULL;
    PyObject *result = NULL;
    if (PyDict_SetItemString(names, "__loader__", known.loader) == 0) {
        result = evaluate(names);
        flush();
    }
    if (!has_file && (PyDict_PopString(names, "__file__", NULL) < 0 ||
                      PyDict_PopString(names, "__cached__", NULL) < 0))
        Py_CLEAR(result);
    return result;
}

static PyObject *run_main(void) {
    PyObject *main = PyImport_AddModuleRef("__main__");
    if (!main)
        return NULL;
    PyObject *names = PyModule_GetDict(main), *result = NULL;
    if (!known.option)
        result = run_script(names);
    else if (tell_lines() == 0)
        result = evaluate(names);
    Py_DECREF(main);
    return result;
}

static int failure(void) {
    int status;
    if (_Py_HandleSystemExit(&status))
        return status;
    PyErr_Print();
    return 1;
}

static int die_of_interrupt(void) {
    if (PyOS_setsig(SIGINT, SIG_DFL) == SIG_ERR)
        perror("signal");
    else
        kill(getpid(), SIGINT);
    return SIGINT + 128;
}

int usual_run(void) {
    if (!is_running_known)
        return Py_RunMain();
    PyInterpreterState *interpreter = _PyInterpreterState_GET();
    _PyRuntime.signals.unhandled_keyboard_interrupt = 0;
    int failed = Py_MakePendingCalls() < 0 || begin_path(config_of()) < 0, status;
    if (failed) {
        status = failure();
    } else {
        _PyInterpreterState_SetRunningMain(interpreter);
        PyObject *result = run_main();
        status = result ? 0 : failure();
        Py_XDECREF(result);
        if (Py_MakePendingCalls() < 0)
            status = failure();
        _PyInterpreterState_SetNotRunningMain(interpreter);
    }
    if (Py_FinalizeEx() < 0)
        status = 120;
    return _PyRuntime.signals.unhandled_keyboard_interrupt ? die_of_interrupt() : status;
}
