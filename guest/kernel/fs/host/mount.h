// The host folders of a run.
#ifndef KERNEL_FS_HOST_MOUNT_H
#define KERNEL_FS_HOST_MOUNT_H

void hostfs_mount_all(const char *cwd); // a relative one below cwd
void hostfs_unmount_all(void);

#endif
