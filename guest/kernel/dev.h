// /dev.
#ifndef KERNEL_DEV_H
#define KERNEL_DEV_H

int dev_boot(void); // mounts it

#endif
