// Memory images: mapped copy-on-write over a machine's memory, and put back page by page.
//
// Why a pristine mapping of its own: read through the machine's mapping, each page would be mapped
// there, and the scan for private pages would walk all of them.
//
// Why PRESENT alone is not enough: a private page that was swapped out is not present and still
// holds the last run's bytes. Asked for is: not the file's, and present or swapped.
#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

// <linux/fs.h> of Linux 6.7; older headers have none of it.
struct page_region {
    uint64_t start, end, categories;
};
struct pm_scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_FILE (1u << 2)
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)

enum { PAGE = 4096, REGIONS = 512 };

static struct boxer_image *image_over(int descriptor, uint64_t size, char *message) {
    struct boxer_image *image = calloc(1, sizeof *image);
    if (!image) {
        snprintf(message, 256, "no memory");
        return NULL;
    }
    image->size = size;
    image->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    void *mapped = mmap(NULL, size, PROT_READ, MAP_SHARED, image->descriptor, 0);
    if (image->descriptor < 0 || mapped == MAP_FAILED) {
        snprintf(message, 256, "the image cannot be mapped: %s", strerror(errno));
        if (image->descriptor >= 0)
            close(image->descriptor);
        free(image);
        return NULL;
    }
    image->pristine = mapped;
    return image;
}

struct boxer_image *boxer_image_new(int descriptor, uint64_t size, char *message) {
    off_t length = lseek(descriptor, 0, SEEK_END);
    if (length >= 0 && (uint64_t)length == size && size % PAGE == 0)
        return image_over(descriptor, size, message);
    snprintf(message, 256, "the image's file is not as large as its memory");
    return NULL;
}

// A private mapping of /dev/zero is memory without a file (zero(4)).
struct boxer_image *boxer_image_of_zeros(uint64_t size, char *message) {
    int descriptor = size % PAGE ? -1 : open("/dev/zero", O_RDWR | O_CLOEXEC);
    struct boxer_image *image = descriptor < 0 ? NULL : image_over(descriptor, size, message);
    if (descriptor >= 0)
        close(descriptor);
    else
        snprintf(message, 256, "there are no zeros to map");
    return image;
}

void boxer_image_free(struct boxer_image *image) {
    munmap((void *)image->pristine, image->size);
    free(image->expected);
    close(image->descriptor);
    free(image);
}

int boxer_image_map(const struct boxer_image *image, uint8_t *memory) {
    return image_map(image, memory);
}

int image_map(const struct boxer_image *image, uint8_t *memory) {
    void *mapped = mmap(memory, image->size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image->descriptor, 0);
    if (mapped == MAP_FAILED)
        return -1;
    return 0;
}

static int pagemap = -1;

static void open_pagemap(void) {
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

// What a forked child has of it tells of its parent's pages: every page would look untouched.
static void open_own_pagemap(void) {
    if (pagemap >= 0)
        close(pagemap);
    open_pagemap();
}

static void begin_pagemap(void) {
    open_pagemap();
    if (pthread_atfork(NULL, NULL, open_own_pagemap)) {
        close(pagemap);
        pagemap = -1;
    }
}

int64_t visit_private(const uint8_t *memory, uint64_t size, region_visitor visit, void *state) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin_pagemap);
    struct page_region regions[REGIONS];
    struct pm_scan_arg scan = {
        .size = sizeof scan,
        .start = (uintptr_t)memory,
        .end = (uintptr_t)memory + size,
        .vec = (uintptr_t)regions,
        .vec_len = REGIONS,
        .category_inverted = PAGE_IS_FILE,
        .category_mask = PAGE_IS_FILE,
        .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        .return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
    };
    int64_t pages = 0;
    while (scan.start < scan.end) {
        int count = ioctl(pagemap, PAGEMAP_SCAN, &scan);
        if (count < 0)
            return -1;
        for (int i = 0; i < count; i++) {
            uint64_t length = regions[i].end - regions[i].start;
            visit(state, regions[i].start - (uintptr_t)memory, length);
            pages += (int64_t)(length / PAGE);
        }
        if (scan.walk_end <= scan.start)
            return -1; // no progress: never loop
        scan.start = scan.walk_end;
    }
    return pages;
}

struct restoring {
    const struct boxer_image *image;
    uint8_t *memory;
    region_keeper keeper;
    void *state;
    int failed;
};

static void restore_region(void *state, uint64_t offset, uint64_t size) {
    struct restoring *restoring = state;
    uint64_t kept = restoring->keeper(restoring->state, offset, size);
    memcpy(restoring->memory + offset, restoring->image->pristine + offset, kept);
    // A private page that is given back is the file's page again.
    if (size > kept && madvise(restoring->memory + offset + kept, size - kept, MADV_DONTNEED) < 0)
        restoring->failed = 1;
}

int64_t image_restore(const struct boxer_image *image, uint8_t *memory, region_keeper keeper,
                      void *state) {
    struct restoring restoring = {image, memory, keeper, state, 0};
    int64_t pages = visit_private(memory, image->size, restore_region, &restoring);
    if (pages >= 0)
        return restoring.failed ? -1 : pages;
    // Without PAGEMAP_SCAN: a new mapping has no private pages.
    return image_map(image, memory) < 0 ? -1 : 0;
}
