// System calls on sockets.
#ifndef KERNEL_SYSCALLS_SOCKET_H
#define KERNEL_SYSCALLS_SOCKET_H

#include <boxer/linux_socket.h>
#include <boxer/linux_time.h>

#include <stddef.h>
#include <stdint.h>

long sys_socket(int family, int type, int protocol);
long sys_socketpair(int family, int type, int protocol, int *fds);
long sys_bind(int fd, const void *address, uint32_t size);
long sys_listen(int fd, int backlog);
long sys_accept4(int fd, void *address, uint32_t *size, int flags);
long sys_connect(int fd, const void *address, uint32_t size);
long sys_getsockname(int fd, void *address, uint32_t *size);
long sys_getpeername(int fd, void *address, uint32_t *size);
long sys_sendto(int fd, const void *data, size_t size, int flags, const void *address,
                uint32_t address_size);
long sys_recvfrom(int fd, void *data, size_t size, int flags, void *address,
                  uint32_t *address_size);
long sys_sendmsg(int fd, const struct linux_msghdr *, int flags);
long sys_recvmsg(int fd, struct linux_msghdr *, int flags);
long sys_sendmmsg(int fd, struct linux_mmsghdr *, unsigned count, int flags);
long sys_recvmmsg(int fd, struct linux_mmsghdr *, unsigned count, int flags,
                  const struct linux_timespec *timeout);
long sys_setsockopt(int fd, int level, int name, const void *value, uint32_t size);
long sys_getsockopt(int fd, int level, int name, void *value, uint32_t *size);
long sys_shutdown(int fd, int how);

#endif
