// /proc/sys: what of the kernel's settings programs read. None can be written.
#include "fs/proc/sys.h"
#include "fs/proc/proc.h"
#include "fs/proc/text.h"
#include "host/host.h"
#include "ipc/pipe.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"
#include "task/uts.h"
#include "vfs/inode.h"
#include "state.h"

#include <boxer/linux_process.h>

static KERNEL_STATE uint8_t boot_id[16];
static KERNEL_STATE int boot_id_known;

void proc_thaw(void) {
    boot_id_known = 0; // each run is a boot of its own
}

static void new_uuid(uint8_t uuid[16]) {
    if (host_random(uuid, 16) < 0)
        for (int i = 0; i < 16; i++)
            uuid[i] = 0;
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); // version 4, RFC 9562
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void add_uuid(struct text *text, const uint8_t uuid[16]) {
    for (int i = 0; i < 16; i++)
        text_print(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", U(uuid[i]));
    text_print(text, "\n");
}

static void show_boot_id(struct text *text) {
    if (!boot_id_known)
        new_uuid(boot_id);
    boot_id_known = 1;
    add_uuid(text, boot_id);
}

static void show_uuid(struct text *text) {
    uint8_t uuid[16];
    new_uuid(uuid);
    add_uuid(text, uuid);
}

static void show_hostname(struct text *text) {
    text_print(text, "%s\n", uts.hostname);
}

static void show_domainname(struct text *text) {
    text_print(text, "%s\n", uts.domainname[0] ? uts.domainname : "(none)");
}

static void show_osrelease(struct text *text) {
    struct linux_utsname name;
    uts_name(&name);
    text_print(text, "%s\n", name.release);
}

static void show_version_line(struct text *text) {
    struct linux_utsname name;
    uts_name(&name);
    text_print(text, "%s\n", name.version);
}

#define NUMBER(name, value)                                                                        \
    static void name(struct text *text) {                                                          \
        text_print(text, "%u\n", U(value));                                                        \
    }
NUMBER(show_ngroups_max, NGROUPS_KEPT)
NUMBER(show_cap_last_cap, LINUX_CAP_LAST)
NUMBER(show_nr_open, current->process->limits[LINUX_RLIMIT_NOFILE].hard)
NUMBER(show_inodes_max, fs_usage.inodes_max)
NUMBER(show_pipe_max, PIPE_MOST)

static const struct proc_entry random_folder[] = {
    PROC_FILE("boot_id", show_boot_id),
    PROC_TEXT("entropy_avail", "256\n"),
    PROC_TEXT("poolsize", "256\n"),
    PROC_FILE("uuid", show_uuid),
    PROC_END,
};

static const struct proc_entry kernel_folder[] = {
    PROC_FILE("cap_last_cap", show_cap_last_cap),
    PROC_FILE("domainname", show_domainname),
    PROC_FILE("hostname", show_hostname),
    PROC_FILE("ngroups_max", show_ngroups_max),
    PROC_FILE("osrelease", show_osrelease),
    PROC_TEXT("ostype", "Linux\n"),
    PROC_TEXT("overflowgid", "65534\n"),
    PROC_TEXT("overflowuid", "65534\n"),
    PROC_TEXT("pid_max", "32768\n"),
    PROC_FOLDER("random", random_folder),
    PROC_FILE("version", show_version_line),
    PROC_END,
};

static const struct proc_entry fs_folder[] = {
    PROC_FILE("file-max", show_inodes_max),    PROC_FILE("nr_open", show_nr_open),
    PROC_TEXT("protected_fifos", "0\n"),       PROC_TEXT("protected_hardlinks", "1\n"),
    PROC_TEXT("protected_regular", "0\n"),     PROC_TEXT("protected_symlinks", "0\n"),
    PROC_FILE("pipe-max-size", show_pipe_max), PROC_END,
};

static const struct proc_entry tty_folder[] = {
    PROC_TEXT("legacy_tiocsti", "0\n"),
    PROC_END,
};

static const struct proc_entry dev_folder[] = {
    PROC_FOLDER("tty", tty_folder),
    PROC_END,
};

static const struct proc_entry vm_folder[] = {
    PROC_TEXT("max_map_count", "65530\n"),
    PROC_TEXT("overcommit_memory", "1\n"),
    PROC_END,
};

static const struct proc_entry core_folder[] = {
    PROC_TEXT("somaxconn", "4096\n"),
    PROC_END,
};

static const struct proc_entry net_folder[] = {
    PROC_FOLDER("core", core_folder),
    PROC_END,
};

const struct proc_entry proc_sys[] = {
    PROC_FOLDER("dev", dev_folder),       PROC_FOLDER("fs", fs_folder),
    PROC_FOLDER("kernel", kernel_folder), PROC_FOLDER("net", net_folder),
    PROC_FOLDER("vm", vm_folder),         PROC_END,
};
