// Names of the machine (uname(2)); all its processes are in one UTS namespace.
#ifndef KERNEL_TASK_UTS_H
#define KERNEL_TASK_UTS_H

#include <boxer/linux_process.h>

struct uts {
    char hostname[65], domainname[65];
};
extern struct uts uts;
void uts_boot(void);
void uts_name(struct linux_utsname *);

#endif
