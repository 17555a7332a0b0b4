// Images: what a run wrote is found and put back, also under pressure, also many pages.
#define _GNU_SOURCE
#include "expected.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 2048, SIZE = PAGE * PAGES };

static unsigned state = 1;

static unsigned draw(unsigned below) {
    state = state * 1103515245u + 12345u;
    return (state >> 8) % below;
}

static struct boxer_image *image_of_noise(void) {
    char message[256];
    int descriptor = memfd_create("image", 0);
    assert(ftruncate(descriptor, SIZE) == 0);
    for (int page = 0; page < PAGES; page += 3) { // the others are holes
        uint8_t bytes[PAGE];
        memset(bytes, page + 1, PAGE);
        assert(pwrite(descriptor, bytes, PAGE, (off_t)page * PAGE) == PAGE);
    }
    struct boxer_image *image = boxer_image_new(descriptor, SIZE, message);
    assert(image);
    close(descriptor);
    return image;
}

static uint8_t *reserve(void) {
    void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED);
    return memory;
}

enum { KEPT_PAGES = 256 };

// The first ones, as many as may be.
static uint64_t keep(void *state, uint64_t offset, uint64_t size) {
    uint64_t *left = state, kept = size < *left ? size : *left;
    (void)offset;
    *left -= kept;
    return kept;
}

static void restores_whatever_was_written(const struct boxer_image *image, uint8_t *memory) {
    for (int turn = 0; turn < 200; turn++) {
        unsigned writes = draw(10) ? draw(100) : draw(3000); // more pages than are kept
        for (unsigned i = 0; i < writes; i++)
            memory[draw(SIZE)] ^= (uint8_t)(1 + draw(255));
        if (turn % 7 == 0)
            madvise(memory, SIZE, MADV_PAGEOUT);
        uint64_t left = KEPT_PAGES * PAGE;
        assert(image_restore(image, memory, keep, &left) >= 0);
        assert(memcmp(memory, image->pristine, SIZE) == 0);
    }
}

static void forks_are_equal(struct boxer_image *image) {
    struct boxer_machine machines[6] = {0};
    for (int i = 0; i < 6; i++) {
        machines[i].image = image;
        machines[i].base = reserve();
        assert(image_map(image, machines[i].base) == 0);
        if (i == 0)
            continue;
        struct boxer_machine *from = &machines[draw((unsigned)i)];
        memset(from->base + draw(1000) * PAGE, (int)draw(256), draw(900) * PAGE); // a long run
        for (unsigned n = 0; n < 100; n++)
            from->base[draw(SIZE)] ^= (uint8_t)(1 + draw(255));
        uint8_t *before = malloc(SIZE);
        memcpy(before, from->base, SIZE);
        int descriptor = memfd_create("layer", 0);
        assert(fork_memory(from, &machines[i], SIZE, descriptor) == 0);
        close(descriptor);
        assert(memcmp(from->base, before, SIZE) == 0);
        assert(memcmp(machines[i].base, before, SIZE) == 0);
        machines[i].base[draw(SIZE)] ^= 1;
        assert(memcmp(from->base, before, SIZE) == 0);
        free(before);
    }
    for (int i = 0; i < 6; i++) {
        layer_release(machines[i].layer);
        munmap(machines[i].base, SIZE);
    }
}

static void refuses_a_file_of_another_size(void) {
    char message[256] = "";
    int descriptor = memfd_create("image", 0);
    assert(ftruncate(descriptor, PAGE) == 0);
    assert(!boxer_image_new(descriptor, SIZE, message) && *message);
    close(descriptor);
}

int main(void) {
    struct boxer_image *image = image_of_noise();
    uint8_t *memory = reserve(), *other = reserve();
    assert(image_map(image, memory) == 0 && image_map(image, other) == 0);
    restores_whatever_was_written(image, memory);
    for (int i = 0; i < 20; i++)
        forks_are_equal(image);
    image_learn(image, memory);
    assert(image_map(image, other) == 0 && memcmp(other, image->pristine, SIZE) == 0);
    refuses_a_file_of_another_size();
    boxer_image_free(image);
    return 0;
}
