// `boxer`, as a process that is there at once: `boxer run` of a box that has run before maps its
// code and its memory and goes. Everything else is handed to the Python program, with the same
// arguments: other commands, options this does not know, boxes without a plan.
//
// What it shares with other runs: the compiled code and the memory image, both files in the user's
// cache, mapped copy-on-write; and which pages are worth having ready (expected.h). Nothing else: a
// process of its own, gone when the program ends.
//
// Invariant: until the program is entered nothing has been written or consumed, so that handing
// over is always possible; after that it never happens.
#define _GNU_SOURCE
#include "expected.h"
#include "plan.h"
#include "volumes.h"

#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

// TURNED_OFF of src/boxer/runtime/engine.py.
static void turn_off(wasm_config_t *config) {
#define OFF(feature) wasmtime.wasmtime_config_wasm_##feature##_set(config, false)
    OFF(component_model);
    OFF(custom_page_sizes);
    OFF(function_references);
    OFF(gc);
    OFF(memory64);
    OFF(multi_memory);
    OFF(relaxed_simd);
    OFF(stack_switching);
    OFF(threads);
    OFF(wide_arithmetic);
#undef OFF
}

// As docker's --stop-timeout, which the Python program knows; a detached box's supervisor counts
// the time itself.
static const int64_t STOP_NS = 10000000000, NEVER = -1;

// src/boxer/runtime/engine.py: code is compiled for exactly this.
static wasm_engine_t *new_engine(size_t *needed) {
    const size_t largest = 6u << 20, share = 1u << 20, unlimited = 2u << 20;
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) < 0)
        return NULL;
    size_t thread = limit.rlim_cur == RLIM_INFINITY ? unlimited : (size_t)limit.rlim_cur;
    size_t quarter = thread / 4, rest = thread > share ? thread - share : 0;
    size_t stack = quarter > rest ? quarter : rest;
    stack = stack < largest ? stack : largest;
    *needed = stack;
    wasm_config_t *config = wasmtime.wasm_config_new();
    wasmtime.wasmtime_config_async_stack_size_set(config, stack + share);
    wasmtime.wasmtime_config_max_wasm_stack_set(config, stack);
    wasmtime.wasmtime_config_memory_reservation_set(config, 1ull << 32);
    wasmtime.wasmtime_config_memory_may_move_set(config, false);
    turn_off(config);
    wasmtime.wasmtime_config_wasm_branch_hinting_set(config, true);
    return wasmtime.wasm_engine_new_with_config(config);
}

static struct boxer_machine *machine_of(const struct plan *plan, size_t *stack, char *message) {
    if (wasmtime_load(plan->library))
        return NULL;
    wasm_engine_t *engine = new_engine(stack);
    wasmtime_module_t *module;
    if (!engine || wasmtime.wasmtime_module_deserialize_file(engine, plan->code, &module))
        return NULL;
    struct boxer_code *code = boxer_code_new(plan->library, engine, module, *stack, message);
    int descriptor = open(plan->image, O_RDONLY | O_CLOEXEC);
    struct boxer_image *image =
        code && descriptor >= 0 ? boxer_image_new(descriptor, plan->size, message) : NULL;
    if (!image)
        return NULL;
    image_recall(image, plan->pages);
    return boxer_machine_new(code, image, plan->memory, message);
}

// Strings one behind the other, each with its NUL.
struct strings {
    char *bytes;
    uint32_t count, size;
};

static void add(struct strings *strings, const char *prefix, const char *text) {
    size_t first = strlen(prefix), second = strlen(text) + 1;
    char *grown = realloc(strings->bytes, strings->size + first + second);
    if (!grown)
        abort();
    memcpy(grown + strings->size, prefix, first);
    memcpy(grown + strings->size + first, text, second);
    strings->bytes = grown;
    strings->size += (uint32_t)(first + second);
    strings->count++;
}

// What the supervisor of a detached box gives one of its lives: src/boxer/services/life.py.
struct life {
    int variables, report, orders, parent; // report: 0, this is no such life
};

struct options {
    struct life life;
    struct strings environment;
    struct volumes volumes;
    const char *box;
    char **arguments;
};

// K=V, or K alone: passed on from here if it is set.
static void add_variable(struct strings *environment, const char *text) {
    const char *value = strchr(text, '=') ? "" : getenv(text);
    if (!value)
        return;
    if (strchr(text, '=')) {
        add(environment, "", text);
        return;
    }
    char *prefix;
    if (asprintf(&prefix, "%s=", text) < 0)
        abort();
    add(environment, prefix, value);
    free(prefix);
}

// The value of an option in one of its spellings (-eV, -e V, --env=V, --env V), or null.
static const char *option_value(char ***at, const char *small, const char *large) {
    char *word = **at;
    size_t length = strlen(large);
    if (strncmp(word, large, length) == 0 && word[length] == '=')
        return word + length + 1;
    if (small && strncmp(word, small, 2) == 0 && word[2])
        return word + 2;
    if (strcmp(word, large) != 0 && (!small || strcmp(word, small) != 0))
        return NULL;
    return (*at)[1] ? *++*at : NULL;
}

// What a box is anyway: src/boxer/cli/dockeroptions.py.
static int is_habit(const char *word) {
    static const char *const passed_over[] = {"--rm", "-i", "-t", "-it", "-ti", "--init"};
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        if (strcmp(word, passed_over[i]) == 0)
            return 1;
    return 0;
}

// The variables of a detached box; the Python program can read them again. It ends with who started
// it.
static int begin_life(const char *text, struct options *options) {
    struct life *life = &options->life;
    if (sscanf(text, "%d,%d,%d,%d", &life->variables, &life->report, &life->orders,
               &life->parent) != 4 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    if (getppid() != life->parent)
        _exit(1);
    off_t size = lseek(life->variables, 0, SEEK_END);
    if (size <= 0)
        return (int)size;
    const char *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, life->variables, 0);
    if (bytes == MAP_FAILED || bytes[size - 1])
        return -1;
    for (const char *at = bytes; at < bytes + size; at += strlen(at) + 1)
        add(&options->environment, "", at);
    return munmap((void *)bytes, (size_t)size);
}

static void tell_running(const struct life *life) {
    static const char told[] = "{\"running\": {\"ports\": []}}\n";
    if (life->report && write(life->report, told, sizeof told - 1) < 0)
        _exit(1); // nobody is there any more
}

// Reads what follows `run`. -1: for the Python program to understand, or to refuse.
static int read_options(char **at, struct options *options) {
    const char *value;
    for (; *at && **at == '-'; at++) {
        if (is_habit(*at))
            continue;
        if (strcmp(*at, "--life") == 0 && at[1]) {
            if (begin_life(*++at, options) < 0)
                return -1;
            continue;
        }
        if ((value = option_value(&at, "-e", "--env"))) {
            if (!*value || *value == '=') // no name
                return -1;
            add_variable(&options->environment, value);
        } else if ((value = option_value(&at, "-w", "--workdir")))
            add(&options->environment, "BOXER_WORKDIR=", value);
        else if ((value = option_value(&at, NULL, "--entrypoint")))
            add(&options->environment, "BOXER_ENTRYPOINT=", value);
        else if ((value = option_value(&at, "-v", "--volume"))) {
            if (volumes_add(&options->volumes, value) < 0)
                return -1;
        } else
            return -1;
    }
    if (!*at)
        return -1;
    options->box = *at;
    options->arguments = at + 1;
    return 0;
}

// Installed without an environment of its own (by root, or `pip install --user`) the launcher has
// no interpreter beside it: that is the one among whose packages Boxer is, if there is one.
static void become_owner(const char *folder, char **words) {
    char pattern[PATH_MAX + 48];
    size_t length = (size_t)snprintf(pattern, sizeof pattern, "%s/../lib/", folder);
    snprintf(pattern + length, sizeof pattern - length, "python3.*/*-packages/boxer");
    glob_t found;
    if (glob(pattern, 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        words[0] = found.gl_pathv[i] + length;
        *strchr(words[0], '/') = 0;
        execvp(words[0], words);
    }
    globfree(&found);
}

// The Python program beside this one: the same arguments, or how a run ended to be told. -P:
// nothing is imported from the current folder, whatever lies there.
static void become_python(char **arguments, size_t count, const char *module) {
    char own[PATH_MAX], python[PATH_MAX + 16];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    char **words = calloc(count + 5, sizeof *words);
    if (length < 0 || !words)
        abort();
    own[length] = 0;
    const char *folder = dirname(own);
    snprintf(python, sizeof python, "%s/python", folder);
    words[0] = python;
    words[1] = "-P";
    words[2] = "-m";
    words[3] = (char *)module;
    memcpy(words + 4, arguments, count * sizeof *words);
    execv(python, words);
    become_owner(folder, words);
    words[0] = "python3";
    execvp("python3", words);
    perror("boxer: python3 cannot be started");
    exit(125);
}

static int finish(const struct boxer_outcome *outcome) {
    if (outcome->kind == BOXER_RETURNED)
        return 0;
    if (outcome->kind == BOXER_EXITED)
        return (int)(outcome->status & 0xff);
    char status[16];
    snprintf(status, sizeof status, "%u", outcome->status);
    char *words[] = {outcome->kind == BOXER_TRAPPED ? "trap" : "error", status,
                     (char *)outcome->message};
    become_python(words, 3, "boxer.cli.exitmessage");
    return 125;
}

static const char *pages; // the plan's

// In the middle of the program's exit: nothing is unwound, for nothing comes after it.
static void leave(struct boxer_machine *machine) {
    image_learn(machine->image, machine->base);
    image_record(machine->image, pages);
    _exit((int)(machine->outcome->status & 0xff));
}

static void run(struct boxer_machine *machine, const struct plan *plan, struct options *options,
                size_t stack) {
    struct strings arguments = {0};
    struct boxer_outcome outcome;
    add(&arguments, "", "box");
    for (char **argument = options->arguments; *argument; argument++)
        add(&arguments, "", *argument);
    char limits[sizeof plan->limits + 24];
    snprintf(limits, sizeof limits, "%s,%zu", plan->limits, stack);
    add(&options->environment, "", limits);
    add(&options->environment, "", "BOXER_ATTENDED=1");
    struct boxer_run run = {
        .arguments = arguments.bytes,
        .argument_count = arguments.count,
        .argument_size = arguments.size,
        .environment = options->environment.bytes,
        .environment_count = options->environment.count,
        .environment_size = options->environment.size,
        .descriptors = {0, 1, 2},
        .tasks = BOXER_TASKS,
        .time_ns = UINT64_MAX,
        .cpu_ns = UINT64_MAX,
        .output = UINT64_MAX,
        .orders = options->life.report ? options->life.orders + 1 : 0,
    };
    pages = plan->pages;
    machine->leave = leave;
    boxer_machine_forward(machine, options->life.report ? NEVER : STOP_NS);
    tell_running(&options->life);
    boxer_machine_run(machine, &run, &outcome);
    boxer_signals_end();
    image_record(machine->image, pages);
    _exit(finish(&outcome)); // the process is the machine: nothing has to be taken down
}

// The engine's description of a box's code takes some 1.5 MB: one large page instead of hundreds of
// small ones, where the host's kernel has one. Before anything is allocated.
static void prepare_heap(void) {
    const uintptr_t large = 2u << 20, small = 4096;
    uintptr_t start = (uintptr_t)sbrk(0), first = (start + small + large - 1) / large * large;
    if (sbrk((intptr_t)(first - small - start)) == (void *)-1) // never touched
        return;
    mallopt(M_TOP_PAD, (int)large);
    mallopt(M_MMAP_THRESHOLD, (int)large);
    void *volatile block = malloc(1); // the heap is that large now; its first page is a small one
    free(block);
    madvise((void *)first, large, MADV_HUGEPAGE);
}

// The kernel puts the program's name and 8 zeros at the very top, and leaves room for the limit
// below (fs/exec.c). Asked otherwise, all mappings of this process would be read as text.
static void know_stack(void) {
    struct rlimit limit;
    const char *name = (const char *)getauxval(AT_EXECFN);
    if (!name || getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    uintptr_t page = (uintptr_t)getpagesize(), end = (uintptr_t)name + strlen(name) + 1 + 8;
    uintptr_t top = (end + page - 1) / page * page;
    stack_know((struct stack_bounds){top - limit.rlim_cur, top});
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct plan plan;
    char message[256];
    int is_run = argc > 2 && strcmp(argv[1], "run") == 0;
    if (is_run) {
        know_stack();
        prepare_heap();
    }
    if (is_run && read_options(argv + 2, &options) == 0 && plan_find(options.box, &plan) == 0) {
        size_t stack;
        struct boxer_machine *machine = machine_of(&plan, &stack, message);
        const struct volumes *volumes = &options.volumes;
        if (machine && (!volumes->count ||
                        boxer_machine_mount(machine, volumes->list, volumes->count, message) == 0))
            run(machine, &plan, &options, stack);
    }
    become_python(argv + 1, (size_t)argc - 1, "boxer");
}
