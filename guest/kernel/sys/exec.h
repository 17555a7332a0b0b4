// execve(2), execveat(2).
#ifndef KERNEL_SYS_EXEC_H
#define KERNEL_SYS_EXEC_H

long sys_execve(const char *path, char *const argv[], char *const envp[]);
long sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

#endif
