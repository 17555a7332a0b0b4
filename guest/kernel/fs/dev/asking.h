// /dev/boxer: functions of the host.
#ifndef KERNEL_FS_DEV_ASKING_H
#define KERNEL_FS_DEV_ASKING_H

struct file_ops;
extern const struct file_ops asking_ops;

#endif
