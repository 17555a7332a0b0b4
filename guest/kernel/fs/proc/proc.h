// What the files of /proc share: the table of entries.
//
// Invariant: an entry is a constant: a folder with children, a file whose text is made when it is
// opened, or a link. Nothing of /proc is remembered between two opens.
#ifndef KERNEL_FS_PROC_PROC_H
#define KERNEL_FS_PROC_PROC_H

#include "fs/proc/text.h"
#include "vfs/dentry.h"

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

extern const struct proc_entry proc_root[];
long proc_copy(const char *text, char *buffer, size_t size);
struct inode *proc_folder_of(struct filesystem *, uint32_t whom); // null: no memory
uint32_t proc_process_of(const struct inode *); // whose /proc/PID it is; 0: it is none
int proc_boot(void);                            // mounts /proc

#endif
