// socket(2), bind(2), listen(2), accept(2), connect(2), names, shutdown(2).
#ifndef KERNEL_SYS_SOCKET_H
#define KERNEL_SYS_SOCKET_H

#include <stdint.h>

long sys_socket(int family, int type, int protocol);
long sys_socketpair(int family, int type, int protocol, int *fds);
long sys_bind(int fd, const void *address, uint32_t size);
long sys_listen(int fd, int backlog);
long sys_accept4(int fd, void *address, uint32_t *size, int flags);
long sys_connect(int fd, const void *address, uint32_t size);
long sys_getsockname(int fd, void *address, uint32_t *size);
long sys_getpeername(int fd, void *address, uint32_t *size);
long sys_shutdown(int fd, int how);

#endif
