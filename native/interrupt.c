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
//    call is under way. Elsewhere the handler takes a note; host functions read it at their end,
//    and the ticker comes again.
// 2. While a handler looks (it may run Python's signal handlers), this thread enters no machine.
// 3. The signal is never left blocked in a thread that runs a machine, nor are those of traps.
#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

static __thread struct watched *innermost __attribute__((tls_model("initial-exec")));
static __thread int looking __attribute__((tls_model("initial-exec")));
static int number;        // of the signal; 0: none was free
static uintptr_t way_out; // address of an instruction that traps; 0: not known yet
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

static void on_signal(int unused, siginfo_t *information, void *context) {
    (void)unused, (void)information;
    struct watched *watched = innermost;
    if (!watched || looking)
        return;
    int saved = errno;
    struct place place = place_of(context);
    if (is_in_guest(watched, place)) {
        looking = 1;
        if (watched->check(watched))
            *place.at = way_out;
        looking = 0;
    } else {
        watched->asked = 1;
    }
    errno = saved;
}

int is_interrupting(void) {
    return looking;
}

// The first real-time signal nobody has a handler for, from the last one down.
static void choose_signal(void) {
    struct sigaction now, ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&ours.sa_mask);
    for (int tried = SIGRTMAX; tried >= SIGRTMIN && !number; tried--)
        if (sigaction(tried, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
            sigaction(tried, &ours, NULL) == 0)
            number = tried;
}

int interrupting_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose_signal);
    return number ? 0 : -1;
}

void interrupting_begin(struct watched *watched) {
    // The engine's own too: a trap whose signal is blocked would end the process.
    const int needed[] = {number, SIGILL, SIGSEGV, SIGBUS, SIGFPE};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        sigaddset(&signals, needed[i]);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    watched->asked = 0;
    watched->outer = innermost;
    innermost = watched;
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

static void run_to_the_trap(wasm_engine_t *engine, wasmtime_module_t *module) {
    wasmtime_store_t *store = wasmtime.wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime.wasmtime_store_context(store);
    wasmtime_instance_t instance;
    wasmtime_extern_t found;
    wasm_trap_t *trap = NULL;
    wasmtime_val_raw_t unused;
    wasmtime_error_t *error =
        wasmtime.wasmtime_instance_new(context, module, NULL, 0, &instance, &trap);
    if (!error && !trap &&
        wasmtime.wasmtime_instance_export_get(context, &instance, "f", 1, &found)) {
        struct sigaction ours = {.sa_sigaction = learn, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        is_learning = sigaction(SIGILL, &ours, &before) == 0;
        error = wasmtime.wasmtime_func_call_unchecked(context, &found.of.func, &unused, 1, &trap);
        if (is_learning)
            sigaction(SIGILL, &before, NULL);
        is_learning = 0;
    }
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    wasmtime.wasmtime_store_delete(store);
}

// (module (func (export "f") unreachable)). It stays loaded until the process ends.
int interrupting_learn(wasm_engine_t *engine) {
    static const uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0,   0, 1, 4,  1, 0x60, 0, 0, 3, 2,
                                    1, 0,   7,   5,   1, 1, 'f', 0, 0, 10, 5, 1,    3, 0, 0, 11};
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
    pthread_kill(watched->thread, number);
}
