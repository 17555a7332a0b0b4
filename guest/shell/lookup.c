// What a name means: command and type.
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// 0, or why it cannot be run.
static int check(const char *path) {
    struct stat found;
    if (stat(path, &found) < 0)
        return errno;
    return S_ISREG(found.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

// Null with the first reason that is not that there is no such file.
char *psh_find(const char *name, int *error) {
    const char *path = strchr(name, '/') ? "" : psh_get("PATH");
    *error = ENOENT;
    for (char candidate[4096]; path && *name;) {
        size_t length = strcspn(path, ":");
        snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, path, length ? "/" : "",
                 name);
        int problem = check(candidate);
        if (!problem)
            return psh_copy(candidate, strlen(candidate));
        if (problem != ENOENT && problem != ENOTDIR)
            *error = problem;
        path = path[length] ? path + length + 1 : NULL;
    }
    return NULL;
}

// The programs' stand-ins are none.
static int is_own(const char *name) {
    const struct psh_builtin *found = psh_builtin(name);
    return found && found->kind != PSH_PROGRAM;
}

static int print_meaning(const char *name) {
    int error;
    const char *path = name && !psh_function(name) && !is_own(name) ? psh_find(name, &error) : name;
    return path ? puts(path) < 0 : 127;
}

int psh_command(char **argv) {
    if (argv[1] && (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "-V") == 0))
        return print_meaning(argv[2]);
    if (argv[1] && (strcmp(argv[1], "-p") == 0 || strcmp(argv[1], "--") == 0))
        argv++;
    return argv[1] ? psh_call(argv + 1, 0, 0) : 0;
}

// Bash's `type -t`: what kind of thing a name means.
static int print_kinds(char **names) {
    int status = 0, error;
    for (; *names; names++) {
        const struct psh_function *f = psh_function(*names);
        char *path = f || is_own(*names) ? NULL : psh_find(*names, &error);
        if (f || path || is_own(*names))
            puts(f ? "function" : path ? "file" : "builtin");
        else
            status = 1;
    }
    return status;
}

int psh_type(char **argv) {
    int status = 0;
    if (psh.bash && argv[1] && strcmp(argv[1], "-t") == 0)
        return print_kinds(argv + 2);
    while (*++argv) {
        if (is_own(*argv))
            printf("%s is a shell builtin\n", *argv);
        else
            status |= print_meaning(*argv);
    }
    return status;
}
