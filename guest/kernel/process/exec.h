// execve(2).
#ifndef KERNEL_PROCESS_EXEC_H
#define KERNEL_PROCESS_EXEC_H

// 0 does not come back; -errno, with nothing changed. flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
struct words;
long process_exec(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

// The same of words in the kernel's memory, which are freed.
long process_exec_words(const char *path, struct words *arguments, struct words *environment);

#endif
