// What a lower layer stored compressed together: several files, one after the other.
#ifndef KERNEL_FS_TMPFS_BLOCK_H
#define KERNEL_FS_TMPFS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct block;

// The block of `size` bytes that is stored in `stored` bytes at data; null without memory.
struct block *block_of(const uint8_t *data, uint32_t stored, uint32_t size);

// Its bytes, inflated if need be. Null: *error says why.
const uint8_t *block_bytes(struct block *, int *error);

const uint8_t *block_stored(const struct block *, uint32_t *stored, uint32_t *size);

void blocks_drop_clean(void); // forgets what was inflated

// Pages for what is inflated; null without memory. In the machine of a build too many of them are
// dropped first, so that what is made while they are there lies close together.
uint8_t *lower_room(size_t pages);
void lower_give_back(uint8_t *inflated, size_t pages);

#endif
