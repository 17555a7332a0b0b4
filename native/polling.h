// Clocks as a guest sees them, and waiting for them and for its streams.
#ifndef BOXER_NATIVE_POLLING_H
#define BOXER_NATIVE_POLLING_H

#include "state.h"
#include "wasi.h"

// Nanoseconds of a preview 1 clock. The monotonic one starts at zero with the machine's life: a
// guest does not learn how long the host has been up. A build's moves a microsecond with each look,
// so that a loop that waits for time to pass ends.
uint64_t guest_clock(struct boxer_machine *, uint32_t clock);

// poll_oneoff: the number of events, or -1 where the run has ended. Both arrays are the guest's
// memory and may overlap.
int guest_poll(struct boxer_machine *, const struct wasi_subscription *, struct wasi_event *,
               uint32_t count);

void *guest_at(struct boxer_machine *, uint32_t address, uint64_t size); // null: outside

#endif
