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
// 3. Noted pages stay private to their machine: a machine has FEWEST_KEPT of them for nothing,
// more,
//    up to MOST_KEPT, only out of what all machines together may keep. So are other private pages,
//    whatever was written to them, but for EQUAL_KEPT.
// 4. A page that is admitted can split a mapping in three, of which a process has 65,530 by
//    default: all machines together take a part of them. Where there is none left, or no page to
//    keep, a machine is opened: all of it becomes writable, and a reset asks the host's kernel.
// 5. Where our handler is not the first (faults.c), no machine that is entered is armed.
//
// What a run wrote to once, and none since, would be copied for ever: now and then a reset looks
// which of the noted pages differ from the image (lately), and after some such looks the others are
// noted no more. Some of those were written to all the same, with what was there (a reference that
// was taken and given back); they come back, each for the price of a fault, and then stay
// (dropped).
#define _GNU_SOURCE
#include "state.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, LEARNING_RUNS = 2, SPLIT = 2, MOST_MAPPINGS = 65530, SHARE = 4 };
// One reset in so many looks, and so many looks decide: a page is copied for nothing about as often
// as costs what noting it again does. Fewer pages than FEW are not worth it.
// What came back stays for so many renewals.
enum { LOOK_ONE_IN = 16, LOOKS = 8, FEW = 16, RENEWALS = 64 };
// Of 4 KiB each: 1 MiB, 48 MiB, and 256 MiB for all machines of this process. They are taken in
// steps.
enum { FEWEST_KEPT = 256, MOST_KEPT = 12288, ALL_KEPT = 65536, KEPT_STEP = 256 };
// 4 MiB of a machine that is not armed: what little Python code writes to.
enum { CLEARED_KEPT = 1024 };
// Private pages that are as in the image and stay for nothing: those made ready for a write
// (image_map). A run that fills memory with zeros has any number of them.
enum { EQUAL_KEPT = 1024 };

static __thread struct boxer_machine *running __attribute__((tls_model("initial-exec")));
static int64_t mappings_left; // of what all machines together may take
static int64_t kept_left = ALL_KEPT;

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

static uint64_t room_of(const struct tracking *tracking) {
    return FEWEST_KEPT + (uint64_t)tracking->kept;
}

// As many of them as there are for it, in steps.
static void take_pages(struct tracking *tracking, int64_t wanted) {
    wanted = (wanted + KEPT_STEP - 1) / KEPT_STEP * KEPT_STEP;
    int64_t left = __atomic_load_n(&kept_left, __ATOMIC_RELAXED), taken;
    do
        taken = wanted < left ? wanted : left;
    while (taken > 0 && !__atomic_compare_exchange_n(&kept_left, &left, left - taken, 1,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    tracking->kept += taken > 0 ? taken : 0;
}

// The pages that are to be had for what it holds on to.
static uint64_t held(const struct tracking *tracking) {
    return tracking->count + (tracking->equal > EQUAL_KEPT ? tracking->equal - EQUAL_KEPT : 0);
}

static int may_keep(struct tracking *tracking, uint64_t count) {
    uint64_t wanted = count < MOST_KEPT ? count : MOST_KEPT;
    if (wanted > room_of(tracking))
        take_pages(tracking, (int64_t)(wanted - room_of(tracking)));
    return count <= room_of(tracking);
}

// All but those that `count` pages need.
static void give_pages_back(struct tracking *tracking, uint64_t count) {
    int64_t more = count > FEWEST_KEPT ? (int64_t)(count - FEWEST_KEPT) : 0;
    if (more >= tracking->kept)
        return;
    __atomic_add_fetch(&kept_left, tracking->kept - more, __ATOMIC_RELAXED);
    tracking->kept = more;
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
    if (may_keep(&machine->tracking, machine->tracking.count) &&
        take_mappings(&machine->tracking, SPLIT) &&
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

static void count_mappings(void) {
    mappings_left = most_mappings() / SHARE;
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
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, count_mappings);
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
        else
            machine->tracking.equal++;
}

static void clear(uint64_t *bits, uint64_t pages) {
    memset(bits, 0, (pages / 64 + 1) * 8);
}

// What is private stays so, and is counted on.
static void forget(struct tracking *tracking, uint64_t pages) {
    give_mappings_back(tracking);
    clear(tracking->noted, pages);
    clear(tracking->lately, pages);
    clear(tracking->dropped, pages);
    tracking->armed = tracking->opened = tracking->learned = tracking->changed = 0;
    tracking->count = tracking->range_count = tracking->looks = 0;
}

static int begin(struct tracking *tracking, uint64_t pages) {
    if (!tracking->noted)
        tracking->noted = calloc(pages / 64 + 1, 8);
    if (!tracking->lately)
        tracking->lately = calloc(pages / 64 + 1, 8);
    if (!tracking->dropped)
        tracking->dropped = calloc(pages / 64 + 1, 8);
    return tracking->noted && tracking->lately && tracking->dropped ? 0 : -1;
}

// A region of private pages: as many of them are kept as may be.
static uint64_t keep(void *state, uint64_t offset, uint64_t size) {
    struct boxer_machine *machine = state;
    uint64_t before = held(&machine->tracking);
    note_region(machine, offset, size);
    if (may_keep(&machine->tracking, held(&machine->tracking)))
        return size;
    uint64_t room = room_of(&machine->tracking), left = room > before ? room - before : 0;
    return left * PAGE < size ? left * PAGE : size;
}

// Not armed: asks the kernel, restores, and learns.
static int64_t restore_and_learn(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    uint64_t pages = machine->image->size / PAGE;
    if (begin(tracking, pages) < 0)
        return -1;
    tracking->equal = 0;
    int64_t restored = image_restore(machine->image, machine->base, keep, machine);
    if (restored < 0)
        return -1;
    if (held(tracking) > room_of(tracking)) {
        forget(tracking, pages); // a run that wrote everywhere: the next one may not
        return restored;
    }
    if (++tracking->learned < LEARNING_RUNS)
        return restored;
    if (!faults_are_ours() || gather(tracking, pages) < 0)
        return restored;
    give_pages_back(tracking, held(tracking));
    return arm(machine) < 0 ? -1 : restored;
}

// What is written to lately, before it is put back.
static void look(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    for (uint64_t i = 0; i < tracking->range_count; i++) {
        struct range range = tracking->ranges[i];
        for (uint64_t at = range.offset; at < range.offset + range.size; at += PAGE)
            if (memcmp(machine->base + at, machine->image->pristine + at, PAGE) != 0)
                tracking->lately[at / PAGE / 64] |= 1ull << (at / PAGE % 64);
    }
}

static int is_stale(const struct tracking *tracking, uint64_t page) {
    return is_noted(tracking, page) && !(tracking->lately[page / 64] >> (page % 64) & 1);
}

// Gives the pages back that were not written to lately. 0, or -1.
static int drop_stale(struct boxer_machine *machine, uint64_t pages) {
    struct tracking *tracking = &machine->tracking;
    for (uint64_t page = 0, end; page < pages; page = end + 1) {
        for (end = page; end < pages && is_stale(tracking, end); end++)
            ;
        if (end > page &&
            madvise(machine->base + page * PAGE, (end - page) * PAGE, MADV_DONTNEED) < 0)
            return -1;
        tracking->count -= end - page;
    }
    for (uint64_t word = 0; word <= pages / 64; word++) {
        tracking->dropped[word] |= tracking->noted[word] & ~tracking->lately[word];
        tracking->noted[word] &= tracking->lately[word];
    }
    return 0;
}

// How many of the noted pages are needed: they were written to lately, or came back.
static uint64_t count_needed(struct tracking *tracking, uint64_t pages) {
    uint64_t count = 0;
    for (uint64_t word = 0; word <= pages / 64; word++) {
        tracking->lately[word] |= tracking->noted[word] & tracking->dropped[word];
        count += (uint64_t)__builtin_popcountll(tracking->lately[word]);
    }
    return count;
}

// Armed with the pages that are needed, if those are clearly fewer. 0, or -1.
static int renew(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    uint64_t pages = machine->image->size / PAGE;
    if (++tracking->renewals % RENEWALS == 0)
        clear(tracking->dropped, pages);
    uint64_t count = count_needed(tracking, pages);
    tracking->looks = 0;
    if (count + count / 8 + FEW < tracking->count) {
        give_mappings_back(tracking);
        tracking->armed = 0;
        if (drop_stale(machine, pages) < 0 || gather(tracking, pages) < 0 || arm(machine) < 0)
            return -1;
        give_pages_back(tracking, held(tracking));
    }
    clear(tracking->lately, pages);
    return 0;
}

// As good as at random: calls of several kinds may take turns.
static int is_time_to_look(struct tracking *tracking) {
    tracking->resets = tracking->resets * 1664525 + 1013904223;
    return tracking->resets >> 16 & (LOOK_ONE_IN - 1) ? 0 : 1;
}

int64_t tracking_restore(struct boxer_machine *machine) {
    struct tracking *tracking = &machine->tracking;
    uint64_t pages = machine->image->size / PAGE;
    if (tracking->opened)
        forget(tracking, pages);
    if (!tracking->armed)
        return restore_and_learn(machine);
    if (tracking->changed && gather(tracking, pages) < 0)
        return -1;
    if (is_time_to_look(tracking)) {
        look(machine);
        tracking->looks++;
    }
    int64_t count = (int64_t)tracking->count;
    for (uint64_t i = 0; i < tracking->range_count; i++) {
        struct range range = tracking->ranges[i];
        memcpy(machine->base + range.offset, machine->image->pristine + range.offset, range.size);
    }
    if (tracking->looks == LOOKS && renew(machine) < 0)
        return -1;
    return count;
}

static uint64_t keep_few(void *state, uint64_t offset, uint64_t size) {
    uint64_t *left = state, kept = size < *left ? size : *left;
    (void)offset;
    *left -= kept;
    return kept;
}

int64_t tracking_clear(struct boxer_machine *machine) {
    uint64_t left = CLEARED_KEPT * PAGE;
    if (machine->tracking.armed && open_all(machine) < 0)
        return -1;
    return image_restore(machine->image, machine->base, keep_few, &left);
}

void tracking_free(struct tracking *tracking) {
    give_mappings_back(tracking);
    give_pages_back(tracking, 0);
    free(tracking->noted);
    free(tracking->lately);
    free(tracking->dropped);
    free(tracking->ranges);
}
