// Folders of this machine that the launcher mounts.
#ifndef BOXER_NATIVE_VOLUMES_H
#define BOXER_NATIVE_VOLUMES_H

#include "machine.h"

enum { MOST_VOLUMES = 16 };
// Outer folders first, as src/boxer/cli/grants.py has them.
struct volumes {
    struct boxer_folder list[MOST_VOLUMES];
    uint32_t count;
};

// text: of `-v`. 0, or -1: for the Python program to understand, to make, or to refuse.
int volumes_add(struct volumes *, const char *text);

#endif
