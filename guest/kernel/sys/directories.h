// Folders listed, and the working directory: getdents64(2), getcwd(2), chdir(2), chroot(2).
#ifndef KERNEL_SYS_DIRECTORIES_H
#define KERNEL_SYS_DIRECTORIES_H

#include <stddef.h>

long sys_getdents64(int fd, void *buffer, size_t size);
long sys_getcwd(char *buffer, size_t size);
long sys_chdir(const char *path);
long sys_fchdir(int fd);
long sys_chroot(const char *path);

#endif
