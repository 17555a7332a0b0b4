// execve(2), execveat(2).
#include "sys/exec.h"
#include "mm/memory.h"
#include "process/exec.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#include <stddef.h>

long sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags) {
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    if (!user_range(path, 1))
        return -EFAULT;
    return process_exec(dirfd, path, argv, envp, flags);
}

long sys_execve(const char *path, char *const argv[], char *const envp[]) {
    return sys_execveat(AT_FDCWD, path, argv, envp, 0);
}
