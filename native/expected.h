// What a run over an image will most likely write to: had ready for later ones.
#ifndef BOXER_NATIVE_EXPECTED_H
#define BOXER_NATIVE_EXPECTED_H

#include "state.h"

// Has the pages that a run will write to ready, where that is known. Only for speed.
void image_expect(const struct boxer_image *, uint8_t *memory);
// After the first run over an image: what it wrote to.
void image_learn(struct boxer_image *, const uint8_t *memory);

// For processes of one run. `recall` takes what `record` has left in a file of this user's; where
// there is nothing, or something else, the first run is learned from. Before the first machine.
void image_recall(struct boxer_image *, const char *path);
void image_record(const struct boxer_image *, const char *path);

#endif
