// A machine's life: made, entered, put back, thrown away.
#define _GNU_SOURCE
#include "state.h"
#include "../guest/include/boxer/boot.h"
#include "baton.h"
#include "expected.h"
#include "files.h"
#include "lives.h"
#include "net.h"
#include "polling.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { WASM_PAGE = 65536, MOST_TABLE_ENTRIES = 1 << 20 };

static int complain(char *message, const char *problem) {
    snprintf(message, 256, "%s", problem);
    return -1;
}

static int export_of(struct boxer_machine *machine, const char *name, uint8_t kind,
                     wasmtime_extern_t *found) {
    return wasmtime.wasmtime_instance_export_get(machine->context, &machine->instance, name,
                                                 strlen(name), found) &&
           found->kind == kind;
}

// Unchecked calls trust the caller: only this type is ever called.
static int function_of(struct boxer_machine *machine, const char *name, size_t results,
                       wasmtime_func_t *function) {
    wasmtime_extern_t found;
    if (!export_of(machine, name, WASMTIME_EXTERN_FUNC, &found))
        return 0;
    *function = found.of.func;
    wasm_functype_t *type = wasmtime.wasmtime_func_type(machine->context, function);
    const wasm_valtype_vec_t *given = wasmtime.wasm_functype_results(type);
    int fits = wasmtime.wasm_functype_params(type)->size == 0 && given->size == results &&
               (results == 0 || wasmtime.wasm_valtype_kind(given->data[0]) == WASM_I32);
    wasmtime.wasm_functype_delete(type);
    return fits;
}

// A constant of that name would not be what the code's frames move.
static int is_mutable(struct boxer_machine *machine) {
    wasmtime_error_t *error = wasmtime.wasmtime_global_set(
        machine->context, &machine->stack_pointer, &machine->initial_stack);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    return !error;
}

// A task's first function: takes its id, returns nothing.
static int find_task_begin(struct boxer_machine *machine) {
    wasmtime_extern_t found;
    if (!export_of(machine, "boxer_task_begin", WASMTIME_EXTERN_FUNC, &found))
        return 0;
    machine->task_begin = found.of.func;
    wasm_functype_t *type = wasmtime.wasmtime_func_type(machine->context, &found.of.func);
    const wasm_valtype_vec_t *given = wasmtime.wasm_functype_params(type);
    int fits = given->size == 1 && wasmtime.wasm_valtype_kind(given->data[0]) == WASM_I32 &&
               wasmtime.wasm_functype_results(type)->size == 0;
    wasmtime.wasm_functype_delete(type);
    return fits;
}

// What an exported global says; 0: there is none.
static uint32_t address_of(struct boxer_machine *machine, const char *name) {
    wasmtime_extern_t found;
    wasmtime_val_t value;
    if (!export_of(machine, name, WASMTIME_EXTERN_GLOBAL, &found))
        return 0;
    wasmtime.wasmtime_global_get(machine->context, &found.of.global, &value);
    return value.kind == WASM_I32 ? (uint32_t)value.of.i32 : 0;
}

static int find_exports(struct boxer_machine *machine, char *message) {
    wasmtime_extern_t found;
    if (!export_of(machine, "memory", WASMTIME_EXTERN_MEMORY, &found))
        return complain(message, "the module exports no memory");
    machine->memory = found.of.memory;
    machine->base = wasmtime.wasmtime_memory_data(machine->context, &machine->memory);
    machine->has_start = export_of(machine, "_start", WASMTIME_EXTERN_FUNC, &found);
    if (machine->has_start && !function_of(machine, "_start", 0, &machine->start))
        return complain(message, "an exported function has another type than a base gives it");
    machine->has_call = function_of(machine, "boxer_call", 1, &machine->call);
    if (export_of(machine, "__stack_pointer", WASMTIME_EXTERN_GLOBAL, &found)) {
        machine->stack_pointer = found.of.global;
        wasmtime.wasmtime_global_get(machine->context, &found.of.global, &machine->initial_stack);
        machine->has_stack_pointer = machine->initial_stack.kind == WASM_I32 && is_mutable(machine);
    }
    machine->boot = address_of(machine, "boxer_boot");
    machine->signals = address_of(machine, "boxer_signals");
    return 0;
}

// memory: what says where the slots are.
static void find_slots(struct boxer_machine *machine, const uint8_t *memory, uint64_t size) {
    wasmtime_extern_t table;
    machine->tasks = address_of(machine, "boxer_tasks");
    if (machine->tasks && machine->tasks % 4 == 0 && find_task_begin(machine) &&
        export_of(machine, "__indirect_function_table", WASMTIME_EXTERN_TABLE, &table))
        slots_fill(machine, &table.of.table, memory, size);
    else
        machine->tasks = 0;
}

static int instantiate(struct boxer_machine *machine, char *message) {
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *error = wasmtime.wasmtime_instance_pre_instantiate(
        machine->code->blueprint, machine->context, &machine->instance, &trap);
    if (!error && !trap)
        return 0;
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    return complain(message, "the module cannot be instantiated");
}

static int grow_by(struct boxer_machine *machine, uint64_t bytes) {
    uint64_t before;
    wasmtime_error_t *error =
        bytes ? wasmtime.wasmtime_memory_grow(machine->context, &machine->memory, bytes / WASM_PAGE,
                                              &before)
              : NULL;
    if (error)
        wasmtime.wasmtime_error_delete(error);
    return error ? -1 : 0;
}

static int fill_memory(struct boxer_machine *machine, char *message) {
    uint64_t size = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    uint64_t wanted = machine->image->size;
    if (size > wanted)
        return complain(message, "the image is smaller than the module's memory");
    if (size < wanted) {
        wasmtime_error_t *error = wasmtime.wasmtime_memory_grow(machine->context, &machine->memory,
                                                                (wanted - size) / WASM_PAGE, &size);
        if (error) {
            wasmtime.wasmtime_error_delete(error);
            return complain(message, "the memory cannot grow to the size of its image");
        }
    }
    return image_map(machine->image, machine->base) < 0
               ? complain(message, "the image cannot be mapped")
               : 0;
}

static struct boxer_machine *new_machine(struct boxer_code *code, struct boxer_image *image,
                                         uint64_t memory_limit, char *message) {
    struct boxer_machine *machine = calloc(1, sizeof *machine);
    if (!machine) {
        complain(message, "no memory");
        return NULL;
    }
    machine->code = code;
    machine->image = image;
    machine->memory_limit = memory_limit;
    machine->store = wasmtime.wasmtime_store_new(code->engine, machine, NULL);
    machine->context = wasmtime.wasmtime_store_context(machine->store);
    wasmtime.wasmtime_store_limiter(machine->store, (int64_t)memory_limit, MOST_TABLE_ENTRIES, 1, 1,
                                    1);
    if (instantiate(machine, message) < 0 || find_exports(machine, message) < 0 ||
        fill_memory(machine, message) < 0) {
        boxer_machine_free(machine);
        return NULL;
    }
    // Not through its own mapping, where reading costs a fault.
    find_slots(machine, machine->image->pristine, machine->image->size);
    return machine;
}

struct boxer_machine *boxer_machine_new(struct boxer_code *code, struct boxer_image *image,
                                        uint64_t memory_limit, char *message) {
    struct boxer_machine *machine = new_machine(code, image, memory_limit, message);
    if (machine)
        image_expect(image, machine->base);
    return machine;
}

void boxer_machine_free(struct boxer_machine *machine) {
    net_end(machine);
    wasmtime.wasmtime_store_delete(machine->store);
    fibers_free(machine->fibers);
    spaces_free(machine);
    files_free(machine->files);
    layer_release(machine->layer);
    tracking_free(&machine->tracking);
    free(machine->output.bytes);
    free(machine->errors.bytes);
    free(machine->reply.bytes);
    free(machine->answer.bytes);
    free(machine);
}

static void copy_text(char *message, wasm_byte_vec_t *text) {
    snprintf(message, 256, "%.*s", (int)text->size, text->data);
    wasmtime.wasm_byte_vec_delete(text);
}

// What the engine says ended the guest, where no host function has said it.
static void note_failure(struct boxer_outcome *outcome, wasmtime_error_t *error,
                         wasm_trap_t *trap) {
    wasm_byte_vec_t text;
    uint8_t code;
    if (trap && wasmtime.wasmtime_trap_code(trap, &code)) {
        outcome->kind = BOXER_TRAPPED;
        outcome->status = code;
        return;
    }
    outcome->kind = BOXER_FAILED;
    if (trap)
        wasmtime.wasm_trap_message(trap, &text);
    else
        wasmtime.wasmtime_error_message(error, &text);
    copy_text(outcome->message, &text);
}

static int fail(struct boxer_outcome *outcome, const char *problem) {
    outcome->kind = BOXER_FAILED;
    return complain(outcome->message, problem);
}

void machine_note_end(struct boxer_machine *machine, wasmtime_error_t *error, wasm_trap_t *trap,
                      const char *otherwise) {
    // A call that was cut short (interrupt.c) has ended in a trap that says nothing of why.
    if (machine->outcome->kind == BOXER_RETURNED && !watch_check(machine)) {
        if (error || trap)
            note_failure(machine->outcome, error, trap);
        else
            fail(machine->outcome, otherwise);
    }
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    if (error)
        wasmtime.wasmtime_error_delete(error);
}

#define BOOT(field) offsetof(struct boxer_boot, field)

static uint32_t *boot_field(struct boxer_machine *machine, uint32_t field) {
    return guest_at(machine, machine->boot + field, 4);
}

// How many tasks there may be. Written only where it is another number: the page may be shared with
// the image.
static void tell_tasks(struct boxer_machine *machine) {
    uint32_t *most = machine->tasks
                         ? guest_at(machine, machine->tasks + offsetof(struct boxer_tasks, most), 4)
                         : NULL;
    if (!most || (*most ? *most : BOXER_TASKS) == machine->run->tasks)
        return;
    *most = machine->run->tasks;
}

// To read that clock takes a system call.
static int wants_cpu(const struct boxer_run *run) {
    return !run->unmeasured || run->cpu_ns != UINT64_MAX;
}

static void begin(struct boxer_machine *machine, const struct boxer_run *run,
                  struct boxer_outcome *outcome) {
    memset(outcome, 0, offsetof(struct boxer_outcome, brief));
    outcome->kind = BOXER_RETURNED;
    machine->run = run;
    machine->outcome = outcome;
    machine->began_ns = now_ns();
    machine->cpu_began_ns = wants_cpu(run) ? cpu_now_ns() : 0;
    machine->born_ns = machine->born_ns ? machine->born_ns : machine->began_ns;
    machine->input_at = 0;
    machine->output_left = run->output;
    kept_forget(&machine->output);
    kept_forget(&machine->errors);
    kept_forget(&machine->reply);
    kept_forget(&machine->answer);
    machine->answer_at = 0;
    machine->outer = tracking_enter(machine);
    if (run->fixed && !machine->has_slots) // its memory was filled behind its making
        find_slots(machine, machine->base,
                   wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory));
    tell_tasks(machine);
    if (run->thaw) // a life that began before has ended
        net_end(machine);
    machine->has_network = net_begin(machine) == 0 && (!run->lives || lives_begin(machine) == 0);
    machine->has_signal = watch_begin(machine) == 0;
}

// A guest that recurses beyond what its engine allows traps; beyond what the thread has it would
// end this process.
static int has_stack(struct boxer_machine *machine) {
    return (uintptr_t)__builtin_frame_address(0) - stack_bounds().end >= machine->code->stack;
}

// A boxer_refusal; 0: none.
static uint32_t refusal(struct boxer_machine *machine) {
    if (is_interrupting())
        return BOXER_IN_SIGNAL_HANDLER;
    if (!has_stack(machine))
        return BOXER_TOO_LITTLE_STACK;
    if (machine->run->network && !machine->has_network)
        return BOXER_NO_NETWORK;
    return machine->has_signal ? 0 : BOXER_NO_SIGNAL;
}

// Its frame is the border between the guest's native stack and the host's: never a part of another.
static __attribute__((noinline)) void enter(struct boxer_machine *machine,
                                            const wasmtime_func_t *function) {
    struct boxer_outcome *outcome = machine->outcome;
    wasmtime_val_raw_t value = {0};
    wasm_trap_t *trap = NULL;
    if ((outcome->status = refusal(machine))) {
        outcome->kind = BOXER_REFUSED;
        return;
    }
    machine->entry_top = (uintptr_t)__builtin_frame_address(0);
    wasmtime_error_t *error =
        wasmtime.wasmtime_func_call_unchecked(machine->context, function, &value, 1, &trap);
    if (machine->fibers)
        fibers_end(machine);
    if (machine->spaces)
        spaces_forget(machine);
    if (!error && !trap) {
        outcome->status = (uint32_t)value.i32;
        return;
    }
    machine_note_end(machine, error, trap, NULL);
    // The frames are gone; what they had taken of the stack is given back.
    if (machine->has_stack_pointer)
        wasmtime.wasmtime_global_set(machine->context, &machine->stack_pointer,
                                     &machine->initial_stack);
}

static void finish(struct boxer_machine *machine) {
    struct boxer_outcome *outcome = machine->outcome;
    watching_end(&machine->watched);
    tracking_enter(machine->outer);
    net_note(machine);
    outcome->reached = machine->boot && boot_field(machine, BOOT(reached))
                           ? *boot_field(machine, BOOT(reached))
                           : 0;
    outcome->time_ns = now_ns() - machine->began_ns;
    outcome->cpu_ns = wants_cpu(machine->run) ? cpu_now_ns() - machine->cpu_began_ns : 0;
    outcome->memory = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    outcome->output = machine->output.bytes;
    outcome->output_size = machine->output.size;
    outcome->errors = machine->errors.bytes;
    outcome->errors_size = machine->errors.size;
    machine->run = NULL;
}

void boxer_machine_run(struct boxer_machine *machine, const struct boxer_run *run,
                       struct boxer_outcome *outcome) {
    begin(machine, run, outcome);
    if (machine->has_start)
        enter(machine, &machine->start);
    else
        fail(outcome, "the module exports no function `_start`");
    lives_leave(machine);
    net_note(machine);
    net_end(machine);
    lives_end(machine);
    finish(machine);
    image_learn(machine->image, machine->base);
}

// Where the request goes: a room in the guest, which it gives larger when it is asked to.
static int hand_over(struct boxer_machine *machine, const uint8_t *request, uint64_t size) {
    if (!machine->has_call || !machine->boot || !boot_field(machine, BOOT(room)))
        return fail(machine->outcome, "the box takes no calls");
    if (size > UINT32_MAX)
        return fail(machine->outcome, "the request is too large");
    if (size > *boot_field(machine, BOOT(room))) {
        *boot_field(machine, BOOT(request_size)) = (uint32_t)size;
        *boot_field(machine, BOOT(request)) = 0;
        enter(machine, &machine->call); // without an address: asks for a room of that size
        if (machine->outcome->kind != BOXER_RETURNED)
            return -1;
    }
    uint32_t address = *boot_field(machine, BOOT(request));
    uint8_t *room = guest_at(machine, address, size);
    if (!room || !address)
        return fail(machine->outcome, "the box has no room for the request");
    memcpy(room, request, size);
    *boot_field(machine, BOOT(request_size)) = (uint32_t)size;
    *boot_field(machine, BOOT(thaw)) = machine->run->thaw;
    return 0;
}

static void take_reply(struct boxer_machine *machine) {
    struct boxer_outcome *outcome = machine->outcome;
    uint32_t size = *boot_field(machine, BOOT(reply_size));
    const uint8_t *reply = guest_at(machine, *boot_field(machine, BOOT(reply)), size);
    if (!reply) {
        fail(outcome, "the box's reply lies outside of its memory");
    } else if (size > machine->output_left) {
        outcome->kind = BOXER_LIMIT;
        outcome->status = BOXER_LIMIT_OUTPUT;
    } else if (kept_set(&machine->reply, reply, size) < 0) {
        fail(outcome, "no memory");
    } else {
        outcome->reply = machine->reply.bytes;
        outcome->reply_size = size;
    }
}

void boxer_machine_call(struct boxer_machine *machine, const struct boxer_run *run,
                        const uint8_t *request, uint64_t size, struct boxer_outcome *outcome) {
    begin(machine, run, outcome);
    if (hand_over(machine, request, size) == 0) {
        enter(machine, &machine->call);
        if (outcome->kind == BOXER_RETURNED)
            take_reply(machine);
    }
    finish(machine);
}

void boxer_machine_enter(struct boxer_machine *machine, const char *name,
                         const struct boxer_run *run, struct boxer_outcome *outcome) {
    wasmtime_func_t function;
    begin(machine, run, outcome);
    if (function_of(machine, name, 1, &function) || function_of(machine, name, 0, &function))
        enter(machine, &function);
    else
        fail(outcome, "the module exports no such function");
    finish(machine);
}

int boxer_machine_grow(struct boxer_machine *machine, uint64_t bytes) {
    return grow_by(machine, bytes);
}

uint32_t boxer_machine_constant(struct boxer_machine *machine, const char *name) {
    return address_of(machine, name);
}

const uint8_t *boxer_machine_memory(struct boxer_machine *machine, uint64_t *size) {
    *size = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    return machine->base;
}

static int stack_is_initial(struct boxer_machine *machine) {
    wasmtime_val_t now;
    if (!machine->has_stack_pointer)
        return 0;
    wasmtime.wasmtime_global_get(machine->context, &machine->stack_pointer, &now);
    return now.of.i32 == machine->initial_stack.of.i32;
}

static int put_back(struct boxer_machine *machine, struct boxer_outcome *outcome,
                    int64_t (*restore)(struct boxer_machine *)) {
    uint64_t size = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    net_end(machine);
    if (machine->layer || machine->spaces || machine->files || size != machine->image->size ||
        !stack_is_initial(machine))
        return 0;
    int64_t pages = restore(machine);
    if (pages < 0)
        return 0;
    outcome->dirty_pages = (uint64_t)pages;
    machine->born_ns = 0;
    return 1;
}

int boxer_machine_reset(struct boxer_machine *machine, struct boxer_outcome *outcome) {
    return put_back(machine, outcome, tracking_restore);
}

int boxer_machine_clear(struct boxer_machine *machine, struct boxer_outcome *outcome) {
    return put_back(machine, outcome, tracking_clear);
}

static int is_brief(const struct boxer_outcome *outcome) {
    return outcome->kind == BOXER_RETURNED && !outcome->status && outcome->reusable &&
           outcome->reply_size && outcome->reply_size <= sizeof outcome->brief &&
           outcome->reply[0] == '=';
}

uint64_t boxer_machine_serve(struct boxer_machine *machine, const struct boxer_run *run,
                             const uint8_t *request, uint64_t size, struct boxer_outcome *outcome) {
    baton_give();
    if (request)
        boxer_machine_call(machine, run, request, size, outcome);
    else
        boxer_machine_run(machine, run, outcome);
    outcome->reusable = (uint32_t)boxer_machine_reset(machine, outcome);
    uint64_t told = 0;
    if (request && is_brief(outcome)) {
        memcpy(outcome->brief, outcome->reply, outcome->reply_size);
        told = outcome->dirty_pages << 16 | outcome->reply_size;
    }
    machine->served = pthread_self();
    baton_take();
    return told;
}

int boxer_machine_is_near(const struct boxer_machine *machine) {
    return pthread_equal(machine->served, pthread_self());
}

static int become(struct boxer_machine *copy, struct boxer_machine *machine, int descriptor) {
    uint64_t size = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    if (!stack_is_initial(machine) || grow_by(copy, size - machine->image->size) < 0)
        return -1;
    if (machine->spaces) // its processes have ended: it is what is in place
        return fork_of_processes(machine, copy, size, descriptor);
    if (fork_memory(machine, copy, size, descriptor) < 0)
        memcpy(copy->base, machine->base, size);
    return 0;
}

struct boxer_machine *boxer_machine_fork(struct boxer_machine *machine, uint64_t memory_limit,
                                         int descriptor, char *message) {
    if (machine->files) {
        complain(message, "the machine has mounted folders");
        return NULL;
    }
    struct boxer_machine *copy = new_machine(machine->code, machine->image, memory_limit, message);
    if (copy && become(copy, machine, descriptor) < 0) {
        complain(message, "the machine cannot be copied");
        boxer_machine_free(copy);
        return NULL;
    }
    return copy;
}

int boxer_machine_is_pristine(struct boxer_machine *machine) {
    uint64_t size = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    return size == machine->image->size &&
           memcmp(machine->base, machine->image->pristine, size) == 0 && stack_is_initial(machine);
}
