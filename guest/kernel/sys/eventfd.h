// eventfd2(2).
#ifndef KERNEL_SYS_EVENTFD_H
#define KERNEL_SYS_EVENTFD_H

long sys_eventfd2(unsigned count, int flags);

#endif
