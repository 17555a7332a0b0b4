// eventfd(2): a counter as a file.
#ifndef KERNEL_IPC_EVENTFD_H
#define KERNEL_IPC_EVENTFD_H

// A descriptor; flags as descriptor_for has them.
long eventfd_new(unsigned count, int semaphore, int flags);

#endif
