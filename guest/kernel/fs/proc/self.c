// /proc/self: the program, its memory, its place in the tree.
#include "fs/proc/self.h"
#include "fs/proc/fd.h"
#include "fs/proc/net.h"
#include "fs/proc/proc.h"
#include "fs/proc/status.h"
#include "fs/proc/text.h"
#include "fs/proc/whom.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

static long path_text(struct dentry *entry, char *buffer, size_t size) {
    char path[PATH_MAX + 16];
    long len = dentry_path(entry, path, sizeof path, 1);
    return len < 0 ? -ENAMETOOLONG : proc_copy(path, buffer, size);
}

static int lead_to(struct dentry *entry, struct dentry **target) {
    dentry_get(entry);
    *target = entry;
    return 0;
}

static long cwd_target(char *buffer, size_t size) {
    return path_text(path_cwd(), buffer, size);
}

static int cwd_follow(struct dentry **target) {
    return lead_to(path_cwd(), target);
}

static long root_target(char *buffer, size_t size) {
    return path_text(path_root(), buffer, size);
}

static int root_follow(struct dentry **target) {
    return lead_to(path_root(), target);
}

static long exe_target(char *buffer, size_t size) {
    return current->process->exe ? proc_copy(current->process->exe, buffer, size) : -ENOENT;
}

static void show_cmdline(struct text *text) {
    text_add(text, current->process->cmdline, current->process->cmdline_size);
}

static void show_environ(struct text *text) {
    text_add(text, current->process->environ, current->process->environ_size);
}

static void show_comm(struct text *text) {
    text_print(text, "%s\n", current->comm);
}

// Paths of the mount table escape what would part its fields.
static void add_path(struct text *text, struct dentry *entry) {
    char path[PATH_MAX + 16];
    if (dentry_path(entry, path, sizeof path, 0) < 0)
        memcpy(path, "?", 2);
    for (const char *at = path; *at; at++) {
        if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\\')
            text_print(text, "\\%u%u%u", U(*at >> 6 & 7), U(*at >> 3 & 7), U(*at & 7));
        else
            text_add(text, at, 1);
    }
}

static const char *options(const struct filesystem *fs) {
    return fs->read_only ? "ro,relatime" : "rw,relatime";
}

void show_mounts(struct text *text) {
    for (struct filesystem *fs = filesystems; fs; fs = fs->next) {
        text_print(text, "%s ", fs->source);
        add_path(text, fs->root);
        text_print(text, " %s %s 0 0\n", fs->type, options(fs));
    }
}

void show_mountinfo(struct text *text) {
    for (struct filesystem *fs = filesystems; fs; fs = fs->next) {
        uint32_t above = fs->covers ? fs->covers->inode->fs->dev : 0;
        text_print(text, "%u %u 0:%u / ", U(fs->dev), U(above), U(fs->dev));
        add_path(text, fs->root);
        text_print(text, " %s - %s %s %s\n", options(fs), fs->type, fs->source,
                   fs->read_only ? "ro" : "rw");
    }
}

static void add_usage(struct text *text, uint64_t bytes) {
    static const char *const all[] = {"Rss", "Pss", "Private_Dirty", "Referenced", "Anonymous"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        text_print(text, "%s: %8u kB\n", all[i], bytes / 1024);
    text_print(text, "Shared_Clean: 0 kB\nShared_Dirty: 0 kB\nPrivate_Clean: 0 kB\nSwap: 0 kB\n");
}

static void add_range(struct text *text, uintptr_t from, uintptr_t to, const char *what) {
    text_print(text, "%08x-%08x rw-p 00000000 00:00 0 %s\n", U(from), U(to), what);
}

static void add_mapping(struct text *text, uintptr_t from, uintptr_t to, const char *what,
                        int with_usage) {
    add_range(text, from, to, what);
    if (!with_usage)
        return;
    text_print(text, "Size: %8u kB\n", U(to - from) / 1024);
    add_usage(text, to - from);
}

void show_smaps_rollup(struct text *text) {
    add_range(text, 0, memory_end(), "[rollup]");
    add_usage(text, resident_pages() * PAGE_SIZE);
}

// Code is not in linear memory: what lies below the heap is data and stack.
static void show_mappings(struct text *text, int with_usage) {
    uintptr_t floor = memory_floor(), end = memory_end();
    struct space *before = space_in_place;
    if (current->state == TASK_ENDED)
        return;
    space_in_place = current->process->space; // as it is seen from there
    add_mapping(text, 0, floor, current->process->exe ? current->process->exe : "", with_usage);
    for (uintptr_t at = floor; at < end;) {
        enum page_owner owner = page_owner(at);
        uintptr_t from = at;
        while (at < end && page_owner(at) == owner)
            at += PAGE_SIZE;
        if (owner != PAGE_FREE)
            add_mapping(text, from, at, owner == PAGE_KERNEL ? "[kernel]" : "", with_usage);
    }
    space_in_place = before;
}

void show_maps(struct text *text) {
    show_mappings(text, 0);
}

void show_smaps(struct text *text) {
    show_mappings(text, 1);
}

const struct proc_entry proc_self[] = {
    PROC_TEXT("cgroup", "0::/\n"),
    PROC_OWN("cmdline", show_cmdline),
    PROC_OWN("comm", show_comm),
    PROC_MAGIC("cwd", cwd_target, cwd_follow),
    PROC_PRIVATE("environ", show_environ),
    PROC_MAGIC("exe", exe_target, NULL),
    PROC_OPS("fd", 0500, &proc_fd_ops),
    PROC_OPS("fdinfo", 0500, &proc_fdinfo_ops),
    PROC_PRIVATE("io", show_io),
    PROC_OWN("limits", show_limits),
    PROC_OWN("maps", show_maps),
    PROC_OWN("mountinfo", show_mountinfo),
    PROC_OWN("mounts", show_mounts),
    PROC_FOLDER("net", proc_net),
    PROC_TEXT("oom_score", "0\n"),
    PROC_TEXT("oom_score_adj", "0\n"),
    PROC_MAGIC("root", root_target, root_follow),
    PROC_OWN("smaps", show_smaps),
    PROC_OWN("smaps_rollup", show_smaps_rollup),
    PROC_OWN("stat", show_stat),
    PROC_OWN("statm", show_statm),
    PROC_OWN("status", show_status),
    PROC_OPS("task", 0555, &proc_threads_ops),
    PROC_END,
};
