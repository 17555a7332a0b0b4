// Python's small blocks at the freeze (pymalloc, Objects/obmalloc.c).
//
// They come in pools of a page, each of one size. The pools that have room are filled, so that a
// run takes its blocks from fresh pages, side by side, and not from a block here and a block there.
// What is taken is never given back: it is the image's. What dead objects left, in those blocks and
// in pools that nothing uses, would be bytes of the box.
#include "pools.h"

#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_obmalloc.h>
#include <internal/pycore_pystate.h>
#include <string.h>

static void fill(void) {
    enum { STEP = 8, SMALL = 512, MOST_BLOCKS = 1 << 16 };
    for (size_t size = STEP; size <= SMALL; size += STEP) {
        for (int i = 0; i < MOST_BLOCKS; i++) {
            void *block = PyObject_Calloc(1, size);
            // A pool begins with the number of its blocks that are taken.
            if (!block ||
                *(const uint32_t *)((uintptr_t)block & ~(uintptr_t)(POOL_SIZE - 1)) == 1) {
                PyObject_Free(block);
                break;
            }
        }
    }
}

// A free pool is reused for blocks of its last size as it is, unless it has none.
static void clear_free(void) {
    struct _obmalloc_state *state = _PyInterpreterState_GET()->obmalloc;
    for (uint i = 0; i < state->mgmt.maxarenas; i++) {
        struct arena_object *arena = &state->mgmt.arenas[i];
        for (poolp pool = arena->address ? arena->freepools : NULL; pool; pool = pool->nextpool) {
            pool->szidx = DUMMY_SIZE_IDX;
            memset((char *)pool + POOL_OVERHEAD, 0, POOL_SIZE - POOL_OVERHEAD);
        }
    }
}

void pools_settle(void) {
    fill();
    clear_free();
}
