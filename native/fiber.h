// Native stacks under a machine's calls, each of one task of the guest's: what a switch carries
// (layout.c), the stacks (stacks.c), the switch itself (switch.c), a machine's fibers (fiber.c,
// frames.c), the memory of its processes (space.c), and the guest's door to all of it (slots.c).
#ifndef BOXER_NATIVE_FIBER_H
#define BOXER_NATIVE_FIBER_H

#include "state.h"

// layout.c. What the engine keeps of the call that is under way: of_store lie in the store, one
// behind the other but for two that stay, of_thread in a word of the thread's.
enum { STORE_WORDS = 8 };
struct engine_words {
    uintptr_t of_store[STORE_WORDS], of_thread;
};
// first: of the words in a store. idle: what they are while no call is under way. stack: bytes the
// engine lets a guest use.
struct layout {
    size_t first;
    struct engine_words idle;
    uint64_t stack;
};
// Null: the engine is not one that is known. Looks once a process, which takes a millisecond.
const struct layout *layout_learn(wasm_engine_t *);
// The word of this thread; null: it has none.
uintptr_t *layout_thread_word(void);
void words_save(uintptr_t *store, const uintptr_t *thread, struct engine_words *);
void words_load(uintptr_t *store, uintptr_t *thread, const struct engine_words *);

// stacks.c. Pages below `lowest` are a guard.
struct native_stack {
    struct native_stack *next;
    uint8_t *lowest, *top;
};
struct native_stack *stack_take(uint64_t size); // null: there is no room
void stack_give(struct native_stack *);

// switch.c. Goes on with what was suspended at `to`, until somebody goes on with this.
void native_switch(void **suspended, void *to);
// A stack whose first turn calls begin(argument), which never returns.
void *native_begin(uint8_t *top, void (*begin)(void *), void *argument);
// Calls function(argument) on another stack, below `top`.
void native_call_on(void *top, void (*function)(void *), void *argument);
int native_can_switch(void); // 0: this processor watches over return addresses

// fiber.c. All ids are checked here. 0, or -errno, and nothing has changed then.
// Whether a machine's fibers can be switched; makes what is needed for it.
int fibers_ready(struct boxer_machine *);
int fibers_check_switch(struct boxer_machine *, uint32_t to);
// In the fiber that is gone on with: what its slot answers.
int fibers_switch(struct boxer_machine *, uint32_t to);
int fibers_switch_with(struct boxer_machine *, uint32_t to); // and makes space.c's exchange
int fibers_check_copy(struct boxer_machine *, uint32_t id);
int fibers_copy(struct boxer_machine *, uint32_t id);
int fibers_check_drop(struct boxer_machine *, uint32_t id);
void fibers_drop(struct boxer_machine *, uint32_t id);
uint32_t fibers_most(const struct boxer_machine *);
int fibers_are_ending(const struct boxer_machine *);

#endif
