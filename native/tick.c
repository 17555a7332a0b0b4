// The tick: tells a guest with several tasks that another wants its turn.
//
// The ticker (watch.c) reads how many want one, and sends the machine's thread the signal that
// looks at limits; the handler writes, on that thread: a guest's own changes of those words and
// ours cannot happen at once. While nobody wants a tick, the ticker reads one word each time it
// looks anyway, and sleeps as long as ever.
//
// Invariants
// 1. The block never moves: spaces do not hold its page (space.c), so any thread may read it.
// 2. While an order waits there are ticks, too.
// 3. What the block says is a guest's: addresses are checked, the time is kept within bounds.
#define _GNU_SOURCE
#include "state.h"
#include "../guest/include/boxer/boot.h"
#include "polling.h"

#include <poll.h>
#include <string.h>

enum { DEFAULT_US = 5000, SHORTEST_US = 1000, LONGEST_US = 10000000 };

#define BLOCK(field) offsetof(struct boxer_tasks, field)

// Nobody sees it yet.
void tick_begin(struct boxer_machine *machine) {
    struct watched *watched = &machine->watched;
    watched->tick_ns = 0;
    watched->tick_is_due = watched->is_waiting = watched->is_ordered = 0;
    watched->orders = machine->run->orders - 1;
    watched->tasks = machine->tasks && !machine->run->still
                         ? guest_at(machine, machine->tasks, sizeof(struct boxer_tasks))
                         : NULL;
}

// The block is aligned (find_slots).
static uint32_t read_field(const volatile uint8_t *block, uint32_t field) {
    return *(const volatile uint32_t *)(block + field);
}

static uint64_t period_ns(const volatile uint8_t *block) {
    uint32_t period = read_field(block, BLOCK(tick_us));
    period = period ? period : DEFAULT_US;
    period = period < SHORTEST_US ? SHORTEST_US : period;
    return (uint64_t)(period > LONGEST_US ? LONGEST_US : period) * 1000;
}

// An order is for a guest that never waits, too.
static int is_ordered(struct watched *watched) {
    struct pollfd polled = {.fd = watched->orders, .events = POLLIN};
    watched->is_ordered = watched->orders >= 0 && poll(&polled, 1, 0) > 0;
    return watched->is_ordered;
}

int tick_is_due(struct watched *watched, uint64_t now, uint64_t *next) {
    const volatile uint8_t *block = watched->tasks;
    if (!block || watched->is_waiting)
        return 0;
    if (!is_ordered(watched) && !read_field(block, BLOCK(others))) {
        watched->tick_ns = 0;
        return 0;
    }
    uint64_t period = period_ns(block);
    int is_due = watched->tick_ns && now >= watched->tick_ns;
    if (is_due || !watched->tick_ns)
        watched->tick_ns = now + period;
    *next = watched->tick_ns < *next ? watched->tick_ns : *next;
    return is_due;
}

static void set_bits(struct boxer_machine *machine, const struct boxer_tasks *block) {
    uint32_t address, value;
    const uint8_t *word = guest_at(machine, block->watched, sizeof address);
    if (!block->watched || !word)
        return;
    memcpy(&address, word, sizeof address);
    if (!address || block->offset > UINT32_MAX - address)
        return;
    uint8_t *place = guest_at(machine, address + block->offset, sizeof value);
    if (!place)
        return;
    memcpy(&value, place, sizeof value);
    value |= block->bits;
    memcpy(place, &value, sizeof value);
}

void tick_deliver(struct watched *watched) {
    struct boxer_machine *machine =
        (struct boxer_machine *)((char *)watched - offsetof(struct boxer_machine, watched));
    struct boxer_tasks *block = guest_at(machine, machine->tasks, sizeof *block);
    if (!watched->stack_top || !block || !(block->others || watched->is_ordered))
        return; // in the middle of a switch: the next one will do
    block->due = 1;
    set_bits(machine, block);
}
