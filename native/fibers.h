// What fiber.c and frames.c share of a machine's fibers.
#ifndef BOXER_NATIVE_FIBERS_H
#define BOXER_NATIVE_FIBERS_H

#include "fiber.h"

// SLACK: what is pushed between a look at the stack pointer and the switch. OF_A_FIBER: what is
// counted of one beside its frames.
enum { SLACK = 4096, OF_A_FIBER = 512 };

struct place {
    struct native_stack *stack; // null: the thread's own
    uintptr_t top;
    struct fiber *resident;
    uint32_t fibers;
};

struct fiber {
    struct place *place;
    void *suspended;
    struct engine_words words;
    uint32_t id;
    int is_dropped, answer;
    uint8_t *kept; // its frames, while another is resident
    uint64_t kept_size, kept_room;
};

// next, copy: what the scratch stack is to do. of: by id, `room` of them. most: ids of fibers with
// stacks are below. kept: bytes, of all.
struct fibers {
    struct fiber **of, *current, *next, *copy;
    uint32_t most, room, places;
    uint64_t kept;
    int is_live, is_ending;
    struct place own;
    const struct layout *layout;
    uintptr_t *store_words, *thread_word;
    struct native_stack *scratch;
    void *scratch_suspended;
};

// fiber.c
void fibers_set_top(struct boxer_machine *, uintptr_t top); // of the stack that runs; 0: none does
void fibers_arrive(struct boxer_machine *); // whoever is resumed: the frames may be a copy's
struct fiber *fibers_find(const struct fibers *, uint32_t id);
int fibers_make_table(struct fibers *, uint32_t id); // room for an id: 0, or -1
void fiber_free(struct fibers *, struct fiber *);

// frames.c. 0, or -1: no room.
int fiber_make_room(const struct boxer_machine *, struct fiber *); // to keep a resident's frames in
int fibers_make_scratch(struct fibers *);

#endif
