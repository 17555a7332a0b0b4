// A mapping that is a copy of its file, and how the two are kept the same.
//
// Invariants
// 1. A byte that the program has not changed is never written to the file: others write there.
// 2. Within this machine a copy is as good as the file's own pages: what a descriptor writes is
//    seen in every mapping at once, and a read sees what mappings hold.
// 3. What others on the host write is seen after msync, a lock, or a read of the same file.
#include "vfs/mapping_copy.h"
#include "mm/slab.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mapping.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

int copy_read(struct file *file, uint8_t *to, size_t size, int64_t offset) {
    for (size_t done = 0; done < size;) {
        int64_t pos = offset + (int64_t)done;
        long got = file->ops->read(file, to + done, size - done, &pos);
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return 0;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// How much of page i lies inside the file.
static size_t inside(const struct mapping *mapping, size_t i) {
    int64_t left = mapping->inode->size - (int64_t)(mapping->index + i) * PAGE_SIZE;
    return left <= 0 ? 0 : left < (int64_t)PAGE_SIZE ? (size_t)left : PAGE_SIZE;
}

// A description that appends would put it at the end.
static long put_at(struct file *file, const uint8_t *bytes, size_t size, int64_t pos) {
    uint32_t flags = file->flags;
    file->flags &= ~(uint32_t)O_APPEND;
    long put = file->ops->write(file, bytes, size, &pos);
    file->flags = flags;
    return put < 0 || (size_t)put == size ? put : -EIO;
}

void copy_prepare(struct file *file) {
    put_at(file, NULL, 0, 0); // it opens what it needs for that while the file has a name
}

static int write_changed(struct mapping *mapping, size_t i) {
    uint8_t *now = page_at(mapping, i), *was = mapping->pristine + i * PAGE_SIZE;
    size_t end = inside(mapping, i);
    for (size_t at = 0; at < end;) {
        size_t first = at, last;
        while (first < end && now[first] == was[first])
            first++;
        for (last = first; last < end && now[last] != was[last];)
            last++;
        if (first == last)
            break;
        int64_t pos = (int64_t)(mapping->index + i) * PAGE_SIZE + (int64_t)first;
        // What is put there comes back by mapping_wrote, and is known then.
        long put = put_at(mapping->file, now + first, last - first, pos);
        if (put < 0)
            return (int)put;
        at = last;
    }
    return 0;
}

int copy_write(struct mapping *mapping, size_t from, size_t to) {
    if (!mapping->pristine)
        return 0;
    file_refresh(mapping->file); // the host's file may have changed its size
    int error = 0;
    for (size_t i = from; i < to && !error; i++)
        if (memcmp(page_at(mapping, i), mapping->pristine + i * PAGE_SIZE, PAGE_SIZE) != 0)
            error = write_changed(mapping, i);
    return error;
}

static void take(uint8_t *now, uint8_t *was, const uint8_t *bytes, size_t size) {
    memmove(now, bytes, size); // it may be what was written from
    if (was)
        memcpy(was, now, size);
}

static uint8_t *pristine_at(const struct mapping *mapping, size_t offset) {
    return mapping->pristine ? mapping->pristine + offset : NULL;
}

// Behind a write back: nothing here is the program's alone.
static int read_anew(struct mapping *mapping, size_t from, size_t to) {
    uint8_t *page = pages_alloc(1, 0);
    int error = page ? 0 : -ENOMEM;
    for (size_t i = from; i < to && !error; i++) {
        uint8_t *now = page_at(mapping, i);
        memset(page, 0, PAGE_SIZE);
        error =
            copy_read(mapping->file, page, PAGE_SIZE, (int64_t)(mapping->index + i) * PAGE_SIZE);
        if (!error && memcmp(now, page, inside(mapping, i)) != 0)
            take(now, pristine_at(mapping, i * PAGE_SIZE), page, inside(mapping, i));
    }
    if (page)
        pages_free(page, 1);
    return error;
}

static int can_read(const struct mapping *mapping) {
    return (mapping->file->flags & O_ACCMODE) != O_WRONLY;
}

int copy_sync(struct mapping *mapping, size_t from, size_t to) {
    int error = copy_write(mapping, from, to);
    return error || !can_read(mapping) ? error : read_anew(mapping, from, to);
}

// A file of a host folder has an inode for each of its names.
static int is_of(const struct mapping *mapping, const struct inode *inode) {
    const struct inode *own = mapping->inode;
    return mapping->kind == COPY &&
           (own == inode || (own->fs == inode->fs && !own->ops->page && own->ino == inode->ino &&
                             own->host_dev == inode->host_dev));
}

void mapping_wrote(const struct inode *inode, const void *bytes, size_t size, int64_t pos) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next) {
        int64_t start = (int64_t)mapping->index * PAGE_SIZE;
        int64_t end = start + (int64_t)mapping->pages * PAGE_SIZE;
        if (!is_of(mapping, inode) || pos >= end || pos + (int64_t)size <= start)
            continue;
        size_t skipped = pos < start ? (size_t)(start - pos) : 0;
        size_t offset = pos > start ? (size_t)(pos - start) : 0;
        size_t part = smaller(size - skipped, mapping->pages * PAGE_SIZE - offset);
        take((uint8_t *)mapping->address + offset, pristine_at(mapping, offset),
             (const uint8_t *)bytes + skipped, part);
    }
}

void mapping_truncated(const struct inode *inode, int64_t size) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next) {
        int64_t start = (int64_t)mapping->index * PAGE_SIZE;
        size_t all = mapping->pages * PAGE_SIZE;
        if (!is_of(mapping, inode) || size >= start + (int64_t)all)
            continue;
        size_t kept = size > start ? (size_t)(size - start) : 0;
        memset((uint8_t *)mapping->address + kept, 0, all - kept);
        if (mapping->pristine)
            memset(mapping->pristine + kept, 0, all - kept);
    }
}

void mapping_settle(const struct inode *inode) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        if (is_of(mapping, inode))
            copy_write(mapping, 0, mapping->pages);
}

// Whether the host's file is as it was when this was last asked. Its clock is coarse: a change just
// now says nothing of those that follow.
static int is_settled(struct mapping *mapping) {
    const struct inode *inode = mapping->inode;
    int same = inode->mtime.sec == mapping->seen.sec && inode->mtime.nsec == mapping->seen.nsec;
    mapping->seen = inode->mtime;
    return same && stamp_now().sec > inode->mtime.sec + 1;
}

void mapping_refresh(struct inode *inode) {
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        if (is_of(mapping, inode) && !file_refresh(mapping->file) &&
            !copy_write(mapping, 0, mapping->pages) && can_read(mapping) && !is_settled(mapping))
            read_anew(mapping, 0, mapping->pages);
}
