// Who a process is, and becomes.
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_process.h>
#include <string.h>

#define ALL_CAPABILITIES ((1ull << (LINUX_CAP_LAST + 1)) - 1)

static KERNEL_STATE uint32_t last_change; // of any process

uint32_t credentials_change(void) {
    return ++last_change;
}

static struct credentials *own(void) {
    return &current->process->credentials;
}

void credentials_set_users(struct ids ids) {
    int had_root = own()->ruid == 0 || own()->euid == 0 || own()->suid == 0;
    uint32_t was = own()->euid;
    own()->changes = credentials_change();
    own()->ruid = ids.real;
    own()->euid = own()->fsuid = ids.effective;
    own()->suid = ids.saved;
    // capabilities(7): the last root id gone drops them all, unless PR_SET_KEEPCAPS.
    if (had_root && ids.real && ids.effective && ids.saved && !own()->keep_caps)
        own()->capabilities = 0;
    else if (was != 0 && ids.effective == 0)
        own()->capabilities = ALL_CAPABILITIES;
}

void credentials_set_groups(struct ids ids) {
    own()->changes = credentials_change();
    own()->rgid = ids.real;
    own()->egid = own()->fsgid = ids.effective;
    own()->sgid = ids.saved;
}

int process_in_group(uint32_t gid) {
    if (gid == own()->fsgid)
        return 1;
    for (uint32_t i = 0; i < own()->group_count; i++)
        if (own()->groups[i] == gid)
            return 1;
    return 0;
}

void kernel_set_credentials(uint32_t uid, uint32_t gid, const uint32_t *list, size_t count) {
    own()->capabilities = uid == 0 ? ALL_CAPABILITIES : 0;
    own()->ruid = own()->euid = own()->suid = own()->fsuid = uid;
    credentials_set_groups((struct ids){gid, gid, gid});
    own()->group_count = (uint32_t)(count < NGROUPS_KEPT ? count : NGROUPS_KEPT);
    if (own()->group_count)
        memcpy(own()->groups, list, own()->group_count * sizeof *list);
}
