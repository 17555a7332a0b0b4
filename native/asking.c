// A guest's requests to functions of the host (asking.h).
#define _GNU_SOURCE
#include "asking.h"
#include "../guest/include/boxer/boot.h"
#include "baton.h"
#include "polling.h"
#include "wasi.h"

#include <string.h>

enum { MOST_MOVED = 1 << 20, HEAD = 4 };

#define U32(n) ((uint32_t)v[n].i32)

int asking_has(const struct boxer_machine *machine, uint32_t number) {
    return number == BOXER_ASKING && machine->run->ask;
}

struct question {
    struct boxer_machine *machine;
    const uint8_t *request;
    uint64_t size;
    int failed;
};

static void ask(void *argument) {
    struct question *question = argument;
    struct boxer_machine *machine = question->machine;
    baton_take();
    question->failed = machine->run->ask(machine, question->request, question->size);
    baton_give();
}

// One buffer is a request: its bytes stay where they are meanwhile, for the guest stands still.
int asking_send(struct boxer_machine *machine, const wasmtime_val_raw_t *v) {
    const struct wasi_vector *vector = guest_at(machine, U32(1), sizeof *vector);
    uint32_t *moved = guest_at(machine, U32(4), sizeof *moved);
    if (U32(2) != 1)
        return WASI_INVAL;
    if (!vector || !moved)
        return WASI_FAULT;
    struct question question = {machine, guest_at(machine, vector->address, vector->size),
                                vector->size, 0};
    if (!question.request)
        return WASI_FAULT;
    kept_forget(&machine->answer);
    machine->answer_at = 0;
    fibers_on_own_stack(machine, ask, &question);
    if (question.failed) {
        machine->outcome->kind = BOXER_INTERRUPTED;
        return STREAM_OVER;
    }
    *moved = (uint32_t)question.size;
    return WASI_SUCCESS;
}

int asking_receive(struct boxer_machine *machine, const wasmtime_val_raw_t *v) {
    const struct wasi_vector *vector = guest_at(machine, U32(1), sizeof *vector);
    uint32_t *moved = guest_at(machine, U32(4), sizeof *moved);
    uint16_t *flags = guest_at(machine, U32(5), sizeof *flags);
    if (U32(2) != 1)
        return WASI_INVAL;
    if (!vector || !moved || !flags)
        return WASI_FAULT;
    uint64_t left = machine->answer.size - machine->answer_at;
    uint64_t size = vector->size < left ? vector->size : left;
    size = size < MOST_MOVED ? size : MOST_MOVED;
    uint8_t *room = guest_at(machine, vector->address, size);
    if (!room)
        return WASI_FAULT;
    memcpy(room, machine->answer.bytes + machine->answer_at, size);
    machine->answer_at += size;
    *moved = (uint32_t)size;
    *flags = 0;
    return WASI_SUCCESS;
}

int boxer_machine_answer(struct boxer_machine *machine, const uint8_t *reply, uint64_t size) {
    uint32_t head = (uint32_t)size;
    if (size > UINT32_MAX - HEAD || kept_set(&machine->answer, (const uint8_t *)&head, HEAD) < 0)
        return -1;
    return kept_add(&machine->answer, reply, size);
}
