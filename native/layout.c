// Where the engine keeps what belongs to the call that is under way.
//
// It is none of the engine's interface: a switch of native stacks has to carry it all the same, or
// traps, backtraces and the stack's limit would be those of another stack. Of wasmtime 50, all in
// the store (VMStoreContext), in words from the first one: the stack's limit (0), the last exit's
// frame and return address (3, 4), the entry's stack, frame and handler of traps (5, 6, 7), and the
// chain of stacks (8, 9); and one word of the thread's, which points to the newest call's state.
//
// So it is looked at, not believed: a tiny module is called, which calls back, which calls again;
// before, within and after each call the whole store and all thread-local words of the library are
// compared. What has changed must be exactly those nine words, each with the value that it means,
// and all must be put back behind the call. With one word more or less nothing is switched, and a
// kernel runs its threads as it does under other engines (-ENOSYS).
//
// Invariants
// 1. The looking happens on a thread of its own: nothing of this process is disturbed.
// 2. It happens once a process, when a guest calls a slot for the first time.
#define _GNU_SOURCE
#include "fiber.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// Words of a store are compared up to here, and thread-local ones.
enum { MOST_WORDS = 8192, MOST_THREAD_WORDS = 1024, LARGEST_STACK = 64 << 20 };
enum place {
    LIMIT,
    EXIT_FRAME,
    EXIT_RETURN,
    ENTRY_STACK,
    ENTRY_FRAME,
    ENTRY_TRAP,
    CHAIN,
    ON_CHAIN
};

static const size_t places[STORE_WORDS] = {0, 3, 4, 5, 6, 7, 8, 9};

static struct layout known;
static int is_known;
static size_t thread_word, thread_module; // of the library's thread-local block

void words_save(uintptr_t *store, const uintptr_t *thread, struct engine_words *words) {
    for (int i = 0; i < STORE_WORDS; i++)
        words->of_store[i] = store[places[i]];
    words->of_thread = *thread;
}

void words_load(uintptr_t *store, uintptr_t *thread, const struct engine_words *words) {
    for (int i = 0; i < STORE_WORDS; i++)
        store[places[i]] = words->of_store[i];
    *thread = words->of_thread;
}

// The library's block of this thread.
struct block {
    void *wanted; // an address in the library
    uintptr_t *words;
    size_t count, module;
};

static int find_block(struct dl_phdr_info *information, size_t unused, void *state) {
    struct block *block = state;
    const ElfW(Phdr) *thread = NULL;
    int is_it = 0;
    (void)unused;
    for (int i = 0; i < information->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &information->dlpi_phdr[i];
        uintptr_t start = information->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && (uintptr_t)block->wanted >= start &&
            (uintptr_t)block->wanted - start < part->p_memsz)
            is_it = 1;
        if (part->p_type == PT_TLS)
            thread = part;
    }
    if (!is_it)
        return 0;
    if (thread && information->dlpi_tls_data) {
        block->words = information->dlpi_tls_data;
        block->count = thread->p_memsz / sizeof(uintptr_t);
        block->module = information->dlpi_tls_modid;
    }
    return 1;
}

static struct block own_block(void) {
    struct block block = {.wanted = (void *)wasmtime.wasmtime_func_call_unchecked};
    dl_iterate_phdr(find_block, &block);
    return block;
}

uintptr_t *layout_thread_word(void) {
    static __thread uintptr_t *word __attribute__((tls_model("initial-exec")));
    if (!word) {
        struct block block = own_block();
        if (block.words && block.module == thread_module && thread_word < block.count)
            word = block.words + thread_word;
    }
    return word;
}

// While it looks.
struct look {
    wasm_engine_t *engine;
    wasmtime_module_t *module;
    wasmtime_context_t *context;
    wasmtime_func_t function;
    struct block thread;
    uintptr_t *store, store_before[MOST_WORDS], thread_before[MOST_THREAD_WORDS];
    size_t count, first, thread_word;
    uintptr_t code_start, code_end, code, top;
    uint64_t stack;
    int depth, is_good;
};

static void remember(struct look *look) {
    memcpy(look->store_before, look->store, look->count * sizeof(uintptr_t));
    memcpy(look->thread_before, look->thread.words, look->thread.count * sizeof(uintptr_t));
}

static int is_as_before(const struct look *look) {
    return !memcmp(look->store_before, look->store, look->count * sizeof(uintptr_t)) &&
           !memcmp(look->thread_before, look->thread.words, look->thread.count * sizeof(uintptr_t));
}

static int is_code(const struct look *look, uintptr_t address) {
    return address >= look->code_start && address < look->code_end;
}

// The words that have changed lie at the known places. inner: the call is within another, whose
// limit, code and chain's kind are its own too.
static int find_words(struct look *look, int inner) {
    size_t changed[STORE_WORDS], count = 0, threads = 0, found = 0;
    for (size_t i = 0; i < look->count; i++) {
        if (look->store[i] == look->store_before[i])
            continue;
        if (count == STORE_WORDS)
            return 0;
        changed[count++] = i;
    }
    for (size_t i = 0; i < look->thread.count; i++) {
        if (look->thread.words[i] != look->thread_before[i]) {
            threads++;
            found = i;
        }
    }
    if (threads != 1 || count == 0 || (inner && found != look->thread_word))
        return 0;
    look->thread_word = found;
    if (!inner) {
        look->first = changed[0];
        for (int i = 0; i < STORE_WORDS; i++)
            if (count != STORE_WORDS || changed[i] != look->first + places[i])
                return 0;
    } else {
        static const enum place moving[] = {EXIT_FRAME, ENTRY_STACK, ENTRY_FRAME, ON_CHAIN};
        if (count != sizeof moving / sizeof *moving)
            return 0;
        for (size_t i = 0; i < count; i++)
            if (changed[i] != look->first + places[moving[i]])
                return 0;
    }
    return 1;
}

// Each has the value that it means. here: a frame of the callback's.
static int are_meant(const struct look *look, uintptr_t here) {
    const uintptr_t *words = look->store + look->first;
#define WORD(place) words[places[place]]
#define IS_IN(value) ((value) > here && (value) < look->top && (value) % sizeof(uintptr_t) == 0)
    uintptr_t state = look->thread.words[look->thread_word];
    if (!IS_IN(WORD(EXIT_FRAME)) || !IS_IN(WORD(ENTRY_STACK)) || !IS_IN(WORD(ENTRY_FRAME)) ||
        !IS_IN(WORD(ON_CHAIN)) || state % 2 != 1 || !IS_IN(state - 1))
        return 0;
    const uintptr_t *frame = (const uintptr_t *)WORD(EXIT_FRAME);
    return WORD(EXIT_FRAME) < WORD(ENTRY_STACK) && WORD(ENTRY_STACK) <= WORD(ENTRY_FRAME) &&
           frame[1] == WORD(EXIT_RETURN) && is_code(look, WORD(EXIT_RETURN)) &&
           is_code(look, WORD(ENTRY_TRAP)) && WORD(CHAIN) == 1 && WORD(LIMIT) < here;
#undef WORD
#undef IS_IN
}

static int call(struct look *look) {
    wasmtime_val_raw_t unused;
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *error =
        wasmtime.wasmtime_func_call_unchecked(look->context, &look->function, &unused, 1, &trap);
    int done = !error && !trap;
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    return done;
}

static wasm_trap_t *called_back(void *environment, wasmtime_caller_t *caller,
                                wasmtime_val_raw_t *values, size_t count) {
    (void)caller, (void)values, (void)count;
    struct look *look = environment;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (look->depth == 0)
        return NULL; // the call that sets the thread up
    int is_inner = look->depth++ == 2;
    look->is_good = look->is_good && find_words(look, is_inner) && are_meant(look, here);
    if (!look->is_good || is_inner)
        return NULL;
    uintptr_t limit = look->store[look->first + places[LIMIT]];
    look->stack = look->top - limit;
    uintptr_t outer_top = look->top;
    look->top = here;
    remember(look);
    look->is_good = call(look) && look->depth == 3 && look->is_good && is_as_before(look);
    look->top = outer_top;
    return NULL;
}

static int instantiate(struct look *look) {
    wasm_valtype_vec_t none[2];
    wasmtime_func_t function;
    wasmtime_instance_t instance;
    wasmtime_extern_t found;
    wasm_trap_t *trap = NULL;
    for (int i = 0; i < 2; i++)
        wasmtime.wasm_valtype_vec_new_uninitialized(&none[i], 0);
    wasm_functype_t *type = wasmtime.wasm_functype_new(&none[0], &none[1]);
    wasmtime.wasmtime_func_new_unchecked(look->context, type, called_back, look, NULL, &function);
    wasmtime.wasm_functype_delete(type);
    wasmtime_extern_t given = {.kind = WASMTIME_EXTERN_FUNC, .of.func = function};
    wasmtime_error_t *error =
        wasmtime.wasmtime_instance_new(look->context, look->module, &given, 1, &instance, &trap);
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    if (error || trap ||
        !wasmtime.wasmtime_instance_export_get(look->context, &instance, "f", 1, &found) ||
        found.kind != WASMTIME_EXTERN_FUNC)
        return 0;
    look->function = found.of.func;
    return 1;
}

// What is around a call: nothing of it stays.
static int look_at_call(struct look *look) {
    static struct engine_words idle;
    void *start, *end;
    wasmtime.wasmtime_module_image_range(look->module, &start, &end);
    look->code_start = (uintptr_t)start;
    look->code_end = (uintptr_t)end;
    look->store = (uintptr_t *)look->context;
    look->count = malloc_usable_size(look->context) / sizeof(uintptr_t);
    look->thread = own_block();
    if (!look->count || look->count > MOST_WORDS || !look->thread.words ||
        look->thread.count > MOST_THREAD_WORDS)
        return 0;
    look->top = (uintptr_t)__builtin_frame_address(0);
    look->is_good = 1;
    look->depth = 1;
    remember(look);
    uintptr_t *before = malloc(look->count * sizeof *before);
    if (!before)
        return 0;
    memcpy(before, look->store, look->count * sizeof *before);
    uintptr_t thread_before[MOST_THREAD_WORDS];
    memcpy(thread_before, look->thread.words, look->thread.count * sizeof *thread_before);
    int good =
        call(look) && look->depth == 3 && look->is_good &&
        !memcmp(before, look->store, look->count * sizeof *before) &&
        !memcmp(thread_before, look->thread.words, look->thread.count * sizeof *thread_before);
    free(before);
    if (!good || look->stack > LARGEST_STACK)
        return 0;
    words_save(look->store + look->first, look->thread.words + look->thread_word, &idle);
    if (idle.of_store[LIMIT] != UINTPTR_MAX || idle.of_thread != 1)
        return 0;
    known = (struct layout){look->first, idle, look->stack};
    thread_word = look->thread_word;
    thread_module = look->thread.module;
    return 1;
}

// A switch there and back, before one carries anything.
static void *suspended;

static void go_back(void *back) {
    void *here;
    for (;;)
        native_switch(&here, *(void **)back);
}

static int can_switch(void) {
    static uint8_t stack[16 << 10] __attribute__((aligned(64)));
    if (!native_can_switch())
        return 0;
    native_switch(&suspended, native_begin(stack + sizeof stack, go_back, &suspended));
    return 1;
}

static void look(struct look *look) {
    wasmtime_store_t *store = wasmtime.wasmtime_store_new(look->engine, NULL, NULL);
    look->context = wasmtime.wasmtime_store_context(store);
    is_known = instantiate(look) && call(look) && look_at_call(look) && can_switch();
    wasmtime.wasmtime_store_delete(store);
}

// (module (import "" "" (func)) (func (export "f") (call 0)))
static void *learn(void *engine) {
    static const uint8_t bytes[] = {0, 'a', 's', 'm', 1,  0, 0, 0, 1, 4,    1, 0x60, 0, 0,
                                    2, 5,   1,   0,   0,  0, 0, 3, 2, 1,    0, 7,    5, 1,
                                    1, 'f', 0,   1,   10, 6, 1, 4, 0, 0x10, 0, 11};
    struct look *looking = calloc(1, sizeof *looking);
    if (!looking)
        return NULL;
    looking->engine = engine;
    wasmtime_error_t *error =
        wasmtime.wasmtime_module_new(engine, bytes, sizeof bytes, &looking->module);
    if (error) {
        wasmtime.wasmtime_error_delete(error);
    } else {
        look(looking);
        wasmtime.wasmtime_module_delete(looking->module);
    }
    free(looking);
    return NULL;
}

static void learn_on_own_thread(wasm_engine_t *engine) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int begun = pthread_create(&thread, NULL, learn, engine) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (begun)
        pthread_join(thread, NULL);
}

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void forget_lock(void) {
    pthread_mutex_init(&one_at_a_time, NULL); // who held it is not in this child
}

__attribute__((constructor)) static void survive_fork(void) {
    pthread_atfork(NULL, NULL, forget_lock);
}

const struct layout *layout_learn(wasm_engine_t *engine) {
    static int has_looked;
    if (!__atomic_load_n(&has_looked, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&one_at_a_time);
        if (!has_looked)
            learn_on_own_thread(engine);
        __atomic_store_n(&has_looked, 1, __ATOMIC_RELEASE);
        pthread_mutex_unlock(&one_at_a_time);
    }
    return is_known ? &known : NULL;
}
