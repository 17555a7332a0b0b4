// Which pages of a machine can differ from its image, without asking the host's kernel each time.
//
// A machine that is reset often is armed: the pages its runs have written to so far stay writable,
// all others are made read-only. The first write to one of those is a fault, which makes the page
// writable and notes it. So a reset copies the noted pages and is done; no page can have changed
// unnoticed, for the processor saw to it. (PAGEMAP_SCAN over a machine of 15 MB takes 115 us, since
// it looks at every page that is mapped, read ones too; copying 150 pages takes 15 us.)
//
// Invariants
// 1. Armed: a page is writable only if its bit in `noted` is set.
// 2. The kernel of the host does not fault so; whoever gives it guest memory to write to calls
//    `tracking_touch` first.
// 3. A page that is admitted can split a mapping in three, of which a process has 65,530 by
// default:
//    all machines together take a part of them, each by itself those of KEPT_PAGES. Beyond that a
//    machine is opened: all of it becomes writable, and a reset maps it anew.
// 4. Where our handler is not the first (faults.c), no machine that is entered is armed.
#define _GNU_SOURCE
#include "state.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, LEARNING_RUNS = 2, SPLIT = 2, MOST_MAPPINGS = 65530, SHARE = 4 };

static __thread struct boxer_machine *running __attribute__((tls_model("initial-exec")));
static int64_t mappings_left; // of what all machines together may take

static int is_noted(const struct tracking *tracking, uint64_t page) {
    return (int)(tracking->noted[page / 64] >> (page % 64) & 1);
}

static void note(struct tracking *tracking, uint64_t page) {
    if (is_noted(tracking, page))
        return;
    tracking->noted[page / 64] |= 1ull << (page % 64);
    tracking->count++;
    tracking->changed = 1;
}

static int take_mappings(struct tracking *tracking, int64_t count) {
    if (__atomic_sub_fetch(&mappings_left, count, __ATOMIC_RELAXED) >= 0) {
        tracking->mappings += count;
        return 1;
    }
    __atomic_add_fetch(&mappings_left, count, __ATOMIC_RELAXED);
    return 0;
}

static void give_mappings_back(struct tracking *tracking) {
    __atomic_add_fetch(&mappings_left, tracking->mappings, __ATOMIC_RELAXED);
    tracking->mappings = 0;
}

// One mapping again. 0, or -1.
static int open_all(struct boxer_machine *machine) {
    if (mprotect(machine->base, machine->image->size, PROT_READ | PROT_WRITE) < 0)
        return -1;
    give_mappings_back(&machine->tracking);
    machine->tracking.armed = 0;
    machine->tracking.opened = 1;
    return 0;
}

static int admit(struct boxer_machine *machine, uintptr_t address) {
    uintptr_t offset = address - (uintptr_t)machine->base;
    uint64_t page = offset / PAGE;
    if (!machine->tracking.armed || offset >= machine->image->size ||
        is_noted(&machine->tracking, page))
        return 0;
    note(&machine->tracking, page);
    if (machine->tracking.count <= KEPT_PAGES && take_mappings(&machine->tracking, SPLIT) &&
        mprotect(machine->base + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0)
        return 1;
    return open_all(machine) == 0;
}

int tracking_open(struct boxer_machine *machine) {
    return machine->tracking.armed ? open_all(machine) : 0;
}

int tracking_admit(void *address) {
    return running && admit(running, (uintptr_t)address);
}

static int64_t most_mappings(void) {
    long most = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (!file || fscanf(file, "%ld", &most) != 1 || most <= 0)
        most = MOST_MAPPINGS;
    if (file)
        fclose(file);
    return most;
}

static void install(void) {
    mappings_left = most_mappings() / SHARE;
}

void tracking_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    faults_install();
}

struct boxer_machine *tracking_enter(struct boxer_machine *machine) {
    struct boxer_machine *outer = running;
    // Should it fail, the next write is a crash of this process, which the handler that is first
    // then tells of.
    if (machine && !faults_are_ours() && machine->tracking.armed)
        open_all(machine);
    running = machine;
    return outer;
}

void tracking_touch(void *address, uint64_t size) {
    volatile uint8_t *bytes = address;
    for (uint64_t at = 0; at < size; at += PAGE - (uintptr_t)(bytes + at) % PAGE)
        bytes[at] = bytes[at];
}

// The noted pages as ranges.
static int gather(struct tracking *tracking, uint64_t pages) {
    struct range *ranges = realloc(tracking->ranges, (tracking->count + 1) * sizeof *ranges);
    if (!ranges)
        return -1;
    tracking->ranges = ranges;
    tracking->range_count = 0;
    for (uint64_t page = 0; page < pages; page++) {
        if (!tracking->noted[page / 64]) {
            page |= 63;
            continue;
        }
        if (!is_noted(tracking, page))
            continue;
        struct range *last = &ranges[tracking->range_count];
        *last = (struct range){page * PAGE, 0};
        for (; page < pages && is_noted(tracking, page); page++)
            last->size += PAGE;
        tracking->range_count++;
    }
    tracking->changed = 0;
    return 0;
}

static int arm(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    if (!take_mappings(tracking, (int64_t)(SPLIT * tracking->range_count + 1)))
        return 0; // others have them
    if (mprotect(machine->base, machine->image->size, PROT_READ) < 0)
        return -1;
    for (uint64_t i = 0; i < tracking->range_count; i++)
        if (mprotect(machine->base + tracking->ranges[i].offset, tracking->ranges[i].size,
                     PROT_READ | PROT_WRITE) < 0)
            return -1;
    tracking->armed = 1;
    return 0;
}

// Before they are put back: pages that were made ready for a write (image_map) and saw none are not
// noted.
static void note_region(void *state, uint64_t offset, uint64_t size) {
    struct boxer_machine *machine = state;
    for (uint64_t at = offset; at < offset + size; at += PAGE)
        if (memcmp(machine->base + at, machine->image->pristine + at, PAGE) != 0)
            note(&machine->tracking, at / PAGE);
}

static void forget(struct tracking *tracking, uint64_t pages) {
    give_mappings_back(tracking);
    memset(tracking->noted, 0, (pages / 64 + 1) * 8);
    tracking->armed = tracking->opened = tracking->learned = tracking->changed = 0;
    tracking->count = tracking->range_count = 0;
}

// Not armed yet: asks the kernel, restores, and learns.
static int64_t restore_and_learn(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    uint64_t pages = machine->image->size / PAGE;
    if (!tracking->noted && !(tracking->noted = calloc(pages / 64 + 1, 8)))
        return -1;
    int64_t restored = image_restore(machine->image, machine->base, note_region, machine);
    if (restored < 0)
        return -1;
    if (tracking->count > KEPT_PAGES) {
        forget(tracking, pages); // a run that wrote everywhere: the next one may not
        return restored;
    }
    if (++tracking->learned < LEARNING_RUNS)
        return restored;
    if (!faults_are_ours() || gather(tracking, pages) < 0)
        return restored;
    return arm(machine) < 0 ? -1 : restored;
}

// Too many pages have been written to at one time or another: everything anew.
static int64_t begin_again(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    int64_t count = (int64_t)tracking->count;
    forget(tracking, machine->image->size / PAGE);
    return image_map(machine->image, machine->base) < 0 ? -1 : count;
}

int64_t tracking_restore(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    if (tracking->opened || (tracking->armed && tracking->count > KEPT_PAGES))
        return begin_again(machine);
    if (!tracking->armed)
        return restore_and_learn(machine);
    if (tracking->changed && gather(tracking, machine->image->size / PAGE) < 0)
        return -1;
    for (uint64_t i = 0; i < tracking->range_count; i++) {
        struct range range = tracking->ranges[i];
        memcpy(machine->base + range.offset, machine->image->pristine + range.offset, range.size);
    }
    return (int64_t)tracking->count;
}

void tracking_free(struct tracking *tracking) {
    give_mappings_back(tracking);
    free(tracking->noted);
    free(tracking->ranges);
}
