// A process begins a program: execve(2).
//
// Invariants
// 1. Until everything that can be refused has been had, nothing is changed.
// 2. The program begins on a new fiber with a space of its own: the machine's data as it was when
//    it began, or, where the program is the frozen one, all that was frozen. Its tid is its pid.
// 3. Where the host cannot do that, it begins on top of what calls it, in the same space.
#include "process/exec.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "process/afresh.h"
#include "process/end.h"
#include "process/frozen.h"
#include "process/ordered.h"
#include "process/program.h"
#include "process/words.h"
#include "task/arrived.h"
#include "task/exit.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/slots.h"
#include "task/switch.h"
#include "task/task.h"
#include "task/timers.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/inode.h"
#include "vfs/mapping.h"
#include "vfs/path.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

static KERNEL_STATE void (*enter)(void);

// Everything that a program needs, before there is no way back.
struct beginning {
    struct kernel_program *program;
    struct space *space; // null: in place
    int fiber;
};

// One block: the record, its pointers, its bytes.
static struct kernel_program *lay_out(const struct found *found, const struct words *environment,
                                      const char *path) {
    const struct words *arguments = &found->arguments;
    size_t pointers = arguments->count + environment->count + 2;
    size_t size = sizeof(struct kernel_program) + pointers * sizeof(char *) + arguments->size +
                  environment->size + strlen(path) + strlen(found->name) + 2;
    struct kernel_program *program = kmalloc(size);
    if (!program)
        return NULL;
    char **argv = (char **)(program + 1), **envp = argv + arguments->count + 1;
    char *bytes = (char *)(argv + pointers);
    *program = (struct kernel_program){.argc = (int)arguments->count, .argv = argv, .envp = envp};
    bytes = words_place(arguments, argv, bytes);
    bytes = words_place(environment, envp, bytes);
    program->path = bytes;
    bytes = (char *)memcpy(bytes, path, strlen(path) + 1) + strlen(path) + 1;
    program->name = bytes;
    memcpy(bytes, found->name, strlen(found->name) + 1);
    program->thaws = frozen_is(found->name);
    return program;
}

static void forget(struct beginning *beginning) {
    if (beginning->space) {
        mappings_end(beginning->space);
        space_put(beginning->space);
    }
    kfree(beginning->program);
}

// A space and a fiber; 0 too where the host has neither.
static int prepare(struct beginning *beginning) {
    struct space *space = beginning->program->thaws ? frozen_space() : NULL;
    if (!space) {
        beginning->program->thaws = 0;
        space = space_empty();
    }
    if (!space)
        return -ENOMEM;
    if (!beginning->program->thaws && !afresh_is_possible()) {
        space_put(space);
        return -ENOSYS;
    }
    beginning->space = space;
    beginning->fiber = task_new_fiber();
    if (beginning->fiber < 0)
        return beginning->fiber;
    int error = space_prepare(space_in_place);
    if (!error)
        error = slots.image((int)space->told.id, (int)(uintptr_t)&space->told);
    if (error != -ENOSYS)
        return error;
    mappings_end(space);
    space_put(space);
    beginning->space = NULL;
    beginning->program->thaws = 0;
    return afresh_is_possible() ? 0 : -ENOSYS;
}

// set-user-ID and set-group-ID of the program's file: credentials(7).
static void take_privileges(const struct inode *inode) {
    struct process *process = current->process;
    struct credentials *own = &process->credentials;
    struct ids users = {own->ruid, own->euid, own->euid},
               groups = {own->rgid, own->egid, own->egid};
    if ((inode->mode & S_ISUID) && !process->no_new_privs)
        users.effective = users.saved = inode->uid;
    if ((inode->mode & S_ISGID) && (inode->mode & 010) && !process->no_new_privs)
        groups.effective = groups.saved = inode->gid;
    if (groups.effective != own->egid || groups.saved != own->sgid)
        credentials_set_groups(groups);
    if (users.effective != own->euid || users.saved != own->suid)
        credentials_set_users(users);
    own->keep_caps = 0;
}

// There is no way back: what the old program had goes.
static void leave_old(const struct found *found, const struct kernel_program *program,
                      const char *exe) {
    struct process *process = current->process;
    task_end_siblings();
    task_clear();
    process->leader = current;
    current->tid = process->pid;
    if (process->space->refs == 1)
        mappings_end(process->space);
    fd_close_on_exec();
    timers_exec(process);
    signal_exec(current);
    take_privileges(found->entry->inode);
    kernel_set_program(exe, program->argv, program->envp);
    memcpy(current->comm, found->script, sizeof current->comm);
    process->has_begun_program = process->dumpable = 1;
    process->ticks_wanted = 0;
    if (program->thaws)
        frozen_signals(current);
    signals_tell_host();
}

static void begin(void) {
    const struct kernel_program *program = (void *)current->process->arguments;
    if (!program)
        ordered_begin();
    if (!program->thaws)
        afresh_put_back();
    enter();
}

static _Noreturn void go(struct beginning *beginning) {
    struct process *process = current->process;
    kfree(process->arguments);
    process->arguments = (char *)beginning->program;
    if (!beginning->space) {
        space_discard();
        begin();
        process_exit(0);
    }
    int borrowed = process->borrows;
    process_returns_memory(process);
    task_begin_program(beginning->fiber, beginning->space);
    (void)borrowed;
    process_die(LINUX_SIGKILL); // the host had no stack for it, and the old program is gone
}

static int read_all(struct found *found, struct words *environment, char *const argv[],
                    char *const envp[]) {
    int error = words_read(&found->arguments, argv);
    if (!error && !found->arguments.count)
        error = words_add(&found->arguments, "");
    return error ? error : words_read(environment, envp);
}

// Its words have been read, or not.
static long begin_found(long error, struct found *found, struct words *environment, int dirfd,
                        const char *path, int flags) {
    struct beginning beginning = {0};
    char exe[PATH_MAX + 16];
    if (!error)
        error = program_find(found, dirfd, path, flags);
    if (!error && dentry_path(found->entry, exe, sizeof exe, 0) < 0)
        error = -ENAMETOOLONG;
    if (!error && !(beginning.program = lay_out(found, environment, found->path)))
        error = -ENOMEM;
    words_free(environment);
    if (!error)
        error = prepare(&beginning);
    if (error) {
        forget(&beginning);
        program_forget(found);
        return error;
    }
    leave_old(found, beginning.program, exe);
    program_forget(found);
    go(&beginning);
}

long process_exec(int dirfd, const char *path, char *const argv[], char *const envp[], int flags) {
    struct found found = {0};
    struct words environment = {0};
    long error = read_all(&found, &environment, argv, envp);
    return begin_found(error, &found, &environment, dirfd, path, flags);
}

long process_exec_words(const char *path, struct words *arguments, struct words *environment) {
    struct found found = {.arguments = *arguments};
    return begin_found(0, &found, environment, AT_FDCWD, path, 0);
}

const struct kernel_program *kernel_program(void) {
    return (void *)current->process->arguments;
}

void kernel_program_taken(void) {
    kfree(current->process->arguments);
    current->process->arguments = NULL;
}

void kernel_on_program(int (*is_program)(const char *), void (*begin_it)(void)) {
    program_on_names(is_program);
    enter = begin_it;
    task_on_program(begin);
}
