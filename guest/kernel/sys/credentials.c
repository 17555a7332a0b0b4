// setuid(2) and its family, setgroups(2), capset(2).
//
// Invariants
// 1. Who may change which id is decided by euid 0 alone (CAP_SETUID, CAP_SETGID come with it), as
//    on Linux where capabilities were never dropped.
// 2. fsuid follows euid, fsgid follows egid.
// 3. A change is whole or nothing.
#include "sys/credentials.h"
#include "mm/memory.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <string.h>

#define UNCHANGED UINT32_MAX
#define NGROUPS_LINUX 65536u
#define CAP_SETGID 6
#define CAP_SETUID 7

static struct credentials *own(void) {
    return &current->process->credentials;
}

static struct ids users(void) {
    return (struct ids){own()->ruid, own()->euid, own()->suid};
}

static struct ids groups(void) {
    return (struct ids){own()->rgid, own()->egid, own()->sgid};
}

static int may(int capability) {
    return own()->euid == 0 && (own()->capabilities >> capability & 1);
}

// setuid(2) and setgid(2) of one id.
static int set_one(struct ids *ids, uint32_t id, int privileged) {
    if (id == UNCHANGED)
        return -EINVAL;
    if (privileged)
        *ids = (struct ids){id, id, id};
    else if (id == ids->real || id == ids->saved)
        ids->effective = id;
    else
        return -EPERM;
    return 0;
}

static int set_re(struct ids *ids, uint32_t real, uint32_t effective, int privileged) {
    struct ids old = *ids;
    if (real != UNCHANGED && !privileged && real != old.real && real != old.effective)
        return -EPERM;
    if (effective != UNCHANGED && !privileged && effective != old.real &&
        effective != old.effective && effective != old.saved)
        return -EPERM;
    if (real != UNCHANGED)
        ids->real = real;
    if (effective != UNCHANGED)
        ids->effective = effective;
    if (real != UNCHANGED || (effective != UNCHANGED && effective != old.real))
        ids->saved = ids->effective;
    return 0;
}

static int is_one_of(struct ids ids, uint32_t id) {
    return id == UNCHANGED || id == ids.real || id == ids.effective || id == ids.saved;
}

static int set_res(struct ids *ids, struct ids new, int privileged) {
    if (!privileged && !(is_one_of(*ids, new.real) && is_one_of(*ids, new.effective) &&
                         is_one_of(*ids, new.saved)))
        return -EPERM;
    if (new.real != UNCHANGED)
        ids->real = new.real;
    if (new.effective != UNCHANGED)
        ids->effective = new.effective;
    if (new.saved != UNCHANGED)
        ids->saved = new.saved;
    return 0;
}

long sys_setuid(uint32_t uid) {
    struct ids ids = users();
    int error = set_one(&ids, uid, may(CAP_SETUID));
    if (!error)
        credentials_set_users(ids);
    return error;
}

long sys_setgid(uint32_t gid) {
    struct ids ids = groups();
    int error = set_one(&ids, gid, may(CAP_SETGID));
    if (!error)
        credentials_set_groups(ids);
    return error;
}

long sys_setreuid(uint32_t ruid, uint32_t euid) {
    struct ids ids = users();
    int error = set_re(&ids, ruid, euid, may(CAP_SETUID));
    if (!error)
        credentials_set_users(ids);
    return error;
}

long sys_setregid(uint32_t rgid, uint32_t egid) {
    struct ids ids = groups();
    int error = set_re(&ids, rgid, egid, may(CAP_SETGID));
    if (!error)
        credentials_set_groups(ids);
    return error;
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid) {
    struct ids ids = users();
    int error = set_res(&ids, (struct ids){ruid, euid, suid}, may(CAP_SETUID));
    if (!error)
        credentials_set_users(ids);
    return error;
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid) {
    struct ids ids = groups();
    int error = set_res(&ids, (struct ids){rgid, egid, sgid}, may(CAP_SETGID));
    if (!error)
        credentials_set_groups(ids);
    return error;
}

static long get_res(struct ids ids, uint32_t *real, uint32_t *effective, uint32_t *saved) {
    if (!real || !effective || !saved)
        return -EFAULT;
    if (!user_range(real, 4) || !user_range(effective, 4) || !user_range(saved, 4))
        return -EFAULT;
    *real = ids.real;
    *effective = ids.effective;
    *saved = ids.saved;
    return 0;
}

long sys_getresuid(uint32_t *ruid, uint32_t *euid, uint32_t *suid) {
    return get_res(users(), ruid, euid, suid);
}

long sys_getresgid(uint32_t *rgid, uint32_t *egid, uint32_t *sgid) {
    return get_res(groups(), rgid, egid, sgid);
}

// Both answer the former id, whether or not it changed.
long sys_setfsuid(uint32_t uid) {
    uint32_t old = own()->fsuid;
    if (may(CAP_SETUID) || (uid != UNCHANGED && is_one_of(users(), uid)) || uid == old)
        own()->fsuid = uid == UNCHANGED ? old : uid;
    own()->changes = own()->fsuid != old ? credentials_change() : own()->changes;
    return (long)old;
}

long sys_setfsgid(uint32_t gid) {
    uint32_t old = own()->fsgid;
    if (may(CAP_SETGID) || (gid != UNCHANGED && is_one_of(groups(), gid)) || gid == old)
        own()->fsgid = gid == UNCHANGED ? old : gid;
    own()->changes = own()->fsgid != old ? credentials_change() : own()->changes;
    return (long)old;
}

long sys_getgroups(int count, uint32_t *list) {
    if (count < 0)
        return -EINVAL;
    if (count == 0)
        return own()->group_count;
    if ((uint32_t)count < own()->group_count)
        return -EINVAL;
    if (own()->group_count) {
        if (!user_range(list, own()->group_count * sizeof *list))
            return -EFAULT;
        memcpy(list, own()->groups, own()->group_count * sizeof *list);
    }
    return own()->group_count;
}

long sys_setgroups(size_t count, const uint32_t *list) {
    if (!may(CAP_SETGID))
        return -EPERM;
    if (count > NGROUPS_LINUX)
        return -EINVAL;
    if (count > NGROUPS_KEPT)
        return -ENOMEM; // difference from Linux: 64 are kept, not 65,536
    if (count && !user_range(list, count * sizeof *list))
        return -EFAULT;
    own()->changes = credentials_change();
    own()->group_count = (uint32_t)count;
    if (count)
        memcpy(own()->groups, list, count * sizeof *list);
    return 0;
}

// How many records a header's version brings; 0: unknown, and the header says which one we speak.
static int capability_records(struct linux_cap_header *header) {
    if (header->version == LINUX_CAPABILITY_1)
        return 1;
    if (header->version == LINUX_CAPABILITY_2 || header->version == LINUX_CAPABILITY_3)
        return 2;
    header->version = LINUX_CAPABILITY_3;
    return 0;
}

long sys_capget(struct linux_cap_header *header, struct linux_cap_data *data) {
    if (!header || !user_range(header, sizeof *header))
        return -EFAULT;
    int records = capability_records(header);
    if (!records)
        return data ? -EINVAL : 0;
    if (header->pid < 0)
        return -EINVAL;
    if (header->pid != 0 && (uint32_t)header->pid != current->process->pid)
        return -ESRCH;
    if (!data || !user_range(data, (size_t)records * sizeof *data))
        return -EFAULT;
    for (int i = 0; i < records; i++) {
        uint32_t half = (uint32_t)(own()->capabilities >> (32 * i));
        data[i] = (struct linux_cap_data){.effective = half, .permitted = half};
    }
    return 0;
}

// Effective and permitted are kept as one set: dropping from either drops from both.
long sys_capset(struct linux_cap_header *header, const struct linux_cap_data *data) {
    if (!header || !user_range(header, sizeof *header))
        return -EFAULT;
    int records = capability_records(header);
    if (!records)
        return -EINVAL;
    if (header->pid != 0 && (uint32_t)header->pid != current->process->pid)
        return -EPERM;
    if (!data || !user_range(data, (size_t)records * sizeof *data))
        return -EFAULT;
    uint64_t wanted = 0;
    for (int i = 0; i < records; i++) {
        if (data[i].effective & ~data[i].permitted)
            return -EPERM;
        wanted |= (uint64_t)data[i].effective << (32 * i);
    }
    if (wanted & ~own()->capabilities)
        return -EPERM;
    own()->capabilities = wanted;
    return 0;
}
