// /dev.
#ifndef KERNEL_FS_DEV_DEV_H
#define KERNEL_FS_DEV_DEV_H

int dev_boot(void); // mounts it

#endif
