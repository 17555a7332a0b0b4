// Learns from one run what to have ready for the next: see expected.h.
//
// A page that is made ready and not written to is the image's all the same. So what a file says
// decides nothing but time, and how much memory is taken at once: never more than EXPECTED_PAGES.
#define _GNU_SOURCE
#include "expected.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// EXPECTED_PAGES: 4 MiB, more than a run of an interpreter that does little writes to.
enum { PAGE = 4096, EXPECTED_PAGES = 1024 };

void image_expect(const struct boxer_image *image, uint8_t *memory) {
#ifdef MADV_POPULATE_WRITE
    // One call instead of hundreds of faults; only for speed, so it may fail.
    if (__atomic_load_n(&image->is_expected, __ATOMIC_ACQUIRE))
        for (uint32_t i = 0; i < image->expected_count; i++)
            madvise(memory + image->expected[i].offset, image->expected[i].size,
                    MADV_POPULATE_WRITE);
#else
    (void)image, (void)memory;
#endif
}

struct learning {
    struct range *ranges;
    uint32_t count;
    uint64_t pages;
};

static void learn_region(void *state, uint64_t offset, uint64_t size) {
    struct learning *learning = state;
    if (learning->count < EXPECTED_PAGES)
        learning->ranges[learning->count++] = (struct range){offset, size};
    learning->pages += size / PAGE;
}

static void know(struct boxer_image *image, uint32_t count) {
    image->expected_count = count;
    __atomic_store_n(&image->is_expected, 1, __ATOMIC_RELEASE);
}

// Nobody waits for another to have learned: a child forked meanwhile would wait for ever.
static int begin(struct boxer_image *image) {
    if (__atomic_exchange_n(&image->is_learning, 1, __ATOMIC_ACQ_REL))
        return -1;
    image->expected = calloc(EXPECTED_PAGES, sizeof(struct range));
    return image->expected ? 0 : -1;
}

void image_learn(struct boxer_image *image, const uint8_t *memory) {
    if (__atomic_load_n(&image->is_learning, __ATOMIC_RELAXED) || begin(image) < 0)
        return;
    struct learning learning = {.ranges = image->expected};
    if (visit_private(memory, image->size, learn_region, &learning) < 0)
        return;
    know(image, learning.pages <= EXPECTED_PAGES ? learning.count : 0);
    image->is_learned = 1;
}

static int are_of(const struct boxer_image *image, uint64_t count) {
    uint64_t end = 0, pages = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct range range = image->expected[i];
        if (range.offset % PAGE || range.size % PAGE || range.offset < end ||
            range.offset > image->size || range.size > image->size - range.offset)
            return 0;
        end = range.offset + range.size;
        pages += range.size / PAGE;
    }
    return pages <= EXPECTED_PAGES;
}

void image_recall(struct boxer_image *image, const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    if (begin(image) == 0) {
        ssize_t size = read(descriptor, image->expected, EXPECTED_PAGES * sizeof(struct range));
        uint64_t count = size < 0 ? 0 : (uint64_t)size / sizeof(struct range);
        if (are_of(image, count))
            know(image, (uint32_t)count);
    }
    close(descriptor);
}

void image_record(const struct boxer_image *image, const char *path) {
    char draft[PATH_MAX];
    size_t size = image->expected_count * sizeof(struct range);
    if (!image->is_learned || snprintf(draft, PATH_MAX, "%s.%d", path, getpid()) >= PATH_MAX)
        return;
    int descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return;
    int is_whole = write(descriptor, image->expected, size) == (ssize_t)size;
    close(descriptor);
    if (!is_whole || rename(draft, path) < 0)
        unlink(draft);
}
