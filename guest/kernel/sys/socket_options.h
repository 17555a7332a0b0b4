// setsockopt(2) and getsockopt(2).
#ifndef KERNEL_SYS_SOCKET_OPTIONS_H
#define KERNEL_SYS_SOCKET_OPTIONS_H

#include <stdint.h>

long sys_setsockopt(int fd, int level, int name, const void *value, uint32_t size);
long sys_getsockopt(int fd, int level, int name, void *value, uint32_t *size);

#endif
