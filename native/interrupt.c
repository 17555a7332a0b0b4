// Ending a guest from outside, at no cost to one that is not ended.
//
// The engine could compile a look at a counter into every loop and function (epochs); that costs an
// interpreter a sixth of its speed. Instead the ticker sends a signal to the machine's thread when
// there is something to look at. If the thread is in the guest's compiled code just then, the
// handler looks; and if the run is over, the thread goes on at an `unreachable` of the engine's own
// instead of where it was: for the engine, a trap like any other.
//
// Invariants
// 1. A guest is ended only in a function of its own code that was called by its own code: there the
//    engine's way in has been recorded, its frames can be followed, and no host function or library
//    call is under way. Elsewhere the handler takes a note, which host functions read at their end;
//    and if the time is over, the call returns to the `unreachable` instead of where it came from:
//    a guest that fills 512 MiB again and again is hardly ever met in its own code.
// 2. While a handler looks (it may run Python's signal handlers), this thread enters no machine.
// 3. The signal is never left blocked in a thread that runs a machine, nor are those of traps.
// 4. A handler of the host's is never replaced: before each use the signal's is looked at, and
//    another signal is taken where it is not ours any more.
// 5. Blocking system calls are not resumed after the signal (no SA_RESTART): who made them looks.
#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

static __thread struct watched *innermost __attribute__((tls_model("initial-exec")));
static __thread int looking __attribute__((tls_model("initial-exec")));
static int number;        // of the signal; 0: none was free
static uintptr_t way_out; // address of an instruction that traps; 0: not known yet
// Where a store keeps the frame through which its guest has left its code last, and behind it where
// that returns to, in words; 0: not known. Both are the engine's (VMStoreContext).
static size_t last_exit;
static __thread int is_learning __attribute__((tls_model("initial-exec")));
static struct sigaction before; // for SIGILL, while learning

struct place {
    uintptr_t *at, frame, stack;
};

static struct place place_of(void *context) {
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
    return (struct place){(uintptr_t *)&machine->gregs[REG_RIP], (uintptr_t)machine->gregs[REG_RBP],
                          (uintptr_t)machine->gregs[REG_RSP]};
#elif defined(__aarch64__)
    return (struct place){(uintptr_t *)&machine->pc, machine->regs[29], machine->sp};
#else
#error "say where the registers are"
#endif
}

static int is_code(const struct watched *watched, uintptr_t address) {
    return address >= watched->code_start && address < watched->code_end;
}

// The engine keeps frame pointers everywhere: at a frame lie the caller's, and where to return to.
static int is_in_guest(const struct watched *watched, struct place place) {
    if (!is_code(watched, *place.at) || place.frame % sizeof(uintptr_t) ||
        place.frame < place.stack || place.frame + 2 * sizeof(uintptr_t) > watched->stack_top)
        return 0;
    return is_code(watched, ((const uintptr_t *)place.frame)[1]);
}

static int is_over(const struct watched *watched) {
    return (watched->word && *watched->word == BOXER_STOP) || now_ns() >= watched->until_ns ||
           watch_is_cancelled(watched) ||
           (watched->cpu_until_ns != UINT64_MAX && cpu_now_ns() >= watched->cpu_until_ns);
}

// Whether the call that the guest has made will not return to it. The frame is the one the engine
// means if it holds the address that the engine has noted beside it.
static int cut_call_short(const struct watched *watched, uintptr_t stack) {
    const uintptr_t *exit = (const uintptr_t *)watched->context + last_exit;
    if (!last_exit || !watched->context || !is_code(watched, exit[1]) ||
        exit[0] % sizeof(uintptr_t) || exit[0] < stack ||
        exit[0] + 2 * sizeof(uintptr_t) > watched->stack_top)
        return 0;
    uintptr_t *frame = (uintptr_t *)exit[0];
    if (frame[1] != exit[1])
        return 0;
    frame[1] = way_out;
    return 1;
}

static void on_signal(int unused, siginfo_t *information, void *context) {
    (void)unused, (void)information;
    struct watched *watched = innermost;
    if (!watched || looking)
        return;
    int saved = errno;
    struct place place = place_of(context);
    if (__atomic_exchange_n(&watched->tick_is_due, 0, __ATOMIC_RELAXED))
        tick_deliver(watched);
    if (!__atomic_load_n(&way_out, __ATOMIC_ACQUIRE)) {
        watched->asked = 1;
    } else if (is_in_guest(watched, place)) {
        looking = 1;
        if (watched->check(watched))
            *place.at = way_out;
        looking = 0;
    } else {
        watched->asked = 1;
        if (is_over(watched))
            cut_call_short(watched, place.stack);
    }
    errno = saved;
}

int interrupting_is_guest(void *context) {
    uintptr_t at = *place_of(context).at;
    return is_learning || (innermost && (is_code(innermost, at) || at == way_out));
}

int is_interrupting(void) {
    return looking;
}

static int is_ours(int signal) {
    struct sigaction now;
    return signal && sigaction(signal, NULL, &now) == 0 && now.sa_sigaction == on_signal;
}

// The first real-time signal nobody has a handler for, from the last one down.
static int choose_signal(void) {
    struct sigaction now, ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigemptyset(&ours.sa_mask);
    for (int tried = SIGRTMAX; tried >= SIGRTMIN; tried--)
        if (sigaction(tried, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
            sigaction(tried, &ours, NULL) == 0)
            return tried;
    return 0;
}

// The signal, another one if the host has taken it meanwhile. 0: none is free.
static int own_signal(void) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    int signal = __atomic_load_n(&number, __ATOMIC_ACQUIRE);
    if (is_ours(signal))
        return signal;
    pthread_mutex_lock(&one_at_a_time);
    signal = is_ours(number) ? number : choose_signal();
    __atomic_store_n(&number, signal, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&one_at_a_time);
    return signal;
}

int interrupting_begin(struct watched *watched) {
    // The engine's own too: a trap whose signal is blocked would end the process.
    const int needed[] = {own_signal(), SIGILL, SIGSEGV, SIGBUS, SIGFPE};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i])
            sigaddset(&signals, needed[i]);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    watched->asked = 0;
    watched->outer = innermost;
    innermost = watched;
    return needed[0] ? 0 : -1;
}

void interrupting_end(struct watched *watched) {
    innermost = watched->outer;
}

struct watched *interrupting_innermost(void) {
    return innermost;
}

static void learn(int signal, siginfo_t *information, void *context) {
    if (is_learning)
        __atomic_store_n(&way_out, *place_of(context).at, __ATOMIC_RELEASE);
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signal, information, context);
}

// Called by the guest of `interrupting_learn`: what the engine has noted of this call.
static wasm_trap_t *learn_exit(void *module, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                               size_t count) {
    (void)values, (void)count;
    void *start, *end;
    const uintptr_t *words = (const uintptr_t *)wasmtime.wasmtime_caller_context(caller);
    struct stack_bounds stack = stack_bounds();
    size_t known = malloc_usable_size((void *)words) / sizeof *words;
    wasmtime.wasmtime_module_image_range(module, &start, &end);
    for (size_t i = 1; i + 1 < known; i++) {
        uintptr_t frame = words[i], back = words[i + 1];
        if (back >= (uintptr_t)start && back < (uintptr_t)end && frame % sizeof frame == 0 &&
            frame >= (uintptr_t)__builtin_frame_address(0) &&
            frame + 2 * sizeof frame <= stack.top && ((const uintptr_t *)frame)[1] == back)
            last_exit = i;
    }
    return NULL;
}

static wasmtime_error_t *instantiate(wasmtime_module_t *module, wasmtime_context_t *context,
                                     wasmtime_instance_t *instance) {
    wasm_valtype_vec_t none[2];
    wasmtime_func_t function;
    wasm_trap_t *trap = NULL;
    for (int i = 0; i < 2; i++)
        wasmtime.wasm_valtype_vec_new_uninitialized(&none[i], 0);
    wasm_functype_t *type = wasmtime.wasm_functype_new(&none[0], &none[1]);
    wasmtime.wasmtime_func_new_unchecked(context, type, learn_exit, module, NULL, &function);
    wasmtime.wasm_functype_delete(type);
    wasmtime_extern_t given = {.kind = WASMTIME_EXTERN_FUNC, .of.func = function};
    return wasmtime.wasmtime_instance_new(context, module, &given, 1, instance, &trap);
}

static void restore_handler(void) {
    struct sigaction now;
    if (sigaction(SIGILL, NULL, &now) == 0 && now.sa_sigaction == learn)
        sigaction(SIGILL, &before, NULL);
}

static void run_to_the_trap(wasm_engine_t *engine, wasmtime_module_t *module) {
    wasmtime_store_t *store = wasmtime.wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime.wasmtime_store_context(store);
    wasmtime_instance_t instance;
    wasmtime_extern_t found;
    wasm_trap_t *trap = NULL;
    wasmtime_val_raw_t unused;
    wasmtime_error_t *error = instantiate(module, context, &instance);
    if (!error && wasmtime.wasmtime_instance_export_get(context, &instance, "f", 1, &found)) {
        struct sigaction ours = {.sa_sigaction = learn, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        is_learning = sigaction(SIGILL, &ours, &before) == 0;
        error = wasmtime.wasmtime_func_call_unchecked(context, &found.of.func, &unused, 1, &trap);
        if (is_learning)
            restore_handler();
        is_learning = 0;
    }
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    wasmtime.wasmtime_store_delete(store);
}

// (module (import "" "" (func)) (func (export "f") (call 0) unreachable)). It stays loaded until
// the process ends.
int interrupting_learn(wasm_engine_t *engine) {
    static const uint8_t bytes[] = {0, 'a', 's', 'm', 1,  0, 0, 0, 1, 4,    1, 0x60, 0, 0,
                                    2, 5,   1,   0,   0,  0, 0, 3, 2, 1,    0, 7,    5, 1,
                                    1, 'f', 0,   1,   10, 7, 1, 5, 0, 0x10, 0, 0,    11};
    wasmtime_module_t *module = NULL;
    if (__atomic_load_n(&way_out, __ATOMIC_ACQUIRE))
        return 0;
    wasmtime_error_t *error = wasmtime.wasmtime_module_new(engine, bytes, sizeof bytes, &module);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    else
        run_to_the_trap(engine, module);
    return __atomic_load_n(&way_out, __ATOMIC_ACQUIRE) ? 0 : -1;
}

void interrupting_ask(const struct watched *watched) {
    int signal = own_signal();
    if (signal)
        pthread_kill(watched->thread, signal);
}
