// A file opened by its name, and one that has none.
#ifndef KERNEL_VFS_OPEN_H
#define KERNEL_VFS_OPEN_H

#include <boxer/linux_file.h>

#include <stddef.h>
#include <stdint.h>

#define OPEN_FLAGS 037777703u
#define O_PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

// The flags that open(2) knows; the rest it ignores.
static inline uint32_t open_known(uint32_t flags) {
    return flags & (flags & O_PATH ? O_PATH_FLAGS : OPEN_FLAGS);
}

// A descriptor for known flags, openat2(2)'s resolve with them; -errno.
long open_at(int dirfd, const char *path, uint32_t flags, uint32_t mode, uint32_t resolve);
// For execve(2), which needs no permission to read.
struct dentry;
struct file;
int open_to_run(struct dentry *, struct file **opened);
// A descriptor for a new file in memory; label: what /proc shows as its name.
long open_anonymous(const char *label, size_t len, uint32_t seals, int close_on_exec);

#endif
