// open(2), openat2(2), memfd_create(2).
#include "sys/open.h"
#include "mm/memory.h"
#include "vfs/open.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define RESOLVE_FLAGS 0x3fu

// What open(2) does not know it ignores; openat2(2) refuses it.
long sys_openat(int dirfd, const char *path, int flags, uint32_t mode) {
    return open_at(dirfd, path, open_known((uint32_t)flags), mode & 07777, 0);
}

long sys_openat2(int dirfd, const char *path, const struct linux_open_how *how, size_t size) {
    struct linux_open_how wanted = {0};
    if (size < sizeof wanted)
        return -EINVAL;
    if (!user_range(how, size))
        return -EFAULT;
    for (size_t i = sizeof wanted; i < size; i++)
        if (((const char *)how)[i])
            return -E2BIG;
    wanted = *how;
    if (wanted.flags != open_known((uint32_t)wanted.flags) ||
        (wanted.resolve & ~(uint64_t)RESOLVE_FLAGS))
        return -EINVAL;
    uint32_t modes = wanted.flags & (O_CREAT | TMPFILE_BIT) ? 07777 : 0;
    if (wanted.mode & ~(uint64_t)modes)
        return -EINVAL;
    if ((wanted.resolve & RESOLVE_BENEATH) && (wanted.resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    return open_at(dirfd, path, (uint32_t)wanted.flags, (uint32_t)wanted.mode,
                   (uint32_t)wanted.resolve);
}

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define F_SEAL_SEAL 1u

long sys_memfd_create(const char *name, unsigned flags) {
    char label[NAME_MAX + 1] = "memfd:";
    size_t len = 6;
    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x18u))
        return -EINVAL;
    if (!user_range(name, 1))
        return -EFAULT;
    for (const char *at = name; *at; at++) {
        if (len == NAME_MAX)
            return -EINVAL;
        label[len++] = *at;
    }
    return open_anonymous(label, len, flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL,
                          (flags & MFD_CLOEXEC) != 0);
}
