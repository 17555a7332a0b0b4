// setuid(2) and its family, setgroups(2), capset(2).
#ifndef KERNEL_SYS_CREDENTIALS_H
#define KERNEL_SYS_CREDENTIALS_H

#include <boxer/linux_process.h>

#include <stddef.h>
#include <stdint.h>

long sys_setuid(uint32_t);
long sys_setgid(uint32_t);
long sys_setreuid(uint32_t ruid, uint32_t euid);
long sys_setregid(uint32_t rgid, uint32_t egid);
long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid);
long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid);
long sys_getresuid(uint32_t *ruid, uint32_t *euid, uint32_t *suid);
long sys_getresgid(uint32_t *rgid, uint32_t *egid, uint32_t *sgid);
long sys_setfsuid(uint32_t);
long sys_setfsgid(uint32_t);
long sys_getgroups(int count, uint32_t *groups);
long sys_setgroups(size_t count, const uint32_t *groups);
long sys_capget(struct linux_cap_header *, struct linux_cap_data *);
long sys_capset(struct linux_cap_header *, const struct linux_cap_data *);

#endif
