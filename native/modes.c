// Modes of files in mounted folders, for which preview 1 has no words.
//
// Belongs here: what the guest's kernel asks by a flag that preview 1 does not know, in a function
// it knows (`host_mode` and `host_set_mode` of guest/kernel/host/preview1_path.c). It asks only
// where a name of a folder begins with MARK of src/boxer/runtime/mounts.py: other hosts may end a
// run for it, as wasmtime's does.
//
// Invariants
// 1. A path is walked a name at a time, below a mounted folder; no link is followed and no `..`
//    taken.
// 2. Only the nine bits of rwx are set: a guest makes no set-user-ID file on the host.
#define _GNU_SOURCE
#include "files.h"
#include "polling.h"
#include "wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Parameters of path_filestat_set_times. MODE and PLACE, of its times: the mode to set, and where
// the mode goes.
enum { DESCRIPTOR, LOOKUP, PATH, LENGTH, MODE, PLACE, FLAGS };
enum { SET_MODE = 1 << 14, GET_MODE = 1 << 15, FIRST_FOLDER = 3, SETTABLE = 0777 };
enum { ACCESS_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC };

int modes_are_asked(const wasmtime_val_raw_t *v) {
    return (v[FLAGS].i32 & (SET_MODE | GET_MODE)) != 0;
}

static int wasi_errno(int error) {
    switch (error) {
    case EACCES:
        return WASI_ACCES;
    case ELOOP:
        return WASI_LOOP;
    case ENAMETOOLONG:
        return WASI_NAMETOOLONG;
    case ENOENT:
        return WASI_NOENT;
    case ENOTDIR:
        return WASI_NOTDIR;
    case EPERM:
        return WASI_PERM;
    case EROFS:
        return WASI_ROFS;
    default:
        return WASI_IO;
    }
}

static int is_a_name(const char *name) {
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

// A descriptor that names the file, without access to it; -1 with errno. The path is cut up.
static int walk(int folder, char *path) {
    int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (strcmp(path, ".") == 0)
        return at;
    for (char *name = path, *rest; at >= 0 && name; name = rest) {
        if ((rest = strchr(name, '/')))
            *rest++ = 0;
        int inner = -1;
        if (is_a_name(name))
            inner = openat(at, name, rest ? ACCESS_PATH | O_DIRECTORY : ACCESS_PATH);
        else
            errno = EPERM;
        int error = errno;
        close(at);
        errno = error;
        at = inner;
    }
    return at;
}

static int get_or_set(struct boxer_machine *machine, int found, const wasmtime_val_raw_t *v) {
    struct stat status;
    char name[32];
    if (fstat(found, &status) < 0)
        return wasi_errno(errno);
    if (S_ISLNK(status.st_mode))
        return WASI_LOOP; // a link has no mode
    if (v[FLAGS].i32 & GET_MODE) {
        uint32_t mode = status.st_mode & 07777;
        uint8_t *place = guest_at(machine, (uint32_t)v[PLACE].i64, sizeof mode);
        if (!place)
            return WASI_FAULT;
        memcpy(place, &mode, sizeof mode);
        return WASI_SUCCESS;
    }
    // fchmod takes no descriptor without access.
    snprintf(name, sizeof name, "/proc/self/fd/%d", found);
    return chmod(name, (mode_t)v[MODE].i64) < 0 ? wasi_errno(errno) : WASI_SUCCESS;
}

int modes_answer(struct boxer_machine *machine, const struct folder *folders, uint32_t count,
                 const wasmtime_val_raw_t *v) {
    uint32_t number = (uint32_t)v[DESCRIPTOR].i32, length = (uint32_t)v[LENGTH].i32;
    char path[PATH_MAX];
    if (number < FIRST_FOLDER || number - FIRST_FOLDER >= count || length >= sizeof path)
        return WASI_INVAL;
    const struct folder *folder = &folders[number - FIRST_FOLDER];
    int sets = (v[FLAGS].i32 & SET_MODE) != 0;
    if (sets && folder->read_only)
        return WASI_ROFS;
    if (sets && (v[MODE].i64 & ~(int64_t)SETTABLE))
        return WASI_PERM;
    const char *given = guest_at(machine, (uint32_t)v[PATH].i32, length);
    if (!given)
        return WASI_FAULT;
    if (memchr(given, 0, length))
        return WASI_PERM; // not a path of names
    memcpy(path, given, length);
    path[length] = 0;
    int found = walk(folder->descriptor, path);
    if (found < 0)
        return wasi_errno(errno);
    int error = get_or_set(machine, found, v);
    close(found);
    return error;
}
