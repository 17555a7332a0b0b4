// Copies of a machine that has gone on from its image.
//
// Large runs of private pages are moved into a file, a layer, which both machines then map
// copy-on-write: the first fork writes them once, later forks of the same machine only what has
// changed since. Single pages are copied. (Making 5 MB of pages private by copying them takes
// 2.5 ms, writing them to a file 1 ms, mapping that file 20 us.)
//
// Invariants
// 1. A layer's file is never written to again; it goes with the last machine that maps it.
// 2. What a machine reads is the same before and after its pages have moved into a layer.
// 3. Each range is a mapping, of which a process has 65,530 by default: where a machine's layers
//    would have more than MOST_RANGES, its whole memory becomes one layer of one range.
#define _GNU_SOURCE
#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, WORTH_A_MAPPING = 4 * PAGE, FIRST_ROOM = 64, MOST_RANGES = 64 };

// ranges: where its file lies over the machine's memory, at the same offsets.
struct layer {
    int descriptor, references;
    struct layer *below;
    struct range *ranges;
    uint32_t count, room;
};

static struct layer *layer_new(int descriptor, struct layer *below) {
    struct layer *layer = calloc(1, sizeof *layer);
    if (!layer)
        return NULL;
    layer->descriptor = dup(descriptor);
    layer->references = 1;
    layer->below = below;
    if (below)
        __atomic_add_fetch(&below->references, 1, __ATOMIC_SEQ_CST);
    return layer;
}

void layer_release(struct layer *layer) {
    while (layer && __atomic_sub_fetch(&layer->references, 1, __ATOMIC_SEQ_CST) == 0) {
        struct layer *below = layer->below;
        if (layer->descriptor >= 0)
            close(layer->descriptor);
        free(layer->ranges);
        free(layer);
        layer = below;
    }
}

void layer_visit(const struct layer *layer, region_visitor visit, void *state) {
    for (; layer; layer = layer->below)
        for (uint32_t i = 0; i < layer->count; i++)
            visit(state, layer->ranges[i].offset, layer->ranges[i].size);
}

static int add_range(struct layer *layer, struct range range) {
    if (layer->count == layer->room) {
        uint32_t room = layer->room ? layer->room * 2 : FIRST_ROOM;
        struct range *grown = realloc(layer->ranges, room * sizeof *grown);
        if (!grown)
            return -1;
        layer->ranges = grown;
        layer->room = room;
    }
    layer->ranges[layer->count++] = range;
    return 0;
}

static int map_range(const struct layer *layer, struct range range, uint8_t *memory) {
    void *mapped =
        mmap(memory + range.offset, range.size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, layer->descriptor, (off_t)range.offset);
    return mapped == MAP_FAILED ? -1 : 0;
}

// From the lowest layer up, so that the newest lies on top.
static int map_layers(const struct layer *layer, uint8_t *memory) {
    if (!layer)
        return 0;
    if (map_layers(layer->below, memory) < 0)
        return -1;
    for (uint32_t i = 0; i < layer->count; i++)
        if (map_range(layer, layer->ranges[i], memory) < 0)
            return -1;
    return 0;
}

struct gathering {
    struct layer *large, *small; // small: only its ranges are used
    int failed;
};

static void gather(void *state, uint64_t offset, uint64_t size) {
    struct gathering *gathering = state;
    struct layer *layer = size >= WORTH_A_MAPPING ? gathering->large : gathering->small;
    gathering->failed |= add_range(layer, (struct range){offset, size}) < 0;
}

static uint32_t count_ranges(const struct layer *layer) {
    uint32_t count = 0;
    for (; layer; layer = layer->below)
        count += layer->count;
    return count;
}

// The whole memory in place of what has changed, and nothing below.
static int make_whole(struct layer *layer, uint64_t size) {
    layer_release(layer->below);
    layer->below = NULL;
    layer->count = 0;
    return add_range(layer, (struct range){0, size});
}

static int write_layer(struct boxer_machine *machine, const struct layer *layer, uint64_t size) {
    if (layer->descriptor < 0)
        return -1;
    if (layer->count == 1 && layer->ranges[0].size == size)
        return write_memory(machine, layer->descriptor);
    if (ftruncate(layer->descriptor, (off_t)size) < 0)
        return -1;
    for (uint32_t i = 0; i < layer->count; i++)
        if (write_all(layer->descriptor, machine->base + layer->ranges[i].offset,
                      layer->ranges[i].size, layer->ranges[i].offset) < 0)
            return -1;
    return 0;
}

static void adopt(struct boxer_machine *machine, struct layer *layer) {
    __atomic_add_fetch(&layer->references, 1, __ATOMIC_SEQ_CST);
    layer_release(machine->layer);
    machine->layer = layer;
}

// Moves the machine's large private runs into the layer.
static int settle(struct boxer_machine *machine, struct layer *layer, uint64_t size) {
    if (write_layer(machine, layer, size) < 0)
        return -1;
    // Only when all is written: until here the machine is as it was. From here on the layer is the
    // machine's, though not all of it may be mapped: what is mapped is not private any more.
    int failed = 0;
    for (uint32_t i = 0; i < layer->count && !failed; i++)
        failed = map_range(layer, layer->ranges[i], machine->base) < 0;
    adopt(machine, layer);
    return failed ? -1 : 0;
}

int fork_of_processes(struct boxer_machine *machine, struct boxer_machine *copy, uint64_t size,
                      int descriptor) {
    struct layer *whole = layer_new(descriptor, NULL);
    int done = whole && make_whole(whole, size) == 0 && settle(machine, whole, size) == 0;
    if (done) { // the files of its processes are mapped no more
        spaces_free(machine);
        machine->spaces = NULL;
        done = map_layers(whole, copy->base) == 0;
    }
    if (done)
        adopt(copy, whole);
    layer_release(whole);
    return done ? 0 : -1;
}

int fork_memory(struct boxer_machine *machine, struct boxer_machine *copy, uint64_t size,
                int descriptor) {
    struct layer small = {0}, *large = layer_new(descriptor, machine->layer);
    struct gathering gathering = {large, &small, large == NULL};
    int done =
        large && visit_private(machine->base, size, gather, &gathering) >= 0 && !gathering.failed;
    if (done && count_ranges(large) > MOST_RANGES) {
        small.count = 0;
        done = make_whole(large, size) == 0;
    }
    if (done && large->count)
        done = settle(machine, large, size) == 0;
    if (done)
        done = map_layers(machine->layer, copy->base) == 0;
    for (uint32_t i = 0; done && i < small.count; i++)
        memcpy(copy->base + small.ranges[i].offset, machine->base + small.ranges[i].offset,
               small.ranges[i].size);
    if (done && machine->layer)
        adopt(copy, machine->layer);
    free(small.ranges);
    layer_release(large);
    return done ? 0 : -1;
}
