// What the launcher needs to run a box: written by src/boxer/runtime/plans.py at the first run.
#ifndef BOXER_NATIVE_PLAN_H
#define BOXER_NATIVE_PLAN_H

#include <limits.h>
#include <stdint.h>

struct plan {
    char library[PATH_MAX]; // wasmtime's
    char code[PATH_MAX];    // compiled for this machine
    char image[PATH_MAX];   // the memory, a file as large as it
    char pages[PATH_MAX];   // what an earlier run wrote to: expected.h
    char limits[128];       // the variable that tells the box's kernel its limits
    uint64_t size, memory;  // bytes of the image, and the most a run may have
};

// The plan for what `boxer run` calls a box: a file's path, or NAME[:TAG]. 0, or -1 where there is
// none that can be trusted: a plan lies in a folder only this user can write to, and is made for
// exactly the file that is there now.
int plan_find(const char *box, struct plan *);

#endif
