// What the files of /proc share: text that grows, the table of entries.
//
// Invariants
// 1. An entry is a constant: a folder with children, a file whose text is made when it is opened,
//    or a link. Nothing of /proc is remembered between two opens.
// 2. Text that ran out of memory is marked, and its open fails with -ENOMEM; printers never check.
#ifndef KERNEL_PROC_H
#define KERNEL_PROC_H

#include "inode.h"

struct text {
    char *bytes; // owned
    size_t size, room;
    int failed;
};

void text_add(struct text *, const char *bytes, size_t size);
// %s: C string; %u %d %x: 64-bit numbers, with a width and zeros as in %08x. Nothing else.
void text_print(struct text *, const char *format, ...);
#define U(number) ((uint64_t)(number))
#define D(number) ((int64_t)(number))

struct proc_entry {
    const char *name; // null ends a table
    uint32_t mode;    // type and permissions
    int own;          // the process's, not root's
    const struct proc_entry *children;
    void (*show)(struct text *);
    long (*target)(char *buffer, size_t size); // of a link: its whole text, or -errno
    int (*follow)(struct dentry **target);     // of a link that leads to a dentry
    const struct inode_ops *ops;               // null: by the type
};

#define PROC_FOLDER(name, children) {name, S_IFDIR | 0555, 0, children, NULL, NULL, NULL, NULL}
#define PROC_FILE(name, show) {name, S_IFREG | 0444, 0, NULL, show, NULL, NULL, NULL}
#define PROC_OWN(name, show) {name, S_IFREG | 0444, 1, NULL, show, NULL, NULL, NULL}
#define PROC_LINK(name, target) {name, S_IFLNK | 0777, 0, NULL, NULL, target, NULL, NULL}
#define PROC_MAGIC(name, target, follow) {name, S_IFLNK | 0777, 1, NULL, NULL, target, follow, NULL}
#define PROC_END {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL}

extern const struct proc_entry proc_root[]; // proc.c
extern const struct proc_entry proc_self[]; // proc_self.c
extern const struct proc_entry proc_sys[];  // proc_sys.c
extern const struct inode_ops proc_fd_ops;  // proc_fd.c
long proc_copy(const char *text, char *buffer, size_t size);

// proc_self.c, proc_status.c, proc_system.c: printers.
void show_status(struct text *), show_stat(struct text *), show_statm(struct text *);
void show_limits(struct text *), show_maps(struct text *);
void show_mounts(struct text *), show_mountinfo(struct text *);
void show_cpuinfo(struct text *), show_meminfo(struct text *), show_uptime(struct text *);
void show_version(struct text *), show_filesystems(struct text *), show_loadavg(struct text *);
void show_system_stat(struct text *);

#endif
