// Open file descriptions and the table of descriptors.
#include "epoll.h"
#include "inode.h"
#include "memory.h"
#include "process.h"
#include "locks.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define FIRST_SLOTS 64

struct slot {
    struct file *file;
    int close_on_exec;
};

static KERNEL_STATE struct slot *slots;
static KERNEL_STATE int slot_count;

struct file *file_new(const struct file_ops *ops, uint32_t flags) {
    struct file *file = kzalloc(sizeof *file);
    if (!file)
        return NULL;
    file->ops = ops;
    file->flags = flags;
    file->refs = 1;
    file->opener = process.credentials;
    return file;
}

void file_get(struct file *file) {
    file->refs++;
}

void file_put(struct file *file) {
    if (--file->refs)
        return;
    if (file->watchers)
        epoll_forget(file);
    locks_release(file);
    if (file->ops->release)
        file->ops->release(file);
    if (file->inode && (file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH))
        file->inode->writers--;
    if (file->entry)
        dentry_put(file->entry);
    inode_put(file->inode);
    kfree(file);
}

static int grow(int wanted) {
    int count = slot_count ? slot_count : FIRST_SLOTS;
    while (count <= wanted)
        count *= 2;
    struct slot *larger = krealloc(slots, (size_t)count * sizeof *slots);
    if (!larger)
        return -ENOMEM;
    memset(larger + slot_count, 0, (size_t)(count - slot_count) * sizeof *slots);
    slots = larger;
    slot_count = count;
    return 0;
}

int fd_install(struct file *file, int lowest, int close_on_exec) {
    int fd = lowest;
    while (fd < slot_count && slots[fd].file)
        fd++;
    if ((uint64_t)fd >= process.nofile) {
        limit_reached(BOXER_REACHED_FILES);
        return -EMFILE;
    }
    if (fd >= slot_count && grow(fd) < 0)
        return -ENOMEM;
    slots[fd] = (struct slot){file, close_on_exec};
    return fd;
}

int fd_room(void) {
    int fd = 0;
    while (fd < slot_count && slots[fd].file)
        fd++;
    if ((uint64_t)fd < process.nofile)
        return fd < slot_count ? 0 : grow(fd);
    limit_reached(BOXER_REACHED_FILES);
    return -EMFILE;
}

// Puts the file at exactly this descriptor, closing what was there.
int fd_replace(struct file *file, int fd, int close_on_exec) {
    if (fd < 0 || (uint64_t)fd >= process.nofile)
        return -EBADF;
    if (fd >= slot_count && grow(fd) < 0)
        return -ENOMEM;
    struct file *old = slots[fd].file;
    slots[fd] = (struct slot){file, close_on_exec};
    if (old)
        file_put(old);
    return fd;
}

struct file *fd_file(int fd) {
    return fd >= 0 && fd < slot_count ? slots[fd].file : NULL;
}

int fd_cloexec(int fd) {
    return slots[fd].close_on_exec;
}

void fd_set_cloexec(int fd, int on) {
    slots[fd].close_on_exec = on;
}

int fd_close(int fd) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    slots[fd].file = NULL;
    locks_closed(file); // POSIX: the process's locks on the inode go with any close of it
    file_put(file);
    return 0;
}

void fd_close_from(int first) {
    for (int fd = first; fd < slot_count; fd++)
        if (slots[fd].file)
            fd_close(fd);
}

int fd_suspend(struct descriptors_kept *kept) {
    kept->slots = kmalloc((size_t)slot_count * sizeof *slots);
    kept->count = slot_count;
    if (!kept->slots)
        return -ENOMEM;
    memcpy(kept->slots, slots, (size_t)slot_count * sizeof *slots);
    for (int fd = 0; fd < slot_count; fd++) {
        if (!slots[fd].file)
            continue;
        if (slots[fd].close_on_exec)
            slots[fd].file = NULL; // its reference is the kept one's
        else
            file_get(slots[fd].file);
    }
    return 0;
}

void fd_resume(struct descriptors_kept *kept) {
    fd_close_from(0);
    kfree(slots);
    slots = kept->slots;
    slot_count = kept->count;
}

int fd_next(int fd) {
    for (; fd < slot_count; fd++)
        if (slots[fd].file)
            return fd;
    return -1;
}
