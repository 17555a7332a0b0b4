// What the files of /proc share: the table of entries.
//
// Invariant: an entry is a constant: a folder with children, a file whose text is made when it is
// opened, or a link. Nothing of /proc is remembered between two opens.
#ifndef KERNEL_FS_PROC_PROC_H
#define KERNEL_FS_PROC_PROC_H

#include "fs/proc/text.h"
#include "vfs/dentry.h"

enum { PROC_OWNED = 1, PROC_CONSTANT = 2 }; // the process's, not root's; always the same text

struct proc_entry {
    const char *name;     // null ends a table
    uint16_t mode, flags; // type and permissions; PROC_..
    union {
        const struct proc_entry *children;         // of a folder
        void (*show)(struct text *);               // of a file
        const char *constant;                      // of a file that is PROC_CONSTANT
        long (*target)(char *buffer, size_t size); // of a link: its whole text, or -errno
    };
    union {
        const struct inode_ops *ops;           // of a folder; null: of a table
        int (*follow)(struct dentry **target); // of a link that leads to a dentry, or null
    };
};

#define PROC_FOLDER(name, table)                                                                   \
    {                                                                                              \
        name, S_IFDIR | 0555, 0, {.children = table}, {                                            \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_OPS(name, mode, its)                                                                  \
    {                                                                                              \
        name, S_IFDIR | (mode), PROC_OWNED, {NULL}, {                                              \
            .ops = its                                                                             \
        }                                                                                          \
    }
#define PROC_FILE(name, printer)                                                                   \
    {                                                                                              \
        name, S_IFREG | 0444, 0, {.show = printer}, {                                              \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_OWN(name, printer)                                                                    \
    {                                                                                              \
        name, S_IFREG | 0444, PROC_OWNED, {.show = printer}, {                                     \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_PRIVATE(name, printer)                                                                \
    {                                                                                              \
        name, S_IFREG | 0400, PROC_OWNED, {.show = printer}, {                                     \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_TEXT(name, text)                                                                      \
    {                                                                                              \
        name, S_IFREG | 0444, PROC_CONSTANT, {.constant = text}, {                                 \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_LINK(name, path)                                                                      \
    {                                                                                              \
        name, S_IFLNK | 0777, 0, {.target = path}, {                                               \
            NULL                                                                                   \
        }                                                                                          \
    }
#define PROC_MAGIC(name, path, to)                                                                 \
    {                                                                                              \
        name, S_IFLNK | 0777, PROC_OWNED, {.target = path}, {                                      \
            .follow = to                                                                           \
        }                                                                                          \
    }
#define PROC_END                                                                                   \
    {                                                                                              \
        NULL, 0, 0, {NULL}, {                                                                      \
            NULL                                                                                   \
        }                                                                                          \
    }

extern const struct proc_entry proc_root[];
extern const struct file_ops proc_text_ops; // a file whose private_data is a struct text
long proc_copy(const char *text, char *buffer, size_t size);
struct inode *proc_folder_of(struct filesystem *, uint32_t whom); // null: no memory
uint32_t proc_process_of(const struct inode *); // whose /proc/PID it is; 0: it is none
int proc_boot(void);                            // mounts /proc and /sys

#endif
