// From a command's name to a built-in program: PATH, then "#!" lines, as execvp(3) and Linux do.
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 256  // Linux reads as much of a script's first line (BINPRM_BUF_SIZE)
#define SCRIPT_DEPTH 5 // interpreters of interpreters, as on Linux

static int refuse(struct invocation *found, int status, const char *name, const char *why) {
    snprintf(found->problem, sizeof found->problem, "cannot start `%s`: %s", name, why);
    return status;
}

static int executable(const char *path) {
    struct stat stat_buffer;
    return stat(path, &stat_buffer) == 0 && S_ISREG(stat_buffer.st_mode) && access(path, X_OK) == 0;
}

// A copy of the path that `name` means, or null with errno set.
static char *search(const char *name) {
    if (strchr(name, '/')) {
        struct stat stat_buffer;
        if (stat(name, &stat_buffer) < 0)
            return NULL;
        if (executable(name))
            return strdup(name);
        errno = EACCES;
        return NULL;
    }
    const char *path = getenv("PATH");
    int error = ENOENT;
    for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; path;) {
        const char *end = strchrnul(path, ':');
        char candidate[PATH_MAX];
        int length = end == path ? snprintf(candidate, sizeof candidate, "./%s", name)
                                 : snprintf(candidate, sizeof candidate, "%.*s/%s",
                                            (int)(end - path), path, name);
        if (length < PATH_MAX && executable(candidate))
            return strdup(candidate);
        if (length < PATH_MAX && access(candidate, F_OK) == 0)
            error = EACCES;
        path = *end ? end + 1 : NULL;
    }
    errno = error;
    return NULL;
}

static ssize_t read_head(const char *path, char head[static HEAD_SIZE + 1]) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t size = read(fd, head, HEAD_SIZE);
    close(fd);
    head[size < 0 ? 0 : size] = 0;
    return size;
}

const struct program *program_named(const char *name) {
    static struct program linked;
    for (const struct program *program = program_table(); program->name; program++)
        if (strcmp(program->name, name) == 0)
            return program;
    for (const struct linked_program *each = linked_programs; each && each->name; each++) {
        if (strcmp(each->name, name) == 0) {
            linked = (struct program){.name = each->name, .main = each->main};
            return &linked;
        }
    }
    return NULL;
}

// argv of the interpreter: its name, its one optional argument, the script, the script's arguments.
static char **interpreter_arguments(char *line, char *script, char **argv) {
    size_t count = 0;
    while (argv[count])
        count++;
    char **result = calloc(count + 3, sizeof *result);
    if (!result)
        return NULL;
    char *argument = line + strcspn(line, " \t");
    if (*argument) {
        *argument++ = 0;
        argument += strspn(argument, " \t");
    }
    size_t next = 0;
    result[next++] = line;
    if (*argument)
        result[next++] = argument;
    result[next++] = script;
    memcpy(result + next, argv + 1, count * sizeof *argv); // the null too
    return result;
}

static const char *foreign(const char *head, ssize_t size) {
    if (size >= 4 && memcmp(head, "\177ELF", 4) == 0)
        return "it was compiled for another machine (an ELF file)";
    if (size >= 4 && memcmp(head, "\0asm", 4) == 0)
        return "it is a WebAssembly module of its own, not a program of this box's base";
    return NULL;
}

int program_resolve(char **argv, struct invocation *found) {
    const char *name = argv ? argv[0] : NULL;
    if (!name || !*name)
        return refuse(found, 127, "",
                      "the box names no command (CMD, ENTRYPOINT) and none was given");
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        char head[HEAD_SIZE + 1];
        char *path = search(argv[0]);
        if (!path)
            return refuse(found, errno == ENOENT ? 127 : 126, argv[0],
                          errno == ENOENT ? "no such file in the box" : strerror(errno));
        ssize_t size = read_head(path, head);
        if (size < 0)
            return refuse(found, 126, path, strerror(errno));
        const char *why = foreign(head, size);
        if (why)
            return refuse(found, 126, path, why);
        head[strcspn(head, "\r\n")] = 0;
        if (strncmp(head, "#!boxer ", 8) == 0) {
            found->program = program_named(head + 8);
            if (!found->program)
                return refuse(found, 126, path, "this box's base has no such program");
            found->path = path;
            found->argv = argv;
            for (found->argc = 0; argv[found->argc];)
                found->argc++;
            return 0;
        }
        char *line = strncmp(head, "#!", 2) == 0 ? strdup(head + 2 + strspn(head + 2, " \t"))
                                                 : strdup("/bin/sh");
        argv = line ? interpreter_arguments(line, path, argv) : NULL;
        if (!argv)
            return refuse(found, 126, path, strerror(ENOMEM));
    }
    return refuse(found, 126, name, strerror(ELOOP));
}
