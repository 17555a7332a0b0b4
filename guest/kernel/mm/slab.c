// Small kernel objects: kmalloc over pages.
//
// Invariants
// 1. The page that holds an object's first byte begins with a `struct slab`; objects of one slab
//    are of one size class. A larger object is a run of pages whose header has class LARGE.
// 2. A slab is on its class's list exactly while it has a free object. An empty slab goes back to
//    the pages unless it is the only one on the list.
// 3. Free objects are linked through their first word; nothing else in them means anything.
#include "mm/slab.h"
#include "host/host.h"
#include "mm/memory.h"
#include "state.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
void __asan_poison_memory_region(void const volatile *, size_t);
void __asan_unpoison_memory_region(void const volatile *, size_t);
#define POISON(p, n) __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { LARGE = 0xff, SLAB_MAGIC = 0x51ab };

struct slab {
    uint16_t magic;
    uint8_t class, pad;
    uint32_t free_count; // LARGE: pages of the run
    struct object *free;
    struct slab *next, *previous;
    size_t fresh; // offset of the first object never given out
};

struct object {
    struct object *next;
};

#define HEADER ((sizeof(struct slab) + 15) / 16 * 16)

// Multiples of 16; the last ones divide what a page leaves by 4, 3 and 2.
static const uint16_t sizes[] = {16,  32,  48,  64,  80,  96,  112,  128,  160,
                                 192, 256, 320, 400, 496, 672, 1008, 1344, 2016};
#define CLASSES (sizeof sizes / sizeof sizes[0])

static KERNEL_STATE struct slab *partial[CLASSES];

static size_t class_of(size_t size) {
    size_t class = 0;
    while (class < CLASSES && sizes[class] < size)
        class++;
    return class;
}

static size_t capacity(size_t class) {
    return (PAGE_SIZE - HEADER) / sizes[class];
}

static struct slab *slab_of(const void *object) {
    struct slab *slab = (struct slab *)((uintptr_t)object & ~(uintptr_t)(PAGE_SIZE - 1));
    if (slab->magic != SLAB_MAGIC)
        host_abort(); // not an object of ours: broken invariant 1
    return slab;
}

static void list_add(struct slab *slab) {
    struct slab **head = &partial[slab->class];
    slab->next = *head;
    slab->previous = NULL;
    if (*head)
        (*head)->previous = slab;
    *head = slab;
}

static void list_remove(struct slab *slab) {
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        partial[slab->class] = slab->next;
    if (slab->next)
        slab->next->previous = slab->previous;
}

static void *large_alloc(size_t size) {
    if (size > SIZE_MAX - HEADER - PAGE_SIZE)
        return NULL;
    size_t pages = (size + HEADER + PAGE_SIZE - 1) / PAGE_SIZE;
    struct slab *slab = pages_alloc(pages, 0);
    if (!slab)
        return NULL;
    *slab = (struct slab){.magic = SLAB_MAGIC, .class = LARGE, .free_count = (uint32_t)pages};
    return (char *)slab + HEADER;
}

static struct slab *slab_new(size_t class) {
    struct slab *slab = pages_alloc(1, 0);
    if (!slab)
        return NULL;
    *slab = (struct slab){.magic = SLAB_MAGIC,
                          .class = (uint8_t)class,
                          .free_count = (uint32_t)capacity(class),
                          .fresh = HEADER};
    POISON((char *)slab + HEADER, PAGE_SIZE - HEADER);
    list_add(slab);
    return slab;
}

void *kmalloc(size_t size) {
    size_t class = class_of(size);
    if (memory_refuses())
        return NULL;
    if (class == CLASSES)
        return large_alloc(size);
    struct slab *slab = partial[class];
    if (!slab && !(slab = slab_new(class)))
        return NULL;
    struct object *object = slab->free;
    if (object) {
        UNPOISON(object, sizes[class]);
        slab->free = object->next;
    } else {
        object = (struct object *)((char *)slab + slab->fresh);
        slab->fresh += sizes[class];
    }
    UNPOISON(object, size);
    if (--slab->free_count == 0)
        list_remove(slab);
    return object;
}

void *kzalloc(size_t size) {
    void *object = kmalloc(size);
    if (object)
        memset(object, 0, size);
    return object;
}

void kfree(void *pointer) {
    if (!pointer)
        return;
    struct slab *slab = slab_of(pointer);
    if (slab->class == LARGE) {
        size_t pages = slab->free_count;
        slab->magic = 0;
        pages_free(slab, pages);
        return;
    }
    struct object *object = pointer;
    UNPOISON(object, sizes[slab->class]);
    object->next = slab->free;
    slab->free = object;
    POISON(object, sizes[slab->class]);
    if (slab->free_count++ == 0)
        list_add(slab);
    if (slab->free_count == capacity(slab->class) && (slab->next || slab->previous)) {
        list_remove(slab);
        slab->magic = 0;
        UNPOISON(slab, PAGE_SIZE);
        pages_free(slab, 1);
    }
}

static size_t usable(const struct slab *slab) {
    if (slab->class == LARGE)
        return (size_t)slab->free_count * PAGE_SIZE - HEADER;
    return sizes[slab->class];
}

void *krealloc(void *old, size_t size) {
    if (!old)
        return kmalloc(size);
    struct slab *slab = slab_of(old);
    size_t have = usable(slab);
    if (size <= have && (slab->class == LARGE ? size > have / 2 : class_of(size) == slab->class)) {
        UNPOISON(old, size);
        return old;
    }
    if (slab->class == LARGE && size <= SIZE_MAX - HEADER - PAGE_SIZE &&
        size > sizes[CLASSES - 1]) {
        size_t pages = (size + HEADER + PAGE_SIZE - 1) / PAGE_SIZE;
        if (pages_extend(slab, slab->free_count, pages, 0)) {
            slab->free_count = (uint32_t)pages;
            return old;
        }
    }
    void *moved = kmalloc(size);
    if (!moved)
        return NULL;
    UNPOISON(old, have);
    memcpy(moved, old, have < size ? have : size);
    kfree(old);
    return moved;
}

void slabs_scrub(void) {
    for (size_t class = 0; class < CLASSES; class++) {
        for (struct slab *slab = partial[class], *next; slab; slab = next) {
            next = slab->next;
            for (struct object *o = slab->free; o;) {
                UNPOISON(o, sizes[class]);
                struct object *after = o->next;
                memset(o + 1, 0, sizes[class] - sizeof *o);
                POISON(o, sizes[class]);
                o = after;
            }
            UNPOISON((char *)slab + slab->fresh, PAGE_SIZE - slab->fresh);
            memset((char *)slab + slab->fresh, 0, PAGE_SIZE - slab->fresh);
            POISON((char *)slab + slab->fresh, PAGE_SIZE - slab->fresh);
            if (slab->free_count == capacity(class)) {
                list_remove(slab);
                slab->magic = 0;
                UNPOISON(slab, PAGE_SIZE);
                pages_free(slab, 1);
            }
        }
    }
}
