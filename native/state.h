// A machine from the inside.
#ifndef BOXER_NATIVE_STATE_H
#define BOXER_NATIVE_STATE_H

#include "machine.h"

#include <pthread.h>
#include <signal.h>

struct range {
    uint64_t offset, size;
};

// expected: what the first run over it wrote to, so that later machines have it ready.
struct boxer_image {
    int descriptor;
    uint64_t size;
    const uint8_t *pristine; // a mapping of its own, only ever read
    struct range *expected;
    uint32_t expected_count;
    int is_learning; // somebody has begun to, or is done
    int is_expected; // `expected` may be read
    int is_learned;  // it comes from a run of this process
};

// start, end: of the compiled code.
struct boxer_code {
    uintptr_t start, end;
    wasm_engine_t *engine;
    wasmtime_instance_pre_t *blueprint;
    wasmtime_linker_t *slots;
    uint64_t stack;
};

// Kept output: grows up to the run's limit, never beyond.
struct kept {
    uint8_t *bytes;
    uint64_t size, room;
};

// tracking.c. noted: a bit for each page that has been written to; those stay private to the
// machine when it is idle, since they are written to again, most likely, and copying one costs less
// than the fault that makes it private. lately: those that were, in some of the last resets.
// mappings, kept: how many of the process's it has taken. opened: pages may have been written to
// that are not noted.
struct tracking {
    uint64_t *noted, *lately, *dropped, count, range_count;
    uint64_t equal; // private pages that were as in the image when the kernel was last asked
    uint32_t resets, looks, renewals;
    struct range *ranges;
    int64_t mappings, kept;
    int learned, armed, opened, changed;
};

// A guest that runs on a thread, as the ticker sees it. Times are of CLOCK_MONOTONIC and of the
// thread's CPU clock; UINT64_MAX: never.
struct watched {
    struct watched *next, *previous; // of all that run
    struct watched *outer;           // the one this thread is in meanwhile, too
    pthread_t thread;
    clockid_t cpu_clock;
    uint64_t until_ns, cpu_until_ns, attend_ns;
    const volatile uint32_t *word; // the run's
    const int32_t *cancelled;      // null: it cannot be
    uintptr_t code_start, code_end, stack_top;
    const void *context;            // of its store
    int (*check)(struct watched *); // 1: the run is over
    volatile sig_atomic_t asked;    // to look, when it was in no position to
    // Ticks of a guest with several tasks (tick.c). tasks: its block; null: it wants none.
    const volatile uint8_t *tasks;
    uint64_t tick_ns;              // when the next one is
    volatile int tick_is_due;      // the ticker has sent one
    int orders;                    // a socket to be looked at (orders.h), -1: none
    volatile int is_ordered;       // something waits there
    volatile int is_waiting;       // its thread sleeps: nobody else could run
    int peer;                      // a connection that it is for (lives.h), + 1; 0: none
    uint64_t patience_ns, left_ns; // left: when its peer has said its last; 0: it has not
    int32_t has_left;              // it has gone
};

struct layer;
struct lives;
struct fibers;
struct net;
struct spaces;
struct files;

struct boxer_machine {
    struct watched watched;
    struct layer *layer; // mapped over the image since a fork; null: none
    struct tracking tracking;
    struct boxer_code *code;
    struct boxer_image *image;
    wasmtime_store_t *store;
    wasmtime_context_t *context;
    wasmtime_instance_t instance;
    wasmtime_memory_t memory;
    wasmtime_global_t stack_pointer;
    wasmtime_val_t initial_stack;
    wasmtime_func_t start, call;
    int has_start, has_call, has_stack_pointer, has_signal, has_slots, has_network;
    uint32_t boot;    // address of the boot block, 0: none
    uint32_t signals; // of the signals' block, likewise
    uint32_t tasks;   // of the tasks' block, 0: its slots are not ours
    wasmtime_func_t task_begin;
    struct fibers *fibers; // null: no slot has been called yet
    struct spaces *spaces; // null: there has been one process
    struct files *files;   // null: no folder is mounted
    uint32_t folders;      // their number; those of the network lie behind them (files.c)
    uint32_t net_descriptors;
    uintptr_t entry_top; // the native frames of an entry lie below
    uint64_t memory_limit;
    uint8_t *base;

    // of the run
    struct boxer_machine *outer; // the one this thread is in meanwhile, too
    const struct boxer_run *run;
    struct boxer_outcome *outcome;
    void (*leave)(struct boxer_machine *); // called at the program's exit; null: nothing is
    uint64_t born_ns;                      // 0: the clock has not been started
    uint64_t passed_ns, drawn;             // of a build's clock; of its random bytes
    uint64_t began_ns, cpu_began_ns;
    uint64_t input_at, output_left;
    struct kept output, errors, reply;
    struct kept answer;  // to what it asked last (asking.h)
    uint64_t answer_at;  // so much of it was received
    pthread_t served;    // the thread it served last; 0: none
    struct net *net;     // of its life; null: no network
    struct lives *lives; // of connections (lives.h); null: it gives none
};

// image.c. A private mapping of the image over the machine's memory: 0, or -1.
int image_map(const struct boxer_image *, uint8_t *memory);
typedef void (*region_visitor)(void *state, uint64_t offset, uint64_t size);
// How many bytes of a region stay private to its machine.
typedef uint64_t (*region_keeper)(void *state, uint64_t offset, uint64_t size);
// Puts every page that is not the image's back, and asks which stay private. Their number, or -1.
// Where the host's kernel cannot tell, all is mapped anew and nothing is asked.
int64_t image_restore(const struct boxer_image *, uint8_t *memory, region_keeper, void *state);
// Visits the private pages in [memory, memory + size). Their number, or -1 where the kernel of this
// host cannot tell.
int64_t visit_private(const uint8_t *memory, uint64_t size, region_visitor, void *state);

// fork.c. Makes `copy`, which is fresh and of the same size, equal to `machine`. descriptor: of an
// empty file. 0, or -1: `copy` is of no use.
int fork_memory(struct boxer_machine *machine, struct boxer_machine *copy, uint64_t size,
                int descriptor);
// Of a machine that has had processes, all of whose memory becomes one layer.
int fork_of_processes(struct boxer_machine *machine, struct boxer_machine *copy, uint64_t size,
                      int descriptor);
void layer_release(struct layer *);
// Visits what the files of a layer and of those below it hold. layer: may be null.
void layer_visit(const struct layer *, region_visitor, void *state);

// snapshot.c. Both: 0, or -1 with errno. An interrupted write goes on. descriptor of a memory: of
// an empty file, whose holes are zeros.
int write_all(int descriptor, const uint8_t *, uint64_t size, uint64_t offset);
int write_memory(struct boxer_machine *, int descriptor);

// tracking.c. As image_restore, faster for a machine that is reset often.
int64_t tracking_restore(struct boxer_machine *);
// The same of a machine whose next life may write anywhere: it is not armed, since the first write
// to a page that is not noted costs more than its copy does.
int64_t tracking_clear(struct boxer_machine *);
void tracking_free(struct tracking *);
// Says which machine this thread is in, and returns which it was in before; null: none.
struct boxer_machine *tracking_enter(struct boxer_machine *);
int tracking_open(struct boxer_machine *); // all of it is writable. 0, or -1
void tracking_touch(void *address, uint64_t size);
int tracking_admit(void *address); // whether that was why a write faulted

// faults.c. Whether our handlers are the first ones, which it sees to.
void faults_install(void);
int faults_are_ours(void);

// watch.c. Whether somebody wants it to end now.
int watch_is_cancelled(const struct watched *);
// 0: go on. 1: the run is over, its outcome says why.
int watch_check(struct boxer_machine *);
uint64_t now_ns(void), cpu_now_ns(void), real_now_ns(void);
int watch_begin(struct boxer_machine *);
// In a copy of the process: the run's times begin anew.
void watch_again(struct boxer_machine *);
// Its run's time is another one.
void watch_longer(struct boxer_machine *);
// It is for that connection: ended soon when its peer has gone, and patience_ns after that has said
// its last. -1: for none any more.
void watch_peer(struct boxer_machine *, int connection, uint64_t patience_ns);
// Between the two it is looked at every 10 ms. Beginning: 0, or -1 where there is no signal for it;
// it has to be ended all the same.
int watching_begin(struct watched *, wasm_engine_t *);
void watching_end(struct watched *);

// interrupt.c. 0, or -1: beginning where no signal is free. Learning takes a millisecond, once a
// process.
int interrupting_learn(wasm_engine_t *);
int interrupting_begin(struct watched *);
void interrupting_end(struct watched *);
struct watched *interrupting_innermost(void);
// Has its thread look at it.
void interrupting_ask(const struct watched *);
int is_interrupting(void);
// Whether a signal has met this thread in its guest's code. context: as handlers are given.
int interrupting_is_guest(void *context);

// signals.c. Whether the host's signals wait for the program to look at them.
int signals_wait(struct boxer_machine *);

// stack.c. Of this thread's stack, the guard left out.
struct stack_bounds {
    uintptr_t end, top;
};
struct stack_bounds stack_bounds(void);
void stack_know(struct stack_bounds); // of this thread, by who knows without asking

// fiber.c. Of the call that is over: all but the thread's own stack is given back.
void fibers_end(struct boxer_machine *);
void fibers_free(struct fibers *);
int fibers_attend(struct boxer_machine *); // on the thread's own stack
void fibers_on_own_stack(struct boxer_machine *, void (*function)(void *), void *argument);

// space.c. What is out of place is forgotten; all is.
void spaces_forget(struct boxer_machine *), spaces_free(struct boxer_machine *);

// slots.c. The functions; and has them where the guest's block says.
wasmtime_linker_t *slots_define(wasm_engine_t *);
void slots_fill(struct boxer_machine *, const wasmtime_table_t *, const uint8_t *memory,
                uint64_t memory_size);

// machine.c. How a call into the guest has ended, both null: with what `otherwise` says. Takes
// both.
void machine_note_end(struct boxer_machine *, wasmtime_error_t *, wasm_trap_t *,
                      const char *otherwise);

// tick.c. Of a run that begins.
void tick_begin(struct boxer_machine *);
// Whether it is time for one (the ticker asks), and when the next one is.
int tick_is_due(struct watched *, uint64_t now, uint64_t *next);
// On the guest's thread: what a tick does to its memory.
void tick_deliver(struct watched *);

// streams.c. WASI errno; moved: bytes. STREAM_OVER: the run has ended.
enum { STREAM_OVER = -1, STREAM_INTERRUPTED = -2 };
int stream_write(struct boxer_machine *, int number, const uint8_t *, uint64_t size,
                 uint64_t *moved);
int stream_read(struct boxer_machine *, uint8_t *, uint64_t size, uint64_t *moved);
int stream_filetype(struct boxer_machine *, int number);
// Waits for events of host descriptors at most until `until_ns` (UINT64_MAX: for ever). Their
// number, STREAM_OVER, or STREAM_INTERRUPTED: the program has signals to look at.
struct pollfd;
int stream_wait(struct boxer_machine *, struct pollfd *, uint32_t count, uint64_t until_ns);
// A line for the person, on what is the guest's stderr.
void machine_tell(struct boxer_machine *, const char *line, uint64_t size);
void kept_forget(struct kept *);
int kept_set(struct kept *, const uint8_t *, uint64_t size); // 0, or -1 without memory
int kept_add(struct kept *, const uint8_t *, uint64_t size); // likewise

#endif
