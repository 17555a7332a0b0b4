// MAP_SHARED mappings of files, of all processes: a file's page lies at one address, and is found
// there (mapping_page) whoever mapped it.
//
// Invariants
// 1. A record covers a run of the program's pages and holds its inode; several records may cover
//    the same pages (same inode, same distance between address and index).
// 2. HOME: for every index inside the file, the file's page is the mapping's page. Where the file
//    ends or has shrunk, the page is the mapping's alone, until the file grows back (mapping_page).
// 3. COPY: the pages are the record's alone (mapping_copy.c).
#include "vfs/mapping.h"
#include "vfs/mapping_copy.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "task/process.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>
#include <string.h>

#define SEALS_AGAINST_WRITES (0x8u | 0x10u) // F_SEAL_WRITE, F_SEAL_FUTURE_WRITE

KERNEL_STATE struct mapping *mappings;

static size_t file_pages(const struct inode *inode) {
    return inode->size > 0 ? (size_t)((inode->size + PAGE_SIZE - 1) / PAGE_SIZE) : 0;
}

static int has_page(const struct mapping *mapping, uintptr_t page) {
    return page >= mapping->address && (page - mapping->address) / PAGE_SIZE < mapping->pages;
}

// Of this space, or of any (null).
static struct mapping *covering_of(const struct space *space, uintptr_t page) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        if (has_page(mapping, page) && (!space || mapping->space == space))
            return mapping;
    return NULL;
}

static struct mapping *covering(uintptr_t page) {
    return covering_of(space_in_place, page);
}

uint8_t *mapping_page(const struct inode *inode, size_t index) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        if (mapping->inode == inode && mapping->kind == HOME && index >= mapping->index &&
            index - mapping->index < mapping->pages)
            return page_at(mapping, index - mapping->index);
    return NULL;
}

int mapping_covers(uintptr_t address, size_t pages) {
    for (size_t i = 0; mappings && i < pages; i++)
        if (covering(address + i * PAGE_SIZE))
            return 1;
    return 0;
}

static int any_page(const struct inode *inode, size_t index, size_t pages) {
    for (size_t i = 0; i < pages; i++)
        if (mapping_page(inode, index + i))
            return 1;
    return 0;
}

static struct mapping *record(struct file *file, enum kind kind, uintptr_t address, size_t pages,
                              size_t index, int writable) {
    struct mapping *mapping = kzalloc(sizeof *mapping);
    if (!mapping)
        return NULL;
    *mapping = (struct mapping){.space = space_in_place,
                                .inode = file->inode,
                                .kind = kind,
                                .writable = writable,
                                .address = address,
                                .pages = pages,
                                .index = index};
    return mapping;
}

static void publish(struct mapping *mapping) {
    inode_get(mapping->inode);
    mapping->inode->mapped++;
    mapping->next = mappings;
    mappings = mapping;
    process_at_exit(mapping_sync_all);
}

// Every page of the file in the range exists: after that nothing can fail.
static int allocate_content(struct inode *inode, size_t index, size_t pages) {
    for (size_t i = index; i < index + pages && i < file_pages(inode); i++)
        if (!inode->ops->page(inode, i, 1))
            return -ENOMEM;
    return 0;
}

// The file's pages move into the run; indexes that a mapping holds already lie there.
static void move_home(struct inode *inode, size_t index, uintptr_t run, size_t pages) {
    for (size_t i = 0; i < pages && index + i < file_pages(inode); i++) {
        uint8_t **slot = inode->ops->page(inode, index + i, 1);
        uint8_t *home = (uint8_t *)(run + i * PAGE_SIZE);
        if (*slot == home)
            continue;
        memcpy(home, *slot, PAGE_SIZE);
        pages_free(*slot, 1);
        *slot = home;
    }
}

// A run for indexes [index, index + pages): fresh, or the one that an earlier mapping began, made
// longer in place. 0: no room; *overlap tells whether an earlier mapping was in the way.
static uintptr_t find_run(const struct inode *inode, size_t index, size_t pages, uintptr_t wanted,
                          int *overlap) {
    size_t held = 0;
    *overlap = any_page(inode, index, pages);
    uint8_t *start = mapping_page(inode, index);
    if (*overlap && (!start || wanted))
        return start && wanted == (uintptr_t)start ? wanted : 0;
    if (start) {
        while (held < pages && mapping_page(inode, index + held) == start + held * PAGE_SIZE)
            held++;
        if (any_page(inode, index + held, pages - held))
            return 0;
        if (held < pages && !pages_claim((uintptr_t)start + held * PAGE_SIZE, pages - held, 1))
            return 0;
        return (uintptr_t)start;
    }
    if (wanted)
        return pages_claim(wanted, pages, 1) ? wanted : 0;
    return (uintptr_t)pages_alloc(pages, 1);
}

// The content at this moment; writable ones are written back.
static long share_copy(struct file *file, uintptr_t wanted, size_t pages, int writable,
                       int64_t offset) {
    struct mapping *mapping = record(file, COPY, 0, pages, (size_t)(offset / PAGE_SIZE), writable);
    uint8_t *run = NULL;
    int error = mapping ? 0 : -ENOMEM;
    if (!error && writable && !(mapping->pristine = pages_alloc(pages, 1)))
        error = -ENOMEM;
    if (!error && wanted)
        run = pages_claim(wanted, pages, 1) ? (uint8_t *)wanted : NULL;
    else if (!error)
        run = pages_alloc(pages, 1);
    if (!error)
        error = run ? copy_read(file, run, pages * PAGE_SIZE, offset) : -ENOMEM;
    if (error) {
        if (run)
            pages_free(run, pages);
        if (mapping && mapping->pristine)
            pages_free(mapping->pristine, pages);
        kfree(mapping);
        return error;
    }
    if (mapping->pristine) {
        memcpy(mapping->pristine, run, pages * PAGE_SIZE);
        copy_prepare(file);
    }
    space_show(run, pages);
    mapping->address = (uintptr_t)run;
    mapping->file = file;
    file_get(file);
    publish(mapping);
    return (long)(uintptr_t)run;
}

static long share_home(struct file *file, uintptr_t wanted, size_t pages, int writable,
                       int64_t offset) {
    size_t index = (size_t)(offset / PAGE_SIZE);
    int overlap, error = allocate_content(file->inode, index, pages);
    struct mapping *mapping = error ? NULL : record(file, HOME, 0, pages, index, writable);
    if (!mapping)
        return error ? error : -ENOMEM;
    uintptr_t run = find_run(file->inode, index, pages, wanted, &overlap);
    if (!run) {
        kfree(mapping);
        return overlap && !writable ? share_copy(file, wanted, pages, 0, offset) : -ENOMEM;
    }
    move_home(file->inode, index, run, pages);
    space_show((void *)run, pages);
    mapping->address = run;
    publish(mapping);
    return (long)run;
}

long mapping_share(struct file *file, uintptr_t address, size_t pages, int prot, int flags,
                   int64_t offset) {
    struct inode *inode = file->inode;
    int writable = (prot & LINUX_PROT_WRITE) != 0;
    if (!S_ISREG(inode->mode))
        return -ENODEV;
    if (writable && (inode->seals & SEALS_AGAINST_WRITES))
        return -EPERM;
    uintptr_t wanted = flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE) ? address : 0;
    if (!space_expects(wanted, pages))
        return -ENOMEM;
    // Later mprotect(PROT_WRITE) is allowed where the file is open for writing: be ready for it.
    writable |= (file->flags & O_ACCMODE) == O_RDWR && !inode->ops->page;
    return inode->ops->page ? share_home(file, wanted, pages, writable, offset)
                            : share_copy(file, wanted, pages, writable, offset);
}

// A file without a name and of no length: its pages are the mapping's alone, behind the end.
long mapping_share_anonymous(uintptr_t address, size_t pages, int flags) {
    struct inode *root = fs_root()->inode, *inode;
    if (root->ops->tmpfile(root->fs, S_IFREG | 0600, &inode))
        return -ENOMEM;
    inode->nlink = 0;
    struct file file = {.inode = inode, .flags = O_RDWR};
    long result = mapping_share(&file, address, pages, LINUX_PROT_READ, flags, 0);
    inode_put(inode);
    return result;
}

// HOME: what the program wrote behind the file's end is not the file's.
static void clean_tail(struct mapping *mapping) {
    struct inode *inode = mapping->inode;
    size_t offset = (size_t)(inode->size % PAGE_SIZE);
    size_t last = (size_t)(inode->size / PAGE_SIZE);
    if (offset && last >= mapping->index && last - mapping->index < mapping->pages)
        memset(page_at(mapping, last - mapping->index) + offset, 0, PAGE_SIZE - offset);
}

static int sync_part(struct mapping *mapping, size_t from, size_t to) {
    if (mapping->kind == COPY)
        return copy_write(mapping, from, to);
    if (mapping->writable)
        mapping->inode->mtime = mapping->inode->ctime = stamp_now();
    return 0;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// The part [*from, *to) of the record's pages that lies in the range.
static int overlap_with(const struct mapping *mapping, uintptr_t address, size_t pages,
                        size_t *from, size_t *to) {
    uintptr_t end = address + pages * PAGE_SIZE;
    uintptr_t own_end = mapping->address + mapping->pages * PAGE_SIZE;
    if (end <= mapping->address || address >= own_end)
        return 0;
    *from = address > mapping->address ? (address - mapping->address) / PAGE_SIZE : 0;
    *to = smaller((end - mapping->address) / PAGE_SIZE, mapping->pages);
    return 1;
}

int mapping_sync(uintptr_t address, size_t pages) {
    size_t from, to;
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next) {
        if (!overlap_with(mapping, address, pages, &from, &to))
            continue;
        int error =
            mapping->kind == COPY ? copy_sync(mapping, from, to) : sync_part(mapping, from, to);
        if (error)
            return error;
    }
    return 0;
}

void mapping_sync_all(void) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        sync_part(mapping, 0, mapping->pages);
}

// Pages [from, to) of an ended record: the file keeps its own, nobody's are given up.
static void let_go(struct mapping *mapping, size_t from, size_t to) {
    struct inode *inode = mapping->inode;
    for (size_t i = from; i < to; i++) {
        uint8_t *page = page_at(mapping, i);
        if (!covering_of(mapping->space, (uintptr_t)page))
            space_hide(mapping->space, page, 1);
        if (covering_of(NULL, (uintptr_t)page))
            continue; // another record's still
        uint8_t **own =
            mapping->kind == HOME ? inode->ops->page(inode, mapping->index + i, 0) : NULL;
        if (!own || *own != page)
            pages_free(page, 1);
    }
    if (mapping->pristine)
        pages_free(mapping->pristine + from * PAGE_SIZE, to - from);
}

static void unlink_record(struct mapping *mapping) {
    struct mapping **link = &mappings;
    while (*link != mapping)
        link = &(*link)->next;
    *link = mapping->next;
}

static void end_record(struct mapping *mapping) {
    mapping->inode->mapped--;
    inode_put(mapping->inode);
    if (mapping->file)
        file_put(mapping->file);
    kfree(mapping);
}

// Cuts [from, to) out of the record: it shrinks, splits, or ends.
static int cut(struct mapping *mapping, size_t from, size_t to) {
    struct mapping whole = *mapping, *tail = NULL;
    if (from > 0 && to < mapping->pages && !(tail = kmalloc(sizeof *tail)))
        return -ENOMEM;
    sync_part(mapping, from, to);
    if (mapping->kind == HOME)
        clean_tail(mapping);
    unlink_record(mapping);
    if (tail) {
        *tail = whole;
        tail->address += to * PAGE_SIZE;
        tail->index += to;
        tail->pages -= to;
        if (tail->pristine)
            tail->pristine += to * PAGE_SIZE;
        if (tail->file)
            file_get(tail->file);
        publish(tail);
    }
    if (from > 0) {
        mapping->pages = from;
    } else if (to < whole.pages) {
        mapping->address += to * PAGE_SIZE;
        mapping->index += to;
        mapping->pages -= to;
        if (mapping->pristine)
            mapping->pristine += to * PAGE_SIZE;
    }
    int stays = from > 0 || to < whole.pages;
    if (stays) {
        mapping->next = mappings;
        mappings = mapping;
    }
    let_go(&whole, from, to);
    if (!stays)
        end_record(mapping);
    return 0;
}

// One record at most ends for each page: the same part may be mapped twice.
int mapping_forget(uintptr_t address, size_t pages) {
    size_t from = 0, to = 0;
    for (size_t i = 0; mappings && i < pages;) {
        struct mapping *mapping = covering(address + i * PAGE_SIZE);
        if (!mapping) {
            i++;
            continue;
        }
        overlap_with(mapping, address + i * PAGE_SIZE, pages - i, &from, &to);
        int error = cut(mapping, from, to);
        if (error)
            return error;
        i += to - from;
    }
    return 0;
}

static struct mapping *mapping_of(const struct space *space) {
    struct mapping *mapping = mappings;
    while (mapping && mapping->space != space)
        mapping = mapping->next;
    return mapping;
}

void mappings_end(struct space *space) {
    for (struct mapping *mapping; (mapping = mapping_of(space));)
        cut(mapping, 0, mapping->pages); // a whole one needs no memory
}

static struct mapping *copy_of(const struct mapping *from, struct space *space) {
    struct mapping *mapping = kmalloc(sizeof *mapping);
    if (!mapping)
        return NULL;
    *mapping = *from;
    mapping->space = space;
    if (from->pristine && !(mapping->pristine = pages_alloc(from->pages, 0))) {
        kfree(mapping);
        return NULL;
    }
    if (from->pristine)
        memcpy(mapping->pristine, from->pristine, from->pages * PAGE_SIZE);
    if (mapping->file)
        file_get(mapping->file);
    return mapping;
}

int mappings_are_files(const struct space *space) {
    for (const struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        if (mapping->space == space && mapping->kind != HOME)
            return 0;
    return 1;
}

int mappings_copy(const struct space *from_space, struct space *to) {
    for (struct mapping *from = mappings; from; from = from->next) {
        if (from->space != from_space)
            continue;
        struct mapping *mapping = copy_of(from, to);
        if (!mapping) {
            mappings_end(to);
            return -ENOMEM;
        }
        publish(mapping); // before all that are there: the loop does not meet it
    }
    return 0;
}

// The record and its pages to a new, longer run; nobody else may know the old address.
static long move_record(struct mapping *mapping, size_t pages) {
    uintptr_t address = mapping->address;
    size_t old = mapping->pages;
    unlink_record(mapping);
    int others = any_page(mapping->inode, mapping->index, pages);
    uint8_t *run = others || !space_expects(0, pages) ? NULL : pages_alloc(pages, 1);
    mapping->next = mappings;
    mappings = mapping;
    if (!run)
        return -ENOMEM;
    memcpy(run, (void *)address, old * PAGE_SIZE); // what lies behind the file's end moves too
    space_hide(space_in_place, (void *)address, old);
    space_show(run, pages);
    mapping->address = (uintptr_t)run;
    mapping->pages = pages;
    move_home(mapping->inode, mapping->index, (uintptr_t)run, pages);
    for (size_t i = 0; i < old; i++) // move_home freed the file's
        if (page_owner(address + i * PAGE_SIZE) == PAGE_KERNEL)
            pages_free((void *)(address + i * PAGE_SIZE), 1);
    return (long)(uintptr_t)run;
}

// mremap(2) of exactly one record, covered by no other.
long mapping_resize(uintptr_t address, size_t old, size_t pages, int flags) {
    struct mapping *mapping = covering(address);
    if (!mapping || mapping->address != address || mapping->pages != old || mapping->kind == COPY)
        return -EINVAL;
    if (flags & (LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP))
        return -EINVAL;
    if (pages <= old) {
        int error = pages < old ? mapping_forget(address + pages * PAGE_SIZE, old - pages) : 0;
        return error ? error : (long)address;
    }
    int error = allocate_content(mapping->inode, mapping->index, pages);
    if (error)
        return error;
    if (any_page(mapping->inode, mapping->index + old, pages - old))
        return -ENOMEM; // another mapping has them at its own address
    if (!space_expects(address + old * PAGE_SIZE, pages - old))
        return -ENOMEM;
    if (pages_claim(address + old * PAGE_SIZE, pages - old, 1)) {
        space_show((void *)address, pages);
        mapping->pages = pages;
        move_home(mapping->inode, mapping->index, address, pages);
        return (long)address;
    }
    return flags & LINUX_MREMAP_MAYMOVE ? move_record(mapping, pages) : -ENOMEM;
}
