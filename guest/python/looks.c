// Watches system calls and getenv(3) while modules are imported.
//
// Invariants
// 1. Nothing here touches a Python object's count or calls the interpreter while it watches: a
// system
//    call may come from code without a thread state, and from the allocator.
// 2. What does not fit is not lost in silence: `overflow` is a look of its own.
#include "looks.h"

#define Py_BUILD_CORE 1
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

#include <boxer/kernel.h>
#include <boxer/linux_syscalls.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern void (*boxer_getenv_watcher)(const char *name); // recipes/patches/musl.toml

#define LARGEST (16u << 20)
#define FRAMES 400 // of the stack that are looked through
#define SEPARATOR '\x1f'

static struct {
    char *text;
    size_t size, room;
    int overflow;
} seen;

static void put(const char *bytes, size_t size) {
    if (seen.overflow)
        return;
    if (seen.size + size > seen.room) {
        size_t room = seen.room ? 2 * seen.room : 4096;
        while (room < seen.size + size)
            room *= 2;
        char *text = room > LARGEST ? NULL : realloc(seen.text, room);
        if (!text) {
            seen.overflow = 1;
            return;
        }
        seen.text = text;
        seen.room = room;
    }
    memcpy(seen.text + seen.size, bytes, size);
    seen.size += size;
}

// A field: no byte in it ends a field or a line.
static void put_field(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char c = text[i] == SEPARATOR || text[i] == '\n' || !text[i] ? '?' : text[i];
        put(&c, 1);
    }
}

static void put_file(const _PyInterpreterFrame *frame) {
    PyObject *name = _PyFrame_GetCode((_PyInterpreterFrame *)frame)->co_filename;
    put(&(char){SEPARATOR}, 1);
    if (PyUnicode_IS_COMPACT_ASCII(name))
        put_field((const char *)PyUnicode_DATA(name), (size_t)PyUnicode_GET_LENGTH(name));
    else
        put_field("?", 1);
}

static int is_import(const _PyInterpreterFrame *frame) {
    PyObject *name = _PyFrame_GetCode((_PyInterpreterFrame *)frame)->co_name;
    return PyUnicode_IS_COMPACT_ASCII(name) && strcmp(PyUnicode_DATA(name), "<module>") == 0;
}

// This thread's state, also while it has let the interpreter go.
static PyThreadState *own_state(void) {
    PyThreadState *state = PyInterpreterState_ThreadHead(_PyRuntime.interpreters.main);
    while (state && state->thread_id != PyThread_get_thread_ident())
        state = PyThreadState_Next(state);
    return state;
}

static void put_frames(void) {
    PyThreadState *thread = own_state();
    const _PyInterpreterFrame *frame = thread ? thread->current_frame : NULL;
    int first = 1;
    for (int i = 0; frame && i < FRAMES; i++, frame = frame->previous) {
        if (_PyFrame_IsIncomplete((_PyInterpreterFrame *)frame))
            continue;
        if (first)
            put_file(frame);
        if (is_import(frame))
            put_file(frame);
        first = 0;
    }
    if (first)
        put(&(char){SEPARATOR}, 1); // it runs no Python code
}

static void note(const char *what, const char *which) {
    put_field(what, strlen(what));
    put(&(char){SEPARATOR}, 1);
    put_field(which, strnlen(which, PATH_MAX));
    put_frames();
    put("\n", 1);
}

// The calls that look, and where a path is among their arguments.
static const struct {
    int number, path;
    const char *what;
} calls[] = {
    {NR_getrandom, -1, "random"},
    {NR_clock_gettime64, -1, "clock"},
    {NR_clock_getres_time64, -1, "clock"},
    {NR_times, -1, "clock"},
    {NR_getrusage, -1, "clock"},
    {NR_sysinfo, -1, "clock"},
    {NR_uname, -1, "hostname"},
    {NR_getpid, -1, "pid"},
    {NR_getppid, -1, "pid"},
    {NR_getpgid, -1, "pid"},
    {NR_getsid, -1, "pid"},
    {NR_getuid, -1, "user"},
    {NR_geteuid, -1, "user"},
    {NR_getgid, -1, "user"},
    {NR_getegid, -1, "user"},
    {NR_getgroups, -1, "user"},
    {NR_getresuid, -1, "user"},
    {NR_getresgid, -1, "user"},
    {NR_getcwd, -1, "cwd"},
    {NR_openat, 1, "file"},
    {NR_statx, 1, "file"},
    {NR_readlinkat, 1, "file"},
    {NR_faccessat, 1, "file"},
    {NR_faccessat2, 1, "file"},
    {NR_prlimit64, -1, "limits"},
    {NR_connect, -1, "network"},
    {NR_listen, -1, "network"},
    {NR_sendto, -1, "network"},
    {NR_sendmsg, -1, "network"},
    {NR_sendmmsg, -1, "network"},
};

// A socket that was made tells nothing of the outside, nor one that is bound to the box's own
// loopback, as is done to see whether there is IPv6.
static int is_own(long number, const long arguments[6]) {
    if (number == NR_socket)
        return arguments[0] == AF_UNIX || arguments[0] == AF_INET || arguments[0] == AF_INET6;
    const struct sockaddr_storage *address = (const void *)arguments[1];
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    if (!address || arguments[2] < (long)sizeof *four)
        return 0;
    if (address->ss_family == AF_INET)
        return four->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    return address->ss_family == AF_INET6 && arguments[2] >= (long)sizeof *six &&
           IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static void watch(long number, const long arguments[6], long result) {
    (void)result;
    if ((number == NR_ioctl || number == NR_read) && arguments[0] >= 0 && arguments[0] <= 2) {
        note("terminal", "");
        return;
    }
    if (number == NR_clone) {
        if (!(arguments[0] & CLONE_THREAD))
            note("process", "");
        return;
    }
    if (number == NR_socket || number == NR_bind) {
        if (!is_own(number, arguments))
            note("network", "");
        return;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].number != number)
            continue;
        const char *path = calls[i].path < 0 ? "" : (const char *)arguments[calls[i].path];
        if (path && (calls[i].path < 0 || *path))
            note(calls[i].what, path);
        return;
    }
}

static void watch_getenv(const char *name) {
    note("env", name);
}

void looks_begin(void) {
    seen.size = 0;
    kernel_watch(watch);
    boxer_getenv_watcher = watch_getenv;
}

PyObject *looks_end(void) {
    kernel_watch(NULL);
    boxer_getenv_watcher = NULL;
    if (seen.overflow) {
        seen.overflow = 0;
        seen.size = 0;
        note("overflow", "");
    }
    PyObject *text = PyUnicode_DecodeUTF8(seen.text, (Py_ssize_t)seen.size, "surrogateescape");
    PyObject *lines = text ? PyUnicode_Splitlines(text, 0) : NULL;
    Py_XDECREF(text);
    free(seen.text);
    seen.text = NULL;
    seen.size = seen.room = 0;
    return lines;
}

static struct {
    char *name, *value; // without a value: it was not set
} *assumed;
static size_t assumed_count;

// What the name means now, in `room` where it has to be put together; null: nothing.
static const char *fact(const char *name, char room[static PATH_MAX]) {
    if (*name != '@')
        return getenv(name);
    if (strcmp(name, "@hostname") == 0)
        return gethostname(room, PATH_MAX) == 0 ? room : NULL;
    if (strcmp(name, "@cwd") == 0)
        return getcwd(room, PATH_MAX);
    snprintf(room, PATH_MAX, "%u:%u", geteuid(), getegid());
    return room;
}

int looks_assume(PyObject *names) {
    Py_ssize_t count = PyList_Check(names) ? PyList_GET_SIZE(names) : 0;
    assumed = count ? calloc((size_t)count, sizeof *assumed) : NULL;
    for (assumed_count = 0; assumed && assumed_count < (size_t)count; assumed_count++) {
        PyObject *name = PyList_GET_ITEM(names, assumed_count);
        if (!PyBytes_Check(name)) {
            PyErr_SetString(PyExc_TypeError, "a list of bytes is wanted");
            return -1;
        }
        char room[PATH_MAX];
        const char *value = fact(PyBytes_AS_STRING(name), room);
        assumed[assumed_count].name = strdup(PyBytes_AS_STRING(name));
        assumed[assumed_count].value = value ? strdup(value) : NULL;
    }
    return 0;
}

int looks_hold(void) {
    for (size_t i = 0; i < assumed_count; i++) {
        char room[PATH_MAX];
        const char *now = fact(assumed[i].name, room), *then = assumed[i].value;
        if (now != then && (!now || !then || strcmp(now, then) != 0))
            return 0;
    }
    return 1;
}
