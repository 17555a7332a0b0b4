// What a program's data was when it began, kept for a run that is to begin as it did.
//
// Invariants
// 1. All that may be written to is kept: what a run changed before it begins afresh is not known.
// Of
//    zeros only their number is, and constants are not kept.
// 2. The kernel's state is not in it. The stack is nobody's to change: who begins afresh has what
// it
//    needs there, or in memory of the kernel.
#include "process/afresh.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "mm/data.h"
#include "state.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/timers.h"
#include "vfs/fd.h"
#include "vfs/mapping.h"

#include <boxer/boot.h>
#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

#define STEP 64u // bytes that are looked at at once

// A run of the data; its bytes follow, unless they were all zero.
struct run {
    uint8_t *data;
    uint32_t size;
    uint32_t zero;
};

static KERNEL_STATE struct {
    uint8_t *whole, *runs;
    size_t size, end; // in bytes
} kept;

static size_t pages_of(size_t size) {
    return (size + PAGE_SIZE - 1) / PAGE_SIZE;
}

static void save(uint8_t *data, size_t size, size_t offset, void *copy) {
    memcpy((uint8_t *)copy + offset, data, size);
}

int kernel_remember(void) {
    kept.size = program_data(NULL, NULL);
    kept.whole = kept.size ? pages_alloc(pages_of(kept.size), 0) : NULL;
    if (kept.size && !kept.whole)
        return -ENOMEM;
    program_data(save, kept.whole);
    return 0;
}

// Where the next run goes; without `to` it is only measured.
struct pen {
    uint8_t *to;
    size_t at;
};

static int all_zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return 0;
    return 1;
}

static void put_run(struct pen *pen, uint8_t *data, const uint8_t *was, size_t size, int zero) {
    struct run run = {data, (uint32_t)size, (uint32_t)zero};
    if (pen->to)
        memcpy(pen->to + pen->at, &run, sizeof run);
    pen->at += sizeof run;
    if (pen->to && !zero)
        memcpy(pen->to + pen->at, was, size);
    pen->at += zero ? 0 : size;
}

static size_t step(size_t at, size_t size) {
    return size - at < STEP ? size - at : STEP;
}

static void put_data(uint8_t *data, size_t size, size_t offset, void *context) {
    const uint8_t *was = kept.whole + offset;
    size_t at = 0;
    if ((uintptr_t)data < program_constants_end())
        at = program_constants_end() - (uintptr_t)data;
    while (at < size) {
        size_t end = at;
        int zero = all_zero(was + at, step(at, size));
        while (end < size && all_zero(was + end, step(end, size)) == zero)
            end += step(end, size);
        put_run(context, data + at, was + at, end - at, zero);
        at = end;
    }
}

void kernel_remember_less(void) {
    struct pen pen = {0};
    program_data(put_data, &pen);
    kept.end = pen.at;
    kept.runs = pen.at ? pages_alloc(pages_of(pen.at), 0) : NULL;
    if (!kept.runs)
        return;
    pen = (struct pen){kept.runs, 0};
    program_data(put_data, &pen);
    pages_free(kept.whole, pages_of(kept.size));
    kept.whole = NULL;
}

static void restore(uint8_t *data, size_t size, size_t offset, void *copy) {
    memcpy(data, (const uint8_t *)copy + offset, size);
}

// Without constants only where the image has them: not yet before the freeze.
int afresh_is_possible(void) {
    return kept.whole || (kept.runs && boxer_boot.phase != BOXER_PHASE_COLD);
}

void afresh_put_back(void) {
    if (kept.whole)
        program_data(restore, kept.whole);
    for (size_t at = 0; at < kept.end;) {
        struct run run;
        memcpy(&run, kept.runs + at, sizeof run);
        at += sizeof run;
        if (run.zero)
            memset(run.data, 0, run.size);
        else
            memcpy(run.data, kept.runs + at, run.size);
        at += run.zero ? 0 : run.size;
    }
}

int kernel_begin_afresh(void) {
    if (!kept.runs)
        return -ENOMEM;
    struct process *process = current->process;
    fd_close_on_exec();
    mappings_end(space_in_place);
    space_discard();
    timers_exec(process);
    signal_exec(current);
    current->clear_child_tid = NULL;
    current->robust_list = NULL;
    afresh_put_back();
    return 0;
}

void *kernel_keep(const void *bytes, size_t size) {
    void *copy = kmalloc(size ? size : 1);
    if (copy)
        memcpy(copy, bytes, size);
    return copy;
}

void kernel_let_go(void *copy) {
    kfree(copy);
}
