// Memory of a guest's processes that are out of place: see space.c.
#ifndef BOXER_NATIVE_SPACE_H
#define BOXER_NATIVE_SPACE_H

#include "state.h"

// All: 0, or -errno, and nothing has changed. Addresses are the guest's, of descriptors.
int space_check_move(struct boxer_machine *, uint32_t leave, uint32_t enter);
int space_copy(struct boxer_machine *, uint32_t from, uint32_t id);
int space_of_image(struct boxer_machine *, uint32_t id, uint32_t descriptor);
int space_check_drop(struct boxer_machine *, uint32_t id);

// Makes the exchange that was checked last. -1: the run is over, its outcome says why.
int space_move(struct boxer_machine *);
void space_drop(struct boxer_machine *, uint32_t id);

#endif
