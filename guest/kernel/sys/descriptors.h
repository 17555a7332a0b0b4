// Descriptors as things to copy, close and set: dup, close, fcntl, ioctl, flock.
#ifndef KERNEL_SYS_DESCRIPTORS_H
#define KERNEL_SYS_DESCRIPTORS_H

#include <stdint.h>

long sys_close(int fd);
long sys_close_range(unsigned first, unsigned last, unsigned flags);
long sys_dup(int fd);
long sys_dup3(int old, int fd, int flags);
long sys_fcntl(int fd, int command, uintptr_t argument);
long sys_ioctl(int fd, unsigned request, uintptr_t argument);
long sys_flock(int fd, int operation);
long sys_inotify_init1(int flags);
long sys_inotify_add_watch(int fd, const char *path, uint32_t mask);
long sys_inotify_rm_watch(int fd, int watch);

#endif
