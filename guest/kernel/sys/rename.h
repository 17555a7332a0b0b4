// rename(2), renameat2(2).
#ifndef KERNEL_SYS_RENAME_H
#define KERNEL_SYS_RENAME_H

long sys_renameat2(int old_dirfd, const char *old, int dirfd, const char *path, unsigned flags);

#endif
