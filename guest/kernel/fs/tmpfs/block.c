// Blocks of a lower layer. They are few, and files of one follow each other in the image.
#include "fs/tmpfs/block.h"
#include "fs/tmpfs/content.h"
#include "fs/tmpfs/inflate.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "state.h"

#include <boxer/boot.h>
#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <stddef.h>

struct block {
    const uint8_t *data;
    uint32_t stored, size;
    uint8_t *inflated; // whole pages
    struct block *next;
};

static KERNEL_STATE struct block *blocks; // the one looked for last is the first

static size_t pages_of(const struct block *block) {
    return ((size_t)block->size + PAGE_SIZE - 1) / PAGE_SIZE;
}

enum { MOST_PAGES_IN_A_BUILD = 96 };

static KERNEL_STATE size_t inflated_pages;

uint8_t *lower_room(size_t pages) {
    if (boxer_boot.phase == BOXER_PHASE_COLD && inflated_pages + pages > MOST_PAGES_IN_A_BUILD)
        tmpfs_drop_clean();
    uint8_t *room = pages_alloc(pages, 0);
    inflated_pages += room ? pages : 0;
    return room;
}

void lower_give_back(uint8_t *inflated, size_t pages) {
    pages_free(inflated, pages);
    inflated_pages -= pages;
}

struct block *block_of(const uint8_t *data, uint32_t stored, uint32_t size) {
    for (struct block **at = &blocks; *at; at = &(*at)->next) {
        struct block *found = *at;
        if (found->data != data || found->stored != stored || found->size != size)
            continue;
        *at = found->next;
        found->next = blocks;
        return blocks = found;
    }
    struct block *made = kmalloc(sizeof *made);
    if (!made)
        return NULL;
    *made = (struct block){.data = data, .stored = stored, .size = size, .next = blocks};
    return blocks = made;
}

const uint8_t *block_bytes(struct block *block, int *error) {
    if (block->inflated)
        return block->inflated;
    uint8_t *pages = lower_room(pages_of(block));
    *error = pages ? lower_inflate(pages, block->size, block->data, block->stored) : -ENOMEM;
    if (*error && pages)
        lower_give_back(pages, pages_of(block));
    return *error ? NULL : (block->inflated = pages);
}

const uint8_t *block_stored(const struct block *block, uint32_t *stored, uint32_t *size) {
    *stored = block->stored;
    *size = block->size;
    return block->data;
}

void blocks_drop_clean(void) {
    for (struct block *block = blocks; block; block = block->next) {
        if (block->inflated)
            lower_give_back(block->inflated, pages_of(block));
        block->inflated = NULL;
    }
}
