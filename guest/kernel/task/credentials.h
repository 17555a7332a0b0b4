// Who a process is: credentials(7). Linux keeps them for each task, and libc sets those of all
// tasks of a process together; here they are the process's at once.
#ifndef KERNEL_TASK_CREDENTIALS_H
#define KERNEL_TASK_CREDENTIALS_H

#include <stdint.h>

#define NGROUPS_KEPT 64

struct credentials {
    uint32_t ruid, euid, suid, fsuid;
    uint32_t rgid, egid, sgid, fsgid;
    uint32_t groups[NGROUPS_KEPT], group_count;
    uint32_t changes;      // a number for what they were set to: who opened a file is known by it
    int keep_caps;         // PR_SET_KEEPCAPS
    uint64_t capabilities; // effective == permitted
};

// Of users or of groups.
struct ids {
    uint32_t real, effective, saved;
};

// A whole change of the current process's; fsuid follows euid, fsgid follows egid.
void credentials_set_users(struct ids);
void credentials_set_groups(struct ids);
uint32_t credentials_change(void); // a number for a change
int process_in_group(uint32_t gid);

#endif
