// Where the data of the module is the program's.
#include "mm/data.h"
#include "mm/pages.h"
#include "state.h"

#include <boxer/kernel.h>

static KERNEL_STATE uintptr_t constants;

void kernel_constants_below(uintptr_t address) {
    constants = address;
}

uintptr_t program_constants_end(void) {
    return constants;
}

#ifdef __wasm__

extern unsigned char __global_base, __heap_base;
extern unsigned char __start_kernel_state, __stop_kernel_state;

#define HOLES 5

struct hole {
    uintptr_t from, to;
};

static void find_holes(struct hole holes[HOLES]) {
    uintptr_t bitmaps[3];
    size_t size;
    pages_bitmaps(bitmaps, &size);
    for (int i = 0; i < 3; i++)
        holes[i] = (struct hole){bitmaps[i], bitmaps[i] + size};
    holes[3] = (struct hole){(uintptr_t)&__start_kernel_state, (uintptr_t)&__stop_kernel_state};
    holes[4] = (struct hole){(uintptr_t)&boxer_boot, (uintptr_t)(&boxer_boot + 1)};
}

uintptr_t program_stack_end(void) {
    return (uintptr_t)&__global_base;
}

size_t program_data(data_visit visit, void *context) {
    struct hole holes[HOLES];
    find_holes(holes);
    size_t done = 0;
    uintptr_t end = (uintptr_t)&__heap_base;
    for (uintptr_t at = (uintptr_t)&__global_base; at < end;) {
        struct hole next = {end, end};
        for (int i = 0; i < HOLES; i++)
            if (holes[i].to > at && holes[i].from < next.from)
                next = holes[i];
        size_t size = next.from > at ? next.from - at : 0;
        if (visit && size)
            visit((uint8_t *)at, size, done, context);
        done += size;
        at = next.to;
    }
    return done;
}

#else

uintptr_t program_stack_end(void) {
    return 0;
}

size_t program_data(data_visit visit, void *context) {
    (void)visit, (void)context; // natively the data around the kernel is the test's own
    return 0;
}

#endif
