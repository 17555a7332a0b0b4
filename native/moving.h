// Pages from one place of this process to another: see moving.c.
#ifndef BOXER_NATIVE_MOVING_H
#define BOXER_NATIVE_MOVING_H

#include "state.h"

// Where pages come from that are not private: a file with them at their offsets; -1: the image,
// and zeros behind its end.
struct source {
    const struct boxer_image *image;
    int file;
};

// All: 0, or -1. Bases have the offset 0 of a machine's memory; parts are of whole pages.
typedef int (*part_visitor)(void *state, struct range);

// Without private pages.
int map_untouched(const struct source *, uint8_t *base, struct range part);
// Makes `to` equal to `from`. The bytes that took, or -1: more than `most`, or no room.
int64_t copy_part(const struct source *, uint8_t *to, uint8_t *from, struct range part,
                  uint64_t most);
// Moves, and says in which parts, each within one mapping. is_whole: this part is known to be so.
int move_part(const struct source *, uint8_t *to, uint8_t *from, struct range part, int is_whole,
              part_visitor done, void *state);

#endif
