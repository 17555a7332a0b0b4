// The guest's door to fibers and to the memory of its processes: host functions in the table that
// its code calls through.
//
// A guest says where in the block `boxer_tasks` (abi/boot.toml); its own functions lie there until
// a machine is made here. Modules that lack the block, the table or `boxer_task_begin` are left as
// they are.
//
// Invariants
// 1. Whatever a guest says is checked: ids, addresses, ranges. It may call in any order.
// 2. What is refused (-errno, of Linux) has changed nothing.
// 3. Each function looks the current fiber up again behind a switch: the frames may be a copy's.
#define _GNU_SOURCE
#include "fiber.h"
#include "space.h"
#include "../guest/include/boxer/boot.h"
#include "polling.h"

#include <errno.h>
#include <string.h>

enum { NOBODY = -1, MOST_PARAMETERS = 3 };

#define ARGUMENTS struct boxer_machine *machine, const wasmtime_val_raw_t *v
#define U32(n) ((uint32_t)v[n].i32)

static int switch_(ARGUMENTS) {
    int moves = U32(1) || U32(2);
    int error = moves ? space_check_move(machine, U32(1), U32(2)) : 0;
    if (!error)
        error = fibers_check_switch(machine, U32(0));
    if (error)
        return error;
    return moves ? fibers_switch_with(machine, U32(0)) : fibers_switch(machine, U32(0));
}

static int fork_(ARGUMENTS) {
    int error = fibers_check_copy(machine, U32(0));
    if (!error && U32(2))
        error = space_copy(machine, U32(1), U32(2));
    if (error)
        return error;
    error = fibers_copy(machine, U32(0));
    if (error < 0 && U32(2))
        space_drop(machine, U32(2));
    return error;
}

static int drop(ARGUMENTS) {
    int has_fiber = v[0].i32 != NOBODY;
    int error = has_fiber ? fibers_check_drop(machine, U32(0)) : 0;
    if (!error && U32(1))
        error = space_check_drop(machine, U32(1));
    if (error)
        return error;
    if (has_fiber)
        fibers_drop(machine, U32(0));
    if (U32(1))
        space_drop(machine, U32(1));
    return 0;
}

static int image(ARGUMENTS) {
    return space_of_image(machine, U32(0), U32(1));
}

struct slot {
    int (*answer)(struct boxer_machine *, const wasmtime_val_raw_t *);
    const char *name;
    uint32_t place, parameters; // place: in the block
};

#define BLOCK(field) offsetof(struct boxer_tasks, field)

static const struct slot slots[] = {
    {switch_, "switch", BLOCK(switch_slot), 3},
    {fork_, "fork", BLOCK(fork_slot), 3},
    {drop, "drop", BLOCK(drop_slot), 2},
    {image, "image", BLOCK(image_slot), 2},
};
enum { SLOTS = sizeof slots / sizeof *slots };

static int is_over(struct boxer_machine *machine) {
    if (fibers_are_ending(machine) || machine->outcome->kind != BOXER_RETURNED)
        return 1;
    if (!machine->watched.asked)
        return 0;
    machine->watched.asked = 0;
    return watch_check(machine);
}

static wasm_trap_t *answer(void *environment, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                           size_t count) {
    (void)count;
    const struct slot *slot = environment;
    wasmtime_context_t *context = wasmtime.wasmtime_caller_context(caller);
    struct boxer_machine *machine = wasmtime.wasmtime_context_get_data(context);
    values[0].i32 = fibers_ready(machine) ? slot->answer(machine, values) : -ENOSYS;
    return is_over(machine) ? wasmtime.wasmtime_trap_new("ended by the host", 17) : NULL;
}

static wasm_functype_t *type_of(const struct slot *slot) {
    wasm_valtype_vec_t parameters, results;
    wasmtime.wasm_valtype_vec_new_uninitialized(&parameters, slot->parameters);
    for (uint32_t i = 0; i < slot->parameters; i++)
        parameters.data[i] = wasmtime.wasm_valtype_new(WASM_I32);
    wasmtime.wasm_valtype_vec_new_uninitialized(&results, 1);
    results.data[0] = wasmtime.wasm_valtype_new(WASM_I32);
    return wasmtime.wasm_functype_new(&parameters, &results);
}

// No module is linked with them: they are kept where machines find them.
wasmtime_linker_t *slots_define(wasm_engine_t *engine) {
    wasmtime_linker_t *linker = wasmtime.wasmtime_linker_new(engine);
    for (int i = 0; i < SLOTS; i++) {
        const struct slot *slot = &slots[i];
        wasm_functype_t *type = type_of(slot);
        wasmtime_error_t *error = wasmtime.wasmtime_linker_define_func_unchecked(
            linker, "", 0, slot->name, strlen(slot->name), type, answer, (void *)slot, NULL);
        wasmtime.wasm_functype_delete(type);
        if (error)
            wasmtime.wasmtime_error_delete(error); // machines do not find it
    }
    return linker;
}

static void fill(struct boxer_machine *machine, const wasmtime_table_t *table,
                 const struct slot *slot, uint32_t index) {
    wasmtime_extern_t found;
    if (!wasmtime.wasmtime_linker_get(machine->code->slots, machine->context, "", 0, slot->name,
                                      strlen(slot->name), &found))
        return;
    wasmtime_val_t value = {.kind = WASMTIME_FUNCREF, .of.funcref = found.of.func};
    wasmtime_error_t *error = wasmtime.wasmtime_table_set(machine->context, table, index, &value);
    if (error)
        wasmtime.wasmtime_error_delete(error); // of another type: nobody can call it then
}

void slots_fill(struct boxer_machine *machine, const wasmtime_table_t *table, const uint8_t *memory,
                uint64_t memory_size) {
    uint64_t size = wasmtime.wasmtime_table_size(machine->context, table);
    if (machine->tasks > memory_size - sizeof(struct boxer_tasks))
        return;
    for (int i = 0; i < SLOTS; i++) {
        uint32_t index;
        memcpy(&index, memory + machine->tasks + slots[i].place, sizeof index);
        if (!index || index >= size)
            continue;
        fill(machine, table, &slots[i], index);
        machine->has_slots = 1;
    }
}
