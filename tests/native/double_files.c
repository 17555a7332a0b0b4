// A descriptor table and nothing more, in place of the file-system half.
#include "check.h"
#include "descriptor.h"
#include "epoll.h"
#include "memory.h"
#include "process.h"
#include "syscalls_fs.h"
#include "tmpfs_data.h"
#include "wait.h"

#include <boxer/linux_poll.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTORS 64

static struct file *table[DESCRIPTORS];
static int on_exec[DESCRIPTORS];

struct file *file_new(const struct file_ops *ops, uint32_t flags) {
    struct file *file = kzalloc(sizeof *file);
    if (file)
        *file = (struct file){.ops = ops, .refs = 1, .flags = flags};
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
    if (file->ops->release)
        file->ops->release(file);
    kfree(file);
}

int fd_install(struct file *file, int lowest, int close_on_exec) {
    for (int fd = lowest; fd < DESCRIPTORS && (uint64_t)fd < process.nofile; fd++) {
        if (table[fd])
            continue;
        table[fd] = file;
        on_exec[fd] = close_on_exec;
        return fd;
    }
    return -EMFILE;
}

struct file *fd_file(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? table[fd] : NULL;
}

int fd_close(int fd) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    table[fd] = NULL;
    file_put(file);
    return 0;
}

void fd_close_from(int first) {
    for (int fd = first; fd < DESCRIPTORS; fd++)
        fd_close(fd);
}

int fs_boot(void) {
    return 0;
}

void fs_freeze(void) {
}

void fs_thaw(const char *cwd) {
    (void)cwd;
}

long sys_close(int fd) {
    return fd_close(fd);
}

long sys_dup(int fd) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    file_get(file);
    return fd_install(file, 0, 0);
}

long sys_read(int fd, void *buffer, size_t size) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    if (!file->ops->read)
        return -EINVAL;
    for (;;) {
        long result = file->ops->read(file, buffer, size, &file->pos);
        if (result != -EAGAIN || file->flags & O_NONBLOCK)
            return result;
        int error = wait_file(file, LINUX_POLLIN);
        if (error)
            return error;
    }
}

long sys_write(int fd, const void *buffer, size_t size) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    if (!file->ops->write)
        return -EINVAL;
    for (;;) {
        long result = file->ops->write(file, buffer, size, &file->pos);
        if (result != -EAGAIN || file->flags & O_NONBLOCK)
            return result;
        int error = wait_file(file, LINUX_POLLOUT);
        if (error)
            return error;
    }
}

long sys_ioctl(int fd, unsigned request, uintptr_t argument) {
    struct file *file = fd_file(fd);
    return !file ? -EBADF : file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
}

// fcntl: F_GETFD (1), F_GETFL (3) and F_SETFL (4) are enough here.
long sys_fcntl(int fd, int command, uintptr_t argument) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    if (command == 4)
        file->flags = (file->flags & 3) | ((uint32_t)argument & ~3u);
    return command == 1 ? on_exec[fd] : command == 3 ? (long)file->flags : 0;
}

// One socket name in the file system, "/socket".
static struct inode *bound;

int fs_socket_create(const char *path, struct inode **made) {
    if (strcmp(path, "/socket") != 0)
        return -ENOENT;
    if (bound)
        return -EADDRINUSE;
    bound = *made = calloc(1, sizeof *bound);
    bound->refs = 2;
    return 0;
}

int fs_socket_find(const char *path, struct inode **found) {
    if (!bound || strcmp(path, "/socket") != 0)
        return -ENOENT;
    bound->refs++;
    *found = bound;
    return 0;
}

void fs_socket_release(struct inode *inode) {
    if (--inode->refs > 1)
        return;
    bound = NULL;
    free(inode);
}

// Shared mappings want a tmpfs; the checks that map files run over the real one.
const struct inode_ops tmpfs_ops;

void inode_get(struct inode *inode) {
    inode->refs++;
}

void inode_put(struct inode *inode) {
    inode->refs--;
}

struct stamp stamp_now(void) {
    return (struct stamp){0};
}

uint8_t **content_page(struct inode *inode, size_t index) {
    (void)inode, (void)index;
    return NULL;
}
