// The content of tmpfs files.
//
// Invariants
// 1. Bytes of a page behind the file's end are zero: growing a file shows no old bytes.
// 2. While `lower` is set, `pages` holds nothing; a write first makes a private copy of all of it.
// 3. `unwritten` may be shorter than `pages`: what it does not reach has been written.
// 4. inode->blocks counts allocated pages; fs_usage.pages sums them over all files.
#include "fs/tmpfs/content.h"
#include "fs/tmpfs/block.h"
#include "fs/tmpfs/inflate.h"
#include "host/reached.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "vfs/inode.h"
#include "vfs/mapping.h"
#include "state.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define SIZE_LIMIT ((int64_t)1 << 40) // a page table of 1 GiB would be behind it: no box has that

static KERNEL_STATE struct content *inflated_list;

static size_t pages_for(uint64_t size) {
    return (size_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
}

static void forget_inflated(struct content *content) {
    struct content **at = &inflated_list;
    if (!content->inflated)
        return;
    while (*at != content)
        at = &(*at)->next_inflated;
    *at = content->next_inflated;
    lower_give_back(content->inflated, pages_for(content->lower_size));
    content->inflated = NULL;
}

void tmpfs_drop_clean(void) {
    while (inflated_list)
        forget_inflated(inflated_list);
    blocks_drop_clean();
}

// The lower layer's bytes, inflated if need be. Null: *error says why.
static const uint8_t *lower_bytes(struct content *content, int *error) {
    if (content->block) {
        const uint8_t *bytes = block_bytes(content->block, error);
        return bytes ? bytes + content->block_offset : NULL;
    }
    if (content->stored == content->lower_size)
        return content->lower;
    if (content->inflated)
        return content->inflated;
    uint8_t *pages = lower_room(pages_for(content->lower_size));
    *error = pages ? lower_inflate(pages, content->lower_size, content->lower, content->stored)
                   : -ENOMEM;
    if (*error) {
        if (pages)
            lower_give_back(pages, pages_for(content->lower_size));
        return NULL;
    }
    content->inflated = pages;
    content->next_inflated = inflated_list;
    inflated_list = content;
    return pages;
}

static int grow_slots(struct content *content, size_t count) {
    if (count <= content->count)
        return 0;
    size_t slots = content->count ? content->count : 4;
    while (slots < count)
        slots *= 2;
    uint8_t **pages = krealloc(content->pages, slots * sizeof *pages);
    if (!pages)
        return -ENOMEM;
    memset(pages + content->count, 0, (slots - content->count) * sizeof *pages);
    content->pages = pages;
    content->count = slots;
    return 0;
}

static int fill_slot(struct inode *inode, size_t index, int zeroed) {
    struct content *content = inode->data;
    int error = grow_slots(content, index + 1);
    if (error || content->pages[index])
        return error;
    if (fs_usage.pages >= fs_usage.pages_max) {
        limit_reached(BOXER_REACHED_STORAGE);
        return -ENOSPC;
    }
    // Where a shared mapping lies, the file's page is the mapping's.
    uint8_t *mapped = inode->mapped ? mapping_page(inode, index) : NULL;
    content->pages[index] = mapped ? mapped : pages_alloc(1, zeroed);
    if (!content->pages[index])
        return -ENOSPC;
    fs_usage.pages++;
    inode->blocks += PAGE_SIZE / 512;
    return 0;
}

static void mark_written(struct content *content, size_t index) {
    if (index < content->unwritten_count)
        content->unwritten[index] = 0;
}

static int is_data(const struct content *content, size_t index) {
    return index < content->count && content->pages[index] &&
           !(index < content->unwritten_count && content->unwritten[index]);
}

static void empty_slot(struct inode *inode, size_t index) {
    struct content *content = inode->data;
    if (index >= content->count || !content->pages[index])
        return;
    if (inode->mapped && mapping_page(inode, index) == content->pages[index])
        memset(content->pages[index], 0, PAGE_SIZE); // the mapping keeps it
    else
        pages_free(content->pages[index], 1);
    content->pages[index] = NULL;
    mark_written(content, index);
    fs_usage.pages--;
    inode->blocks -= PAGE_SIZE / 512;
}

static void drop_pages(struct inode *inode, size_t from) {
    struct content *content = inode->data;
    for (size_t i = from; i < content->count; i++)
        empty_slot(inode, i);
}

static void drop_lower(struct inode *inode) {
    struct content *content = inode->data;
    forget_inflated(content);
    content->lower = NULL;
    inode->blocks = 0;
}

static int make_private(struct inode *inode) {
    struct content *content = inode->data;
    int error = 0;
    if (!content->lower)
        return 0;
    const uint8_t *bytes = lower_bytes(content, &error);
    uint64_t blocks = inode->blocks;
    inode->blocks = 0;
    for (size_t i = 0; !error && i < pages_for(content->lower_size); i++)
        error = fill_slot(inode, i, 1);
    if (error) {
        drop_pages(inode, 0);
        inode->blocks = blocks;
        return error;
    }
    for (size_t done = 0; done < content->lower_size; done += PAGE_SIZE) {
        size_t rest = content->lower_size - done;
        memcpy(content->pages[done / PAGE_SIZE], bytes + done, rest < PAGE_SIZE ? rest : PAGE_SIZE);
    }
    blocks = inode->blocks;
    drop_lower(inode);
    inode->blocks = blocks;
    return 0;
}

long content_read(struct inode *inode, void *buffer, size_t size, int64_t pos) {
    struct content *content = inode->data;
    if (pos >= inode->size)
        return 0;
    if ((int64_t)size > inode->size - pos)
        size = (size_t)(inode->size - pos);
    if (content->lower) {
        int error = 0;
        const uint8_t *bytes = lower_bytes(content, &error);
        if (error)
            return error;
        memcpy(buffer, bytes + pos, size);
        return (long)size;
    }
    for (size_t done = 0; done < size;) {
        size_t index = (size_t)((pos + (int64_t)done) / PAGE_SIZE);
        size_t offset = (size_t)((pos + (int64_t)done) % PAGE_SIZE);
        size_t part = size - done < PAGE_SIZE - offset ? size - done : PAGE_SIZE - offset;
        const uint8_t *page = index < content->count ? content->pages[index] : NULL;
        if (page)
            memcpy((char *)buffer + done, page + offset, part);
        else
            memset((char *)buffer + done, 0, part);
        done += part;
    }
    return (long)size;
}

long content_write(struct inode *inode, const void *buffer, size_t size, int64_t pos) {
    struct content *content = inode->data;
    int error = make_private(inode);
    if (error)
        return error;
    if (pos > SIZE_LIMIT - (int64_t)size)
        return -EFBIG;
    size_t done = 0;
    while (done < size) {
        size_t index = (size_t)((pos + (int64_t)done) / PAGE_SIZE);
        size_t offset = (size_t)((pos + (int64_t)done) % PAGE_SIZE);
        size_t part = size - done < PAGE_SIZE - offset ? size - done : PAGE_SIZE - offset;
        error = fill_slot(inode, index, part != PAGE_SIZE);
        if (error)
            break;
        memcpy(content->pages[index] + offset, (const char *)buffer + done, part);
        mark_written(content, index);
        done += part;
    }
    if (pos + (int64_t)done > inode->size && done)
        inode->size = pos + (int64_t)done;
    return done ? (long)done : error;
}

int content_resize(struct inode *inode, int64_t size) {
    struct content *content = inode->data;
    if (size > SIZE_LIMIT)
        return -EFBIG;
    if (content->lower && size == 0) {
        drop_lower(inode);
    } else {
        int error = make_private(inode);
        if (error)
            return error;
    }
    if (size <= inode->size) {
        drop_pages(inode, pages_for((uint64_t)size));
        size_t last = (size_t)(size / PAGE_SIZE), offset = (size_t)(size % PAGE_SIZE);
        if (offset && last < content->count && content->pages[last])
            memset(content->pages[last] + offset, 0, PAGE_SIZE - offset);
    }
    inode->size = size;
    return 0;
}

int content_punch(struct inode *inode, int64_t pos, int64_t length) {
    struct content *content = inode->data;
    int error = make_private(inode);
    if (error)
        return error;
    // What fallocate(2) put behind the file's end goes too.
    int64_t end = (int64_t)content->count * PAGE_SIZE;
    if (length > end - pos)
        length = end - pos;
    while (length > 0) {
        size_t index = (size_t)(pos / PAGE_SIZE), offset = (size_t)(pos % PAGE_SIZE);
        int64_t part =
            length < (int64_t)(PAGE_SIZE - offset) ? length : (int64_t)(PAGE_SIZE - offset);
        if (part == PAGE_SIZE)
            empty_slot(inode, index);
        if (index < content->count && content->pages[index])
            memset(content->pages[index] + offset, 0, (size_t)part);
        pos += part;
        length -= part;
    }
    return 0;
}

static int grow_unwritten(struct content *content, size_t count) {
    if (count <= content->unwritten_count)
        return 0;
    uint8_t *marks = krealloc(content->unwritten, count);
    if (!marks)
        return -ENOMEM;
    memset(marks + content->unwritten_count, 0, count - content->unwritten_count);
    content->unwritten = marks;
    content->unwritten_count = count;
    return 0;
}

enum { UNWRITTEN = 1, UNWRITTEN_NEW = 2 }; // NEW: by the call that is still at work

// What was allocated ahead before counts as written the second time, as in Linux's tmpfs.
int content_reserve(struct inode *inode, int64_t pos, int64_t length) {
    struct content *content = inode->data;
    if (pos + length > SIZE_LIMIT)
        return -EFBIG;
    size_t start = (size_t)(pos / PAGE_SIZE), end = pages_for((uint64_t)(pos + length)), at = start;
    int error = make_private(inode);
    if (!error)
        error = grow_unwritten(content, end);
    for (; !error && at < end; at++) {
        int was = at < content->count && content->pages[at];
        if (!was && (error = fill_slot(inode, at, 1)))
            break;
        content->unwritten[at] = was ? 0 : UNWRITTEN_NEW;
    }
    for (size_t i = start; i < at; i++) {
        if (content->unwritten[i] != UNWRITTEN_NEW)
            continue;
        content->unwritten[i] = UNWRITTEN;
        if (error)
            empty_slot(inode, i);
    }
    return error == -ENOMEM ? -ENOSPC : error;
}

int64_t content_seek(struct inode *inode, int64_t pos, int whence) {
    struct content *content = inode->data;
    if (pos < 0 || pos >= inode->size)
        return -ENXIO;
    if (content->lower)
        return whence == SEEK_DATA ? pos : inode->size;
    for (size_t i = (size_t)(pos / PAGE_SIZE); i < pages_for((uint64_t)inode->size); i++) {
        int data = is_data(content, i);
        int64_t at = (int64_t)i * PAGE_SIZE;
        if (data == (whence == SEEK_DATA))
            return at > pos ? at : pos;
    }
    return whence == SEEK_DATA ? -ENXIO : inode->size;
}

void content_free(struct inode *inode) {
    struct content *content = inode->data;
    if (!content)
        return;
    forget_inflated(content);
    drop_pages(inode, 0);
    kfree(content->pages);
    kfree(content->unwritten);
    kfree(content);
    inode->data = NULL;
}

uint8_t **content_page(struct inode *inode, size_t index, int allocate) {
    struct content *content = inode->data;
    if (!allocate)
        return index < content->count && content->pages[index] ? &content->pages[index] : NULL;
    if (make_private(inode) || fill_slot(inode, index, 1))
        return NULL;
    mark_written(content, index);
    return &content->pages[index];
}
