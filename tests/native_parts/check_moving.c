// Pages that are moved between two places are the same there, by each of the ways there are.
#define _GNU_SOURCE
#include "moving.c" // its way is set here

#include <assert.h>
#include <stdlib.h>

enum { PAGES = 1024, IN_IMAGE = 640, SIZE = PAGES * PAGE };

static unsigned state = 1;

static unsigned draw(unsigned below) {
    state = state * 1103515245u + 12345u;
    return (state >> 8) % below;
}

static struct boxer_image *image_of_noise(void) {
    char message[256];
    int descriptor = memfd_create("image", 0);
    assert(ftruncate(descriptor, IN_IMAGE * PAGE) == 0);
    for (int page = 0; page < IN_IMAGE; page += 2) {
        uint8_t bytes[PAGE];
        memset(bytes, page + 1, PAGE);
        assert(pwrite(descriptor, bytes, PAGE, (off_t)page * PAGE) == PAGE);
    }
    struct boxer_image *image = boxer_image_new(descriptor, IN_IMAGE * PAGE, message);
    assert(image);
    close(descriptor);
    return image;
}

static uint8_t *reserve(void) {
    void *memory = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED);
    return memory;
}

struct moved {
    uint64_t at;
};

// In order, without gaps.
static int note(void *given, struct range part) {
    struct moved *moved = given;
    assert(part.offset == moved->at && part.size && part.size % PAGE == 0);
    moved->at += part.size;
    return 0;
}

static void write_somewhere(uint8_t *memory) {
    for (unsigned i = draw(200); i > 0; i--)
        memory[draw(SIZE)] ^= (uint8_t)(1 + draw(255));
    if (draw(3) == 0) {
        unsigned page = draw(PAGES - 100);
        memset(memory + page * PAGE, (int)draw(256), draw(100) * PAGE);
    }
}

static void is_untouched(const struct boxer_image *image, const uint8_t *memory, uint64_t from,
                         uint64_t to) {
    static const uint8_t zeros[PAGE];
    for (uint64_t at = from; at < to; at += PAGE)
        assert(!memcmp(memory + at, at < image->size ? image->pristine + at : zeros, PAGE));
}

static void moves_there_and_back(const struct boxer_image *image, enum moves way) {
    const struct source source = {image, -1};
    known_moves = way;
    uint8_t *one = reserve(), *other = reserve(), *before = malloc(SIZE);
    const struct range all = {0, SIZE};
    assert(map_untouched(&source, one, all) == 0 && map_untouched(&source, other, all) == 0);
    for (int turn = 0; turn < 300; turn++) {
        write_somewhere(one);
        memcpy(before, one, SIZE);
        uint64_t start = draw(PAGES), end = start + 1 + draw(PAGES - (unsigned)start);
        struct range part = {start * PAGE, (end - start) * PAGE};
        struct moved moved = {part.offset};
        assert(move_part(&source, other, one, part, 0, note, &moved) == 0);
        assert(moved.at == part.offset + part.size);
        assert(!memcmp(other + part.offset, before + part.offset, part.size));
        assert(!memcmp(one, before, part.offset));
        is_untouched(image, one, part.offset, part.offset + part.size);
        moved.at = part.offset;
        assert(move_part(&source, one, other, part, 0, note, &moved) == 0);
        assert(!memcmp(one, before, SIZE));
        is_untouched(image, other, 0, SIZE);
    }
    munmap(one, SIZE);
    munmap(other, SIZE);
    free(before);
}

static void copies_are_equal(const struct boxer_image *image) {
    const struct source source = {image, -1};
    uint8_t *one = reserve(), *other = reserve();
    const struct range all = {0, SIZE};
    assert(map_untouched(&source, one, all) == 0);
    for (int turn = 0; turn < 200; turn++) {
        write_somewhere(one);
        int64_t copied = copy_part(&source, other, one, all, UINT64_MAX);
        assert(copied > 0 && copied % PAGE == 0 && !memcmp(one, other, SIZE));
        assert(copy_part(&source, other, one, all, (uint64_t)copied - 1) == -1);
        struct copying copying = {other, one, 0, UINT64_MAX, 0};
        assert(map_untouched(&source, other, all) == 0);
        copy_different(&copying, SIZE);
        assert(!memcmp(one, other, SIZE));
    }
    munmap(one, SIZE);
    munmap(other, SIZE);
}

int main(void) {
    struct boxer_image *image = image_of_noise();
    moves_there_and_back(image, NEVER);
    moves_there_and_back(image, WITHIN_A_MAPPING);
    if (find_out() == ALWAYS)
        moves_there_and_back(image, ALWAYS);
    copies_are_equal(image);
    boxer_image_free(image);
    return 0;
}
