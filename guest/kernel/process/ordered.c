// Programs that who watches the machine has ordered.
//
// Invariants
// 1. Such a process is nobody's child, leads a session of its own without a terminal, and has of
//    the machine's program what it was given: its variables, its credentials, its folder.
// 2. Whatever cannot be had is a refusal with a shell's status; nothing of the machine changes.
// 3. It prepares itself, on its own fiber and in a space of its own: who takes the order only makes
//    the process.
#include "process/ordered.h"
#include "host/host.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "outside/outside.h"
#include "process/exec.h"
#include "process/words.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/slots.h"
#include "task/switch.h"
#include "task/task.h"
#include "task/timers.h"
#include "time/clock.h"
#include "tty/handed.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/path.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_signal.h>
#include <string.h>

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, LARGEST = 64 << 10, STREAMS = 3 };

struct order {
    uint32_t id, words, size;
    int streams[STREAMS];
    char text[]; // words, then K=V, each with its NUL
};

static int request(uint32_t kind, uint32_t descriptor, uint32_t value,
                   struct boxer_net_order *told) {
    struct boxer_net_request asked = {.kind = kind, .descriptor = descriptor, .value = value};
    return outside_request(&asked, NULL, 0, told, told ? sizeof *told : 0);
}

static void tell_end(uint32_t id, uint32_t status) {
    request(BOXER_NET_ENDED, id, status, NULL);
}

static void refuse(const struct boxer_net_order *told) {
    for (int i = 0; i < STREAMS; i++)
        host_close((int)told->streams[i]);
    tell_end(told->id, NOT_EXECUTABLE);
}

// All of it, or null: no memory, or no order.
static struct order *read_order(const struct boxer_net_order *first) {
    struct boxer_net_order told = *first;
    uint32_t size = first->size;
    struct order *order = size && size <= LARGEST ? kmalloc(sizeof *order + size) : NULL;
    if (!order)
        return NULL;
    *order = (struct order){.id = first->id, .words = first->words, .size = size};
    for (int i = 0; i < STREAMS; i++)
        order->streams[i] = (int)first->streams[i];
    for (uint32_t at = 0; at < size; at += sizeof told.text) {
        if (at && request(BOXER_NET_ORDER, 0, at, &told)) {
            kfree(order);
            return NULL;
        }
        uint32_t left = size - at;
        memcpy(order->text + at, told.text, left < sizeof told.text ? left : sizeof told.text);
    }
    order->text[size - 1] = 0;
    return order;
}

static void become_new(struct process *process, struct task *task, struct order *order) {
    *process = *processes;
    process->next = process->parent = NULL;
    process->exe = process->cmdline = process->environ = process->arguments = NULL;
    process->cmdline_size = process->environ_size = 0;
    process->state = PROCESS_RUNS;
    process->exit_signal = process->is_gone = process->is_stopped = 0;
    process->stop_signal = process->continued = process->borrows = 0;
    process->status = process->parent_death_signal = process->subreaper = 0;
    process->terminal = NULL;
    process->waits_for = NULL;
    process->usage = (struct usage){0, 0};
    memset(process->transfers, 0, sizeof process->transfers);
    process->started_ns = clock_monotonic();
    process->descriptors = (struct descriptors){0};
    process->ticks_wanted = 0;
    process->order = order;
    process->leader = task;
    process->pid = process->pgid = process->sid = task->tid;
    signal_fork(process);
    timers_begin(process);
    dentry_get(process->directories.cwd);
    dentry_get(process->directories.root);
}

static int give_space(struct process *process) {
    process->space = space_empty();
    if (!process->space)
        return -ENOMEM;
    int error = space_prepare(space_in_place);
    if (!error)
        error = slots.image((int)process->space->told.id, (int)(uintptr_t)&process->space->told);
    if (error)
        space_put(process->space);
    return error;
}

static int start(struct order *order) {
    int error = -ENOMEM;
    struct task *task = schedule_is_alone() ? NULL : task_new(&error);
    struct process *process = task ? kmalloc(sizeof *process) : NULL;
    if (!process) {
        if (task)
            task_free(task);
        return error;
    }
    become_new(process, task, order);
    error = give_space(process);
    if (error) {
        dentry_put(process->directories.cwd);
        dentry_put(process->directories.root);
        kfree(process);
        task_free(task);
        return error;
    }
    task->process = process;
    task->begins_program = 1;
    task->stack = NULL;
    task->stack_end = 0;
    task->kept_top = 0;
    memset(&task->signals.blocked, 0, sizeof task->signals.blocked);
    thread_block_begin(task, 0);
    process_add(process);
    task_ready(task);
    return 0;
}

static void send_signal(uint32_t id, int signo) {
    for (struct process *process = processes; process; process = process->next)
        if (process->order && process->order->id == id && signo > 0 && signo < 32)
            signal_send(process, signo, LINUX_SI_KERNEL, NULL);
}

static void take(void) {
    struct boxer_net_order told;
    while (request(BOXER_NET_ORDER, 0, 0, &told) == 0) {
        if (told.kind == BOXER_NET_ORDER_SIGNAL) {
            send_signal(told.id, (int)told.signal);
            continue;
        }
        struct order *order = told.kind == BOXER_NET_ORDER_PROGRAM ? read_order(&told) : NULL;
        if (!order || start(order) < 0) {
            kfree(order);
            refuse(&told);
        }
    }
}

void ordered_boot(void) {
    outside_on_order(take);
}

// --- in the new process ---

static const char *value_of(const char *variable, const char *name) {
    size_t length = strlen(name);
    return strncmp(variable, name, length) == 0 && variable[length] == '=' ? variable + length + 1
                                                                           : NULL;
}

static int is_same_name(const char *one, const char *other) {
    size_t length = strcspn(one, "=");
    return strncmp(one, other, length) == 0 && other[length] == '=';
}

static const char *variables_of(const struct order *order) {
    const char *at = order->text, *end = order->text + order->size;
    for (uint32_t i = 0; i < order->words && at < end; i++)
        at += strlen(at) + 1;
    return at;
}

// The last one of a name that the order has, or null.
static const char *ordered_value(const struct order *order, const char *name) {
    const char *found = NULL, *value;
    for (const char *at = variables_of(order); at < order->text + order->size; at += strlen(at) + 1)
        if ((value = value_of(at, name)))
            found = value;
    return found;
}

static int is_replaced(const struct order *order, const char *variable) {
    for (const char *at = variables_of(order); at < order->text + order->size; at += strlen(at) + 1)
        if (is_same_name(at, variable))
            return 1;
    return 0;
}

// The machine's program's variables, and the order's over them.
static int read_environment(const struct order *order, struct words *environment) {
    const struct process *program = processes;
    const char *end = program->environ ? program->environ + program->environ_size : NULL;
    int error = 0;
    for (const char *at = program->environ; at && at < end && !error; at += strlen(at) + 1)
        if (!is_replaced(order, at))
            error = words_add(environment, at);
    for (const char *at = variables_of(order); at < order->text + order->size && !error;
         at += strlen(at) + 1)
        if (!value_of(at, "BOXER_WORKDIR") && !value_of(at, "BOXER_USER"))
            error = words_add(environment, at);
    return error;
}

static int enter_folder(const char *path) {
    struct dentry *entry;
    int error = path ? path_lookup(AT_FDCWD, path, PATH_FOLLOW | PATH_DIRECTORY, &entry) : 0;
    if (path && !error)
        path_set_cwd(entry);
    return error;
}

static uint32_t number_of(const char **text) {
    uint32_t number = 0;
    while (**text >= '0' && **text <= '9')
        number = number * 10 + (uint32_t)(*(*text)++ - '0');
    return number;
}

// UID[:GID], as it was checked outside.
static void take_user(const char *user) {
    if (!user)
        return;
    uint32_t uid = number_of(&user), gid = *user == ':' ? (user++, number_of(&user)) : 0;
    kernel_set_credentials(uid, gid, NULL, 0);
}

static int take_streams(struct order *order) {
    for (int i = 0; i < STREAMS; i++) {
        struct file *file = handed_open(order->streams[i], i == 0 ? O_RDONLY : O_WRONLY);
        if (!file)
            return -ENOMEM;
        order->streams[i] = -1;
        int fd = fd_install(file, 0, 0);
        if (fd < 0)
            return fd;
    }
    return 0;
}

static int begin_file(const struct order *order, const char *path,
                      const struct words *environment) {
    struct words arguments = {0}, variables = {0};
    const char *at = order->text, *end = order->text + order->size;
    int error = 0;
    for (uint32_t i = 0; i < order->words && at < end && !error; i++, at += strlen(at) + 1)
        error = words_add(&arguments, at);
    for (size_t from = 0; from < environment->size && !error;
         from += strlen(environment->bytes + from) + 1)
        error = words_add(&variables, environment->bytes + from);
    return error ? error : process_exec_words(path, &arguments, &variables);
}

static const char *path_of(const struct words *environment) {
    const char *value;
    for (size_t at = 0; at < environment->size; at += strlen(environment->bytes + at) + 1)
        if ((value = value_of(environment->bytes + at, "PATH")))
            return value;
    return "/usr/local/bin:/usr/bin:/bin";
}

// As execvp(3) looks for it. It comes back only with why it did not begin.
static int begin_found(const struct order *order, const struct words *environment) {
    const char *name = order->text, *folder = path_of(environment);
    char path[PATH_MAX];
    int error = -ENOENT;
    if (!*name)
        return error;
    if (strchr(name, '/'))
        return begin_file(order, name, environment);
    for (;; folder++) {
        size_t length = strcspn(folder, ":");
        if (length + strlen(name) + 2 <= sizeof path) {
            memcpy(path, folder, length);
            path[length] = '/';
            memcpy(path + length + (length > 0), name, strlen(name) + 1);
            int found = begin_file(order, path, environment);
            if (found != -ENOENT && found != -ENOTDIR)
                error = found;
        }
        folder += length;
        if (!*folder)
            return error;
    }
}

static _Noreturn void complain(const char *what, const char *why, int status) {
    struct file *file = fd_file(2);
    const char *parts[] = {"boxer exec: ", what, ": ", why, "\n"};
    for (size_t i = 0; file && i < sizeof parts / sizeof *parts; i++)
        file->ops->write(file, parts[i], strlen(parts[i]), &file->pos);
    process_exit(status);
}

_Noreturn void ordered_begin(void) {
    struct order *order = current->process->order;
    struct words environment = {0};
    if (take_streams(order))
        process_exit(NOT_EXECUTABLE);
    const char *folder = ordered_value(order, "BOXER_WORKDIR");
    if (enter_folder(folder))
        complain(folder, "no such folder", NOT_EXECUTABLE);
    take_user(ordered_value(order, "BOXER_USER"));
    if (read_environment(order, &environment))
        complain(order->text, "not enough memory", NOT_EXECUTABLE);
    int error = begin_found(order, &environment);
    words_free(&environment);
    if (error == -ENOENT || error == -ENOTDIR)
        complain(order->text, "not found", NOT_FOUND);
    complain(order->text, error == -EACCES ? "permission denied" : "cannot be started here",
             NOT_EXECUTABLE);
}

void ordered_end(struct process *process) {
    struct order *order = process->order;
    int signo = process->status & 0x7f;
    if (!order)
        return;
    process->order = NULL;
    for (int i = 0; i < STREAMS; i++)
        if (order->streams[i] >= 0)
            host_close(order->streams[i]);
    tell_end(order->id, signo ? 128u + (uint32_t)signo : (uint32_t)process->status >> 8 & 0xff);
    kfree(order);
}
