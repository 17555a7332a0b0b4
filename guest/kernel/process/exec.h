// execve(2).
#ifndef KERNEL_PROCESS_EXEC_H
#define KERNEL_PROCESS_EXEC_H

// 0 does not come back; -errno, with nothing changed. flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
long process_exec(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

#endif
