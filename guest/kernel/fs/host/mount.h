// The host folders of a run.
#ifndef KERNEL_FS_HOST_MOUNT_H
#define KERNEL_FS_HOST_MOUNT_H

// 0, or the first host descriptor from 3 on that is no folder.
int hostfs_mount_all(const char *cwd);
int hostfs_is_there(void); // whether a folder is mounted
void hostfs_unmount_all(void);

#endif
