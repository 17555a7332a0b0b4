// A machine's life: cold start, freeze, thaw, exit.
//
// Invariants
// 1. boxer_freeze returns with an empty stack: a frozen machine is its memory alone.
// 2. The kernel boots before libc, libc before constructors, constructors before the program; those
//    of a plain C program as it begins.
// 3. A module without a table of programs is one C program: `main` gets the host's arguments.
#include "machine.h"
#include "program.h"

#include <arpa/inet.h>
#include <boxer/kernel.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern unsigned char __heap_base;
extern void __wasm_call_ctors(void);
extern void __init_libc(char **environment, char *program_name);
extern char **__environ, *program_invocation_name, *program_invocation_short_name;

// libc's, where there are threads: stacks of those that have ended.
extern void __boxer_stacks_drop(void) __attribute__((weak));

extern void __funcs_on_exit(void), __stdio_exit(void); // musl's

extern void __boxer_alone(void (*end_others)(void));

// How clang names main, by its parameters; a main of three stays `main`.
extern int __main_void(void) __attribute__((weak));
extern int __main_argc_argv(int, char **) __attribute__((weak));
extern int main_of_three(int, char **, char **) __asm__("main") __attribute__((weak));

struct boxer_boot boxer_boot = {.magic = BOXER_BOOT_MAGIC, .abi = BOXER_KERNEL_ABI};

static struct machine machine;
static const struct program *frozen_program;
static char first_room[65536]; // for requests; larger ones get a room of their own

// musl reads the auxiliary vector behind the environment, which is empty until the run begins.
static struct {
    char *no_environment;
    size_t auxiliary[16];
} initial;

static void begin(void) {
    static size_t entropy[4];
    size_t auxiliary[] = {AT_PAGESZ, 4096, AT_RANDOM, (size_t)entropy, AT_NULL, 0};
    memcpy(initial.auxiliary, auxiliary, sizeof auxiliary);
    __init_libc(&initial.no_environment, "box");
    if (programs)
        __wasm_call_ctors();
    machine_read(&machine);
}

static int is_program(const char *name);
static _Noreturn void begin_program(void);

static void boot(void) {
    uintptr_t heap = boxer_boot.heap ? boxer_boot.heap : (uintptr_t)&__heap_base;
    if (kernel_boot(heap) < 0 || kernel_remember() < 0)
        __builtin_trap();
    begin();
    kernel_constants_below(machine.constants);
    if (machine.is_frozen) // else nothing but what is remembered has the constants
        kernel_remember_less();
    kernel_on_program(is_program, begin_program);
    kernel_set_hostname(machine.hostname);
}

// What libc gives a program that begins (C11, 7.5): its name, and no error of ours.
static void introduce(char **argv) {
    program_invocation_name = argv[0] ? argv[0] : "";
    char *slash = strrchr(program_invocation_name, '/');
    program_invocation_short_name = slash ? slash + 1 : program_invocation_name;
    errno = 0;
}

static void take_credentials(void) {
    kernel_set_credentials(machine.uid, machine.gid, machine.groups, machine.group_count);
}

static void become(const char *path, char **argv, char **environment) {
    kernel_set_program(path, argv, environment);
    introduce(argv);
}

static int complain(const char *problem, int status) {
    fprintf(stderr, "box: %s\n", problem);
    return status;
}

static int enter_directory(void) {
    if (chdir(machine.cwd) == 0)
        return 0;
    fprintf(stderr, "box: cannot enter the working directory `%s`: %m\n", machine.cwd);
    return -1;
}

// Constructors may ask for the environment and write, so they are the run's, as the program is.
static int call_main(int argc, char **argv, char **environment) {
    __wasm_call_ctors();
    if (__main_argc_argv)
        return __main_argc_argv(argc, argv);
    if (__main_void)
        return __main_void();
    if (main_of_three)
        return main_of_three(argc, argv, environment);
    __builtin_trap();
}

// A module without a table of programs is one plain C program: what "#!boxer main" means.
static const struct program only_main[] = {
    {.name = "main", .main = call_main}, SHELL_PROGRAMS, {0}};

const struct program *program_table(void) {
    return programs ? programs : only_main;
}

// What a run begins in that is told nothing but a command line: what the machine was frozen in.
static struct {
    char **environment; // null: it is not known
    char *name, *path;  // the frozen program, as the box's own command names it; null: it does not
} settled;

// That program's turn to be ready for such a run, as program.h says it. line: the box's own
// command, if it means the program itself.
static int settle(struct invocation *start, char **line) {
    if (!start->program->settle)
        return 0;
    settled.environment = __environ = machine_environment(&machine, NULL);
    if (chdir(machine.cwd) < 0)
        settled.environment = NULL; // each run says so
    take_credentials();
    if (line) {
        settled.name = line[0];
        settled.path = start->path;
    }
    return start->program->settle(start->path, start->argc, line);
}

// Starts the program the box will run, or the base's own when that is none of the built-in ones.
static int freeze_program(void) {
    struct invocation start;
    if (!machine.program)
        return 0;
    __environ = machine_environment(&machine, NULL);
    if (enter_directory() < 0)
        return 126;
    // What is imported now may ask who it runs as, and keep the answer.
    take_credentials();
    char **arguments = machine_arguments(&machine, NULL, 0);
    char *fallback[] = {machine.program, NULL};
    int is_other = program_resolve(arguments, &start) || !start.program->freeze;
    // A script is not a start: the program it ends in is, most likely the base's own.
    if (is_other && program_resolve(fallback, &start))
        return complain(start.problem, 126);
    frozen_program = start.program;
    kernel_freezes(start.program->thaw ? start.program->name : NULL);
    if (!start.program->freeze)
        return 0;
    int status = start.program->freeze(start.path, machine.imports.items);
    if (!status && settle(&start, !is_other && start.argv == arguments ? arguments : NULL) < 0)
        status = 1;
    return status;
}

// Threads that C code has started and that have not ended: an image holds one. Nor has it stacks.
static int others_stand(void) {
    if (kernel_fibers()) {
        fprintf(stderr,
                "box: greenlets have not finished, and would stand in the image: %u\n"
                "box: start them (the hub of gevent too) when the program runs\n",
                kernel_fibers());
        return 1;
    }
    if (kernel_tasks() == 1)
        return 0;
    fprintf(stderr, "box: threads or processes have not ended, and would stand in the image: %u",
            kernel_tasks() - 1);
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
            fprintf(stderr, ", tid %s", entry->d_name);
    fputc('\n', stderr);
    if (tasks)
        closedir(tasks);
    return 1;
}

// Connections of the host's: an image holds none.
static int connection_stands(void) {
    unsigned char address[16];
    char text[64];
    unsigned port;
    int family = kernel_stands_outside(address, &port);
    if (!family)
        return 0;
    inet_ntop(family == 4 ? AF_INET : AF_INET6, address, text, sizeof text);
    fprintf(stderr,
            "box: a connection beyond the box stands, with %s port %u, and cannot be frozen: close "
            "it first\n",
            text, port);
    return 1;
}

static int freeze(int status) {
    if (!status && (others_stand() || connection_stands()))
        status = 1;
    if (__boxer_stacks_drop)
        __boxer_stacks_drop();
    fflush(NULL);
    kernel_end_fibers();
    kernel_freeze();
    boxer_boot.phase = BOXER_PHASE_FROZEN;
    return status;
}

__attribute__((export_name("boxer_freeze"))) int boxer_freeze(void) {
    boot();
    boxer_boot.request = (uintptr_t)first_room;
    boxer_boot.room = sizeof first_room;
    return freeze(freeze_program());
}

// What the host gave a life that answers requests: its environment. stand: the image was frozen as
// such a life begins, so that another one like it need not be told.
static struct {
    char **host;
    int stand;
} surroundings;

static int has_terminal(void) {
    return isatty(0) || isatty(1) || isatty(2);
}

// What depends on the host's environment alone. 0, or -1: the directory is not there.
static int surround(void) {
    __environ = machine_environment(&machine, surroundings.host);
    if (enter_directory() < 0)
        return -1;
    char *no_arguments[] = {machine.program, NULL};
    take_credentials();
    become(machine.program, no_arguments, __environ);
    return 0;
}

// Freezes a machine again that has answered requests: what they left is part of the image.
__attribute__((export_name("boxer_refreeze"))) int boxer_refreeze(void) {
    settled.environment = NULL; // of a call's life
    surroundings.stand = surroundings.host && surround() == 0;
    return freeze(frozen_program && frozen_program->rest ? frozen_program->rest(machine.call_depth)
                                                         : 0);
}

char **program_loaded;
static int is_frozen;                // this life began with a thaw
static const struct program *thawed; // what it goes on with

// What the frozen program does about signals, and has open, is not for another one that begins in
// its place.
static void forget_frozen_program(void) {
    for (int i = 1; i < _NSIG; i++)
        signal(i, SIG_DFL);
    kernel_close_descriptors();
}

static int thaw(const struct program *program, const char *path, int argc, char **argv,
                int as_settled) {
    thawed = program;
    return program->thaw(path, argc, argv, machine.call_depth, as_settled);
}

// Where a run begins as the machine was settled, what a name meant then it means now.
static int resolve(char **argv, int as_settled, struct invocation *start) {
    if (!as_settled || !settled.name || !argv || strcmp(argv[0], settled.name) != 0)
        return program_resolve(argv, start);
    *start = (struct invocation){.program = frozen_program, .path = settled.path, .argv = argv};
    while (argv[start->argc])
        start->argc++;
    return 0;
}

// Freezes a machine that nothing has run in again, so that runs of the host's command line find
// what they compile. 1: they are none that could.
__attribute__((export_name("boxer_settle"))) int boxer_settle(void) {
    struct invocation start;
    size_t count;
    kernel_thaw(machine.cwd);
    char **host = kernel_host_arguments(&count);
    char **line = machine_arguments(&machine, host, count);
    int is_ours = settled.environment && !kernel_has_folders() && frozen_program->settle &&
                  machine_has_limits_alone(&machine, kernel_host_environment(&(size_t){0}));
    if (!is_ours || resolve(line, 1, &start) || start.program != frozen_program ||
        start.argv != line || settle(&start, line) <= 0)
        return 1;
    return freeze(0);
}

// As the machine's user, who has begun nothing yet.
static int run_program(char **argv, int as_settled) {
    struct invocation start;
    int status = resolve(argv, as_settled, &start);
    if (status)
        return complain(start.problem, status);
    int thaws = is_frozen && start.program->thaw;
    if (is_frozen && !thaws)
        forget_frozen_program();
    take_credentials();
    become(start.path, start.argv, __environ);
    if (thaws)
        return thaw(start.program, start.path, start.argc, start.argv, as_settled);
    return start.program->main(start.argc, start.argv, __environ);
}

static int run(int frozen) {
    size_t host_count;
    char **host = kernel_host_arguments(&host_count);
    char **variables = kernel_host_environment(&(size_t){0});
    int as_settled = frozen && settled.environment && !kernel_has_folders() && !has_terminal() &&
                     machine_has_limits_alone(&machine, variables);
    __environ = as_settled ? settled.environment : machine_environment(&machine, variables);
    if (!boxer_boot.config) { // a C program as the linker left it, in no box
        take_credentials();
        become(host_count ? host[0] : "", host, __environ);
        return call_main(host_count, host, __environ);
    }
    if (!as_settled && enter_directory() < 0)
        return 126;
    is_frozen = frozen;
    return run_program(machine_arguments(&machine, host, host_count), as_settled);
}

static int is_program(const char *name) {
    return program_named(name) != NULL;
}

static char **own_strings(char **strings, size_t count) {
    char **own = calloc(count + 1, sizeof *own);
    for (size_t i = 0; own && i < count; i++)
        if (!(own[i] = strdup(strings[i])))
            return NULL;
    return own;
}

static void nobody(void) {
}

// What execve(2) has begun, in memory of its own: the machine's data as it was at first, or all
// that was frozen.
static _Noreturn void begin_program(void) {
    const struct kernel_program *next = kernel_program();
    int argc = next->argc, thaws = next->thaws;
    size_t variables = 0;
    if (thaws)
        __boxer_alone(nobody); // libc has another thread's number
    else
        begin();
    while (next->envp[variables])
        variables++;
    char **argv = own_strings(next->argv, (size_t)argc), *path = strdup(next->path);
    char **environment = own_strings(next->envp, variables), *name = strdup(next->name);
    if (!argv || !environment || !path || !name)
        exit(complain("there is no memory to start the program", 126));
    kernel_program_taken();
    machine_environment(&machine, kernel_host_environment(&(size_t){0})); // what the host sets
    __environ = environment;
    program_loaded = machine.imports.items;
    introduce(argv);
    const struct program *program = program_named(name);
    is_frozen = thaws;
    if (thaws && program->thaw)
        exit(thaw(program, path, argc, argv, 0));
    exit(program->main(argc, argv, environment));
}

// The strings in one block of the kernel's, which outlives the program.
static char **keep_strings(char **strings) {
    size_t count = 0, bytes = 0;
    for (; strings[count]; count++)
        bytes += strlen(strings[count]) + 1;
    size_t table = (count + 1) * sizeof *strings;
    char *block = malloc(table + bytes), *end = block ? block + table : NULL;
    for (size_t i = 0; block && i <= count; i++) {
        size_t size = strings[i] ? strlen(strings[i]) + 1 : 0;
        ((ptrdiff_t *)block)[i] = size ? end - block : 0;
        memcpy(end, strings[i] ? strings[i] : "", size);
        end += size;
    }
    char **kept = block ? kernel_keep(block, table + bytes) : NULL;
    free(block);
    for (size_t i = 0; kept && i < count; i++)
        kept[i] = (char *)kept + ((ptrdiff_t *)kept)[i];
    return kept;
}

int program_afresh(char **argv) {
    const char *name = thawed->name; // a constant: the program is given back its first memory
    char **arguments = keep_strings(argv), **environment = keep_strings(__environ);
    fflush(NULL);
    if (!arguments || !environment || kernel_begin_afresh() < 0)
        return complain("there is no memory to start the program afresh", 126);
    begin();
    machine_environment(&machine, kernel_host_environment(&(size_t){0})); // what the host sets
    program_loaded = machine.imports.items;
    __environ = environment;
    introduce(arguments);
    int count = 0;
    while (arguments[count])
        count++;
    return program_named(name)->main(count, arguments, environment);
}

static char *without_memory(const char *what) {
    complain(what, 126);
    return NULL;
}

char *program_afresh_to_serve(void) {
    const struct program *program = frozen_program;
    uint32_t size = boxer_boot.request_size;
    void *request = kernel_keep((void *)(uintptr_t)boxer_boot.request, size);
    if (!request || kernel_begin_afresh() < 0)
        return without_memory("there is no memory to start the program afresh");
    begin();
    frozen_program = program;
    program_loaded = machine.imports.items;
    char *room = size > sizeof first_room ? malloc(size) : first_room;
    if (!room)
        return without_memory("there is no memory for the request");
    memcpy(room, request, size);
    kernel_let_go(request);
    boxer_boot.request = (uintptr_t)room;
    boxer_boot.room = size > sizeof first_room ? size : sizeof first_room;
    __environ = machine_environment(&machine, kernel_host_environment(&(size_t){0}));
    struct invocation start;
    if (program_resolve((char *[]){machine.program, NULL}, &start))
        return without_memory(start.problem);
    return start.path;
}

static int same_strings(char **a, char **b) {
    for (; a && b && *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0)
            return 0;
    return a && b && !*a && !*b;
}

// Begins a life that answers requests.
static int wake(void) {
    kernel_thaw(machine.cwd);
    char **host = kernel_host_environment(&(size_t){0});
    // Of others it is not known what they change: they are told anew each time.
    int is_usual = !kernel_has_folders() && !has_terminal();
    int as_rested = surroundings.stand && is_usual && same_strings(surroundings.host, host);
    surroundings.stand = 0;
    surroundings.host = host;
    if (!as_rested && surround() < 0)
        return 126;
    if (!is_usual)
        surroundings.host = NULL;
    return frozen_program->wake ? frozen_program->wake(machine.call_depth, as_rested) : 0;
}

static int make_room(uint32_t size) {
    char *room = malloc(size);
    boxer_boot.request = (uintptr_t)room;
    boxer_boot.room = room ? size : 0;
    return room ? 0 : 1;
}

// The host has put a request of request_size bytes at `request`; without an address it asks for
// a room of that size. 0, or why there is no reply, as an exit status.
__attribute__((export_name("boxer_call"))) int boxer_call(void) {
    if (!boxer_boot.request)
        return make_room(boxer_boot.request_size);
    if (!frozen_program || !frozen_program->serve)
        return complain("this program takes no calls", 126);
    int status = boxer_boot.thaw ? wake() : 0;
    boxer_boot.thaw = 0;
    const char *reply = NULL;
    size_t size = 0;
    if (!status)
        status = frozen_program->serve((char *)(uintptr_t)boxer_boot.request,
                                       boxer_boot.request_size, &reply, &size);
    boxer_boot.reply = (uintptr_t)reply;
    boxer_boot.reply_size = size;
    return status;
}

// The builder's: the files a program has left. The address of a tree image, 0 without memory.
__attribute__((export_name("boxer_tree"))) const void *boxer_tree(void) {
    return kernel_tree();
}

// What exit(3) does, and comes back: to return from _start is the shorter way out of a machine.
static void leave(void) {
    __funcs_on_exit();
    __stdio_exit();
    if (!kernel_leave())
        _exit(0);
}

__attribute__((export_name("_start"))) void _start(void) {
    int frozen = boxer_boot.phase == BOXER_PHASE_FROZEN;
    if (!frozen)
        boot();
    kernel_thaw(machine.cwd);
    int status = run(frozen);
    if (status)
        exit(status);
    leave();
}
