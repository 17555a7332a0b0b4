// signalfd(2): pending signals as a file.
#ifndef KERNEL_IPC_SIGNALFD_H
#define KERNEL_IPC_SIGNALFD_H

#include <stdint.h>

// A descriptor for the signals of a set; flags as descriptor_for has them.
long signalfd_new(uint64_t set, int flags);
long signalfd_change(int fd, uint64_t set); // its answer: fd

#endif
