// The table of descriptors.
#include "vfs/fd.h"
#include "host/reached.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/file.h"
#include "vfs/locks.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <string.h>

#define FIRST_SLOTS 64

struct slot {
    struct file *file;
    int close_on_exec;
};

static struct descriptors *table(void) {
    return &current->process->descriptors;
}

static int grow(struct descriptors *open, int wanted) {
    int count = open->count ? open->count : FIRST_SLOTS;
    while (count <= wanted)
        count *= 2;
    struct slot *larger = krealloc(open->slots, (size_t)count * sizeof *larger);
    if (!larger)
        return -ENOMEM;
    memset(larger + open->count, 0, (size_t)(count - open->count) * sizeof *larger);
    open->slots = larger;
    open->count = count;
    return 0;
}

static int first_free(const struct descriptors *open, int fd) {
    if (fd < open->lowest)
        fd = open->lowest;
    while (fd < open->count && open->slots[fd].file)
        fd++;
    return fd;
}

static int beyond_limit(int fd) {
    return (uint64_t)fd >= rlimit(LINUX_RLIMIT_NOFILE);
}

int fd_install(struct file *file, int lowest, int close_on_exec) {
    struct descriptors *open = table();
    int fd = first_free(open, lowest);
    if (beyond_limit(fd)) {
        limit_reached(BOXER_REACHED_FILES);
        return -EMFILE;
    }
    if (fd >= open->count && grow(open, fd) < 0)
        return -ENOMEM;
    open->slots[fd] = (struct slot){file, close_on_exec};
    if (lowest <= open->lowest)
        open->lowest = fd + 1;
    return fd;
}

int fd_room(void) {
    struct descriptors *open = table();
    int fd = first_free(open, 0);
    if (!beyond_limit(fd))
        return fd < open->count ? 0 : grow(open, fd);
    limit_reached(BOXER_REACHED_FILES);
    return -EMFILE;
}

// Puts the file at exactly this descriptor, closing what was there.
void fd_close_on_exec(void) {
    for (int fd = fd_next(0); fd >= 0; fd = fd_next(fd + 1))
        if (fd_cloexec(fd))
            fd_close(fd);
}

int fd_replace(struct file *file, int fd, int close_on_exec) {
    struct descriptors *open = table();
    if (fd < 0 || beyond_limit(fd))
        return -EBADF;
    if (fd >= open->count && grow(open, fd) < 0)
        return -ENOMEM;
    struct file *old = open->slots[fd].file;
    open->slots[fd] = (struct slot){file, close_on_exec};
    if (old)
        file_put(old);
    return fd;
}

struct file *fd_file(int fd) {
    const struct descriptors *open = table();
    return fd >= 0 && fd < open->count ? open->slots[fd].file : NULL;
}

int fd_cloexec(int fd) {
    return table()->slots[fd].close_on_exec;
}

void fd_set_cloexec(int fd, int on) {
    table()->slots[fd].close_on_exec = on;
}

static void close_slot(struct process *process, int fd) {
    struct file *file = process->descriptors.slots[fd].file;
    process->descriptors.slots[fd].file = NULL;
    if (fd < process->descriptors.lowest)
        process->descriptors.lowest = fd;
    locks_closed(file, process); // POSIX: the process's locks on the inode go with any close of it
    file_put(file);
}

int fd_close(int fd) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    close_slot(current->process, fd);
    return 0;
}

void fd_close_from(int first) {
    for (int fd = first; (fd = fd_next(fd)) >= 0; fd++)
        fd_close(fd);
}

int descriptors_copy(struct descriptors *made, const struct descriptors *from) {
    size_t size = (size_t)from->count * sizeof *from->slots;
    *made = (struct descriptors){kmalloc(size), from->count, from->lowest};
    if (!made->slots) {
        made->count = 0;
        return -ENOMEM;
    }
    memcpy(made->slots, from->slots, size);
    for (int fd = 0; fd < made->count; fd++)
        if (made->slots[fd].file)
            file_get(made->slots[fd].file);
    return 0;
}

void descriptors_end(struct process *process) {
    struct descriptors *open = &process->descriptors;
    for (int fd = 0; fd < open->count; fd++)
        if (open->slots[fd].file)
            close_slot(process, fd);
    kfree(open->slots);
    *open = (struct descriptors){NULL, 0, 0};
}

int fd_next(int fd) {
    const struct descriptors *open = table();
    for (; fd < open->count; fd++)
        if (open->slots[fd].file)
            return fd;
    return -1;
}
