// Facts about the machine: sysinfo(2), uname(2), sethostname(2); getrandom(2).
#ifndef KERNEL_SYS_SYSTEM_H
#define KERNEL_SYS_SYSTEM_H

#include <boxer/linux_process.h>

#include <stddef.h>

long sys_getrandom(void *buffer, size_t size, unsigned flags);
long sys_sysinfo(struct linux_sysinfo *);
long sys_uname(struct linux_utsname *);
long sys_sethostname(const char *name, size_t size);
long sys_setdomainname(const char *name, size_t size);

#endif
