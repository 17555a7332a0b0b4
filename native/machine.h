// A machine: one instance of a box's code over a copy-on-write mapping of its memory image, with
// WASI preview 1 served from plain state, and mounted folders by the engine's own WASI.
//
// Two users: the launcher, and src/boxer/runtime through ctypes, which states these structures once
// more (`native.py`; BOXER_NATIVE_ABI must grow with every change here).
//
// Invariants
// 1. A guest sees arguments, environment, three streams, clocks, randomness, and the
//    folders it was given; nothing else.
// 2. Sizes a guest names allocate no host memory beyond the limits of output, memory and tasks.
// 3. After `boxer_machine_reset` or `boxer_machine_clear` says yes, memory, its size and the stack
//    pointer are the image's. Whoever gets a no throws the machine away.
// 4. A machine is used by one thread at a time.
#ifndef BOXER_NATIVE_MACHINE_H
#define BOXER_NATIVE_MACHINE_H

#include "network.h"
#include "wasmtime.h"

#include <sys/types.h>

#define BOXER_NATIVE_ABI 20

// Tasks of a guest at a time, by default and at most.
#define BOXER_TASKS 64
#define BOXER_MOST_TASKS 4096

enum boxer_kind {
    BOXER_RETURNED,    // status: the function's result
    BOXER_EXITED,      // status: as given to proc_exit
    BOXER_TRAPPED,     // status: wasmtime's trap code
    BOXER_LIMIT,       // status: a boxer_limit
    BOXER_INTERRUPTED, // by `attend`
    BOXER_FAILED,      // message says what the engine said
    BOXER_REFUSED,     // not entered; status: a boxer_refusal
};

enum boxer_limit {
    BOXER_LIMIT_TIME,
    BOXER_LIMIT_CPU,
    BOXER_LIMIT_OUTPUT,
    BOXER_LIMIT_MEMORY,
    BOXER_LIMIT_SENT, // by the network
    BOXER_LIMIT_RECEIVED,
    BOXER_LIMIT_CANCELLED, // by the caller
};
enum boxer_refusal {
    BOXER_TOO_LITTLE_STACK = 1,
    BOXER_IN_SIGNAL_HANDLER,
    BOXER_NO_SIGNAL,
    BOXER_NO_NETWORK // no descriptor for it is left
};

struct boxer_outcome;
struct boxer_machine;

// What one entry is given. Pointers are the caller's and outlive it. Strings: one behind the
// other, each with its NUL.
struct boxer_run {
    const char *arguments, *environment;
    uint32_t argument_count, argument_size, environment_count, environment_size;
    const uint8_t *input;
    uint64_t input_size;
    int32_t descriptors[3];           // -1: input is in memory, output is kept
    uint32_t thaw;                    // 1: a call is the first of a life of its own
    uint32_t tasks;                   // limit, 1 to BOXER_MOST_TASKS
    uint64_t time_ns, cpu_ns, output; // limits; UINT64_MAX: none
    uint32_t unmeasured;              // 1: its outcome need not say how much CPU time it took
    // Asked every 50 ms on the machine's thread; 1 interrupts. Null: nobody is asked.
    int (*attend)(struct boxer_outcome *);
    // A build's: time stands at epoch_ns and moves by looks and sleeps alone, and random bytes are
    // the same each time. still: no ticks, so that tasks switch at the same moments.
    uint64_t epoch_ns;
    uint32_t fixed, still;
    const struct boxer_network *network; // null: none
    int32_t orders;                      // a socket's descriptor + 1 (orders.h); 0: none
    const volatile uint32_t *word;       // a `boxer_word` of who watches; null: nobody does
    const int32_t *cancelled;            // ends it where it is not 0; null: nobody does
    // Functions of the host (asking.h): gives the reply to a request, which lies in the guest's
    // memory, by `boxer_machine_answer`; 0, or it is interrupted. Null: there are none.
    int (*ask)(struct boxer_machine *, const uint8_t *request, uint64_t size);
    const struct boxer_lives *lives; // of a run that ends otherwise; null: it is the only one
};

// What another thread says of a run that is under way. It is heard within a tick.
enum boxer_word {
    BOXER_GO_ON,
    BOXER_STOP,  // as SIGKILL: it has exited with 137
    BOXER_PAUSE, // as SIGSTOP, until the word is another one; limits of time go on
};

// How it ended. Pointers are the machine's and hold until it is entered again.
struct boxer_outcome {
    uint32_t kind, status;
    uint64_t time_ns, cpu_ns;
    uint64_t memory;      // bytes of linear memory
    uint64_t dirty_pages; // found by the last reset
    uint32_t reached;     // bits the guest's kernel has set: see boot.h
    uint32_t reusable;    // `serve`: the machine is its image again
    const uint8_t *output, *errors, *reply;
    uint64_t output_size, errors_size, reply_size;
    void *raised;              // a Python exception, owned: `boxer_attend_python` met it
    const char *network_limit; // the first of the network's that was reached, or null
    char message[256];
    uint8_t brief[500]; // a reply as short as most are: Python reads it without counting first
};

// A folder of the host, and the name the guest is told. Both end with a NUL.
struct boxer_folder {
    const char *host, *name;
    uint32_t read_only;
};

struct boxer_code;
struct boxer_image;
struct boxer_machine;

// The functions that can fail to make something write why to `message` (256 bytes) and return null.
// stack: bytes a thread must have left to enter a machine: what its engine lets a guest use, and
// what host functions need.
struct boxer_code *boxer_code_new(const char *library, wasm_engine_t *, const wasmtime_module_t *,
                                  uint64_t stack, char *message);
void boxer_code_free(struct boxer_code *);
// 1: the module's code can change nothing of a machine that a reset does not put back. Imported
// globals and more than one mutable one of its own are refused.
int boxer_code_is_resettable(const uint8_t *module, uint64_t size);

// descriptor: a file as large as the memory; it stays the caller's.
struct boxer_image *boxer_image_new(int descriptor, uint64_t size, char *message);
// An image of zeros, which takes no file.
struct boxer_image *boxer_image_of_zeros(uint64_t size, char *message);
// The memory of a machine as an image of its own, written to an empty file. headroom: bytes of
// zeros behind it, a multiple of 64 KiB: they are a hole of the file.
struct boxer_image *boxer_image_of(struct boxer_machine *, int descriptor, uint64_t headroom,
                                   char *message);
void boxer_image_free(struct boxer_image *); // after all machines over it
// Maps it copy-on-write over `memory`, which is as large and aligned to pages. 0, or -1.
int boxer_image_map(const struct boxer_image *, uint8_t *memory);

struct boxer_machine *boxer_machine_new(struct boxer_code *, struct boxer_image *,
                                        uint64_t memory_limit, char *message);
void boxer_machine_free(struct boxer_machine *);
// Gives a fresh machine folders, for its one life: it is neither reset nor forked. 0, or -1 with
// why in `message`.
int boxer_machine_mount(struct boxer_machine *, const struct boxer_folder *, uint32_t count,
                        char *message);

// Enters `_start`.
void boxer_machine_run(struct boxer_machine *, const struct boxer_run *, struct boxer_outcome *);
// Hands a request to `boxer_call` and takes its reply. status: what it returned.
void boxer_machine_call(struct boxer_machine *, const struct boxer_run *, const uint8_t *request,
                        uint64_t size, struct boxer_outcome *);
// The reply to what is being asked, copied. 0, or -1: no memory for it.
int boxer_machine_answer(struct boxer_machine *, const uint8_t *reply, uint64_t size);
// 1: the machine is its image again. 0: throw it away.
int boxer_machine_reset(struct boxer_machine *, struct boxer_outcome *);
// The same for a machine whose next life is no call (tracking_clear).
int boxer_machine_clear(struct boxer_machine *, struct boxer_outcome *);
// A run (without a request) or a call, and the reset behind it: one crossing for Python. Where a
// call went as most do: the size of its reply, a result in JSON that lies in `brief`, and the pages
// that were put back, from bit 16 on. 0: look at the outcome.
uint64_t boxer_machine_serve(struct boxer_machine *, const struct boxer_run *,
                             const uint8_t *request, uint64_t size, struct boxer_outcome *);
// Whether it was this thread that it served last: what it writes to is in this processor's cache.
int boxer_machine_is_near(const struct boxer_machine *);
// A second machine equal to one that lies idle. descriptor: of an empty file that both may map from
// then on.
struct boxer_machine *boxer_machine_fork(struct boxer_machine *, uint64_t memory_limit,
                                         int descriptor, char *message);
// Enters an export without parameters, of one result or none; for the life of a machine outside of
// runs (freezing).
void boxer_machine_enter(struct boxer_machine *, const char *name, const struct boxer_run *,
                         struct boxer_outcome *);
// sleeping.c. What of a machine's memory is not its image's, to an empty file: 0, an errno, or -1:
// it cannot be told. It lies idle, and lives on from there in a fresh one of the same image: 0, or
// -1, and that one is of no use.
int boxer_machine_save(struct boxer_machine *, int descriptor);
int boxer_machine_load(struct boxer_machine *, int descriptor);
const uint8_t *boxer_machine_memory(struct boxer_machine *, uint64_t *size);
// For who fills a machine's memory himself. 0, or -1: beyond its limit.
int boxer_machine_grow(struct boxer_machine *, uint64_t bytes);
// The value of an exported constant; 0: there is none.
uint32_t boxer_machine_constant(struct boxer_machine *, const char *name);
// 1: equal to the image byte for byte.
int boxer_machine_is_pristine(struct boxer_machine *);

// signals.c. From now on this process's signals are told to the program in a memory; place: of its
// signals' block, 0: there is none, and nothing changes. stop_ns: how long it may take to end after
// SIGTERM, and to look at SIGINT, before the process is ended; -1: for ever. One at a time.
void boxer_signals_begin(uint8_t *memory, uint64_t size, uint32_t place, int64_t stop_ns);
void boxer_machine_forward(struct boxer_machine *, int64_t stop_ns);
void boxer_signals_end(void);

// For machines of others: `check` is asked every 10 ms on the thread between begin and end, and
// ends the guest with 1; it says nowhere why. until: of CLOCK_MONOTONIC and of the thread's CPU
// clock; past them it is asked more often. begin: 0, or a boxer_refusal, and
// nothing has begun.
// context: of the machine's store.
struct watched *boxer_watched_new(const char *library, const wasmtime_module_t *,
                                  const wasmtime_context_t *context, int (*check)(struct watched *),
                                  char *message);
int boxer_watched_begin(struct watched *, wasm_engine_t *, uint64_t until_ns,
                        uint64_t cpu_until_ns);
void boxer_watched_end(struct watched *), boxer_watched_free(struct watched *);

// For `attend` in a Python process: runs the handlers of signals that have arrived.
int boxer_attend_python(struct boxer_outcome *);

// A run's `ask` in a Python process: one function answers, which takes a request's bytes and gives
// a reply's, or what is none, and the run is interrupted. It stays the caller's. 1, or 0: not
// there.
int boxer_ask_python_with(void *function);
int boxer_ask_python(struct boxer_machine *, const uint8_t *request, uint64_t size);

// calling.c. Of a pool: how often a machine was put back, and how many pages that took.
struct boxer_tally {
    uint64_t resets, dirty_pages;
};
// Of the calls on machines of one image. is_over: 1: no machine serves another one.
struct boxer_calls {
    const struct boxer_run *run;
    struct boxer_tally *tally;
    uint32_t is_over;
};
// A function of Python's that makes calls whose requests begin so; new, or null: it cannot be made.
// It takes a tuple and a dict of arguments, and returns the result, or NotImplemented: the call is
// not for it, and has not been made. hooks: a tuple. With Python's lock. calls: outlives it.
void *boxer_python_calls(struct boxer_calls *, const uint8_t *head, uint64_t size, void *hooks);

uint32_t boxer_native_abi(void);

#endif
