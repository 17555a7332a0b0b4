// sendto(2), recvfrom(2), sendmsg(2), recvmsg(2) and their many-message forms.
#ifndef KERNEL_SYS_MESSAGES_H
#define KERNEL_SYS_MESSAGES_H

#include <boxer/linux_socket.h>
#include <boxer/linux_time.h>

#include <stddef.h>
#include <stdint.h>

long sys_sendto(int fd, const void *data, size_t size, int flags, const void *address,
                uint32_t address_size);
long sys_recvfrom(int fd, void *data, size_t size, int flags, void *address,
                  uint32_t *address_size);
long sys_sendmsg(int fd, const struct linux_msghdr *, int flags);
long sys_recvmsg(int fd, struct linux_msghdr *, int flags);
long sys_sendmmsg(int fd, struct linux_mmsghdr *, unsigned count, int flags);
long sys_recvmmsg(int fd, struct linux_mmsghdr *, unsigned count, int flags,
                  const struct linux_timespec *timeout);

#endif
