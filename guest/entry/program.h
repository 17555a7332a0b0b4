// Built-in programs: what a base links in besides libc and the kernel.
#ifndef ENTRY_PROGRAM_H
#define ENTRY_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

// A program of this module. A file of the tree that holds "#!boxer NAME\n" is its executable.
struct program {
    const char *name;
    int (*main)(int argc, char **argv, char **envp);
    // Starts the program up to its freeze point; argv[0] is its path. Null: nothing to start.
    // modules: what to load before the freeze, null-terminated. 0 or an exit status.
    int (*freeze)(char *path, char **modules);
    // The last step of a freeze, in the surroundings (environment, working directory, user) that a
    // run begins in which is told nothing else. argv: the command line of one that is told none;
    // null: it is another program's. Whether what that line compiles is kept; -1: it failed.
    int (*settle)(const char *path, int argc, char **argv);
    // Goes on from the freeze point with the arguments of this run. depth: of nested calls, 0 = the
    // program's own. as_settled: in the surroundings of `settle`.
    int (*thaw)(const char *path, int argc, char **argv, unsigned depth, int as_settled);
    // Goes on from the freeze point without a command line, to serve requests. as_rested: in the
    // surroundings (environment, working directory, user) it had at its last `rest`. 0 or a status.
    int (*wake)(unsigned depth, int as_rested);
    // Answers one request; the reply is the program's until the next one. 0 or a status.
    int (*serve)(const char *request, size_t size, const char **reply, size_t *reply_size);
    // Makes the program ready to be frozen once more, after requests, as it is to be awake in the
    // surroundings it finds.
    int (*rest)(unsigned depth);
};

// Ends with a null name. Weak: a module without a table is one plain C program.
extern const struct program programs[] __attribute__((weak));

// The programs of this module, at least one.
const struct program *program_table(void);

// C programs that a box's build linked with the base's (packages/native/linking.py), by the names
// that files of the tree say; ends with a null name.
struct linked_program {
    const char *name;
    int (*main)(int argc, char **argv, char **envp);
};
extern const struct linked_program linked_programs[] __attribute__((weak));

// A program of either table; null without one. One of the second is overwritten by the next call.
const struct program *program_named(const char *name);

// The shell, in every table (guest/shell): it is also what it has as commands of its own and other
// systems have as programs.
int psh_main(int argc, char **argv, char **environment);
int psh_env_main(int argc, char **argv, char **environment);
#define SHELL_TOOL(called) {.name = called, .main = psh_main}
#define SHELL_PROGRAMS                                                                             \
    SHELL_TOOL("sh"), {.name = "env", .main = psh_env_main}, SHELL_TOOL("["),                      \
        SHELL_TOOL("basename"), SHELL_TOOL("cat"), SHELL_TOOL("chgrp"), SHELL_TOOL("chmod"),       \
        SHELL_TOOL("chown"), SHELL_TOOL("cp"), SHELL_TOOL("dirname"), SHELL_TOOL("echo"),          \
        SHELL_TOOL("false"), SHELL_TOOL("head"), SHELL_TOOL("hostname"), SHELL_TOOL("id"),         \
        SHELL_TOOL("kill"), SHELL_TOOL("ln"), SHELL_TOOL("mkdir"), SHELL_TOOL("mv"),               \
        SHELL_TOOL("printenv"), SHELL_TOOL("printf"), SHELL_TOOL("pwd"), SHELL_TOOL("rm"),         \
        SHELL_TOOL("sleep"), SHELL_TOOL("test"), SHELL_TOOL("touch"), SHELL_TOOL("true"),          \
        SHELL_TOOL("wc"), SHELL_TOOL("whoami")

// Runs the program that was thawed as one that starts afresh, in its place: it ends with all it had
// in memory, as execve(2) does it. Its exit status.
int program_afresh(char **argv);

// The same for a program that answers requests, which goes on itself: libc is new, the request is
// there. The path it is to start as; null: there is no memory, which has been said.
char *program_afresh_to_serve(void);

// What the frozen program loaded before its freeze, null-terminated; null where no program begins
// afresh.
extern char **program_loaded;

// How much stack the host gives this module's code, in bytes. 0: it has not said.
extern uint32_t program_stack;

struct invocation {
    const struct program *program;
    char *path; // the executable's path in the tree
    int argc;
    char **argv; // as the program sees it; an interpreter's name comes first for a script
    char problem[512];
};

// Finds what argv[0] means, as execvp(3) does. 0, or the exit status of a shell that could not
// start it (127 not found, 126 not executable) with found->problem set.
int program_resolve(char **argv, struct invocation *found);

#endif
