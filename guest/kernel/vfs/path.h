// From a path to a dentry: path_resolution(7), openat2(2).
#ifndef KERNEL_VFS_PATH_H
#define KERNEL_VFS_PATH_H

#include "vfs/dentry.h"

enum {
    PATH_FOLLOW = 1,    // the last component, if it is a symbolic link
    PATH_EMPTY = 2,     // "" means the starting point (AT_EMPTY_PATH)
    PATH_DIRECTORY = 4, // it must be a folder
    PATH_CREATE = 16,   // open(2) with O_CREAT: a slash behind the last name is -EISDIR
    PATH_NAME = 8,      // the name is meant, even of a link with a slash behind it (unlink, rename)
};

// Where a walk ended: the last component's parent and name, and what is there now.
struct place {
    struct dentry *dir;   // referenced
    struct dentry *entry; // referenced; null: no such name
    const char *name;     // in `buffer`; "" when the path named a root, "." or ".."
    size_t len;
    int trailing; // a slash followed the last component
    char *buffer; // owned
};

// path must be a C string of the caller; dirfd AT_FDCWD or a folder's descriptor.
// path_lookup: the dentry (referenced) or -ENOENT ..; path_place: the parent must exist, the last
// component need not.
int path_lookup(int dirfd, const char *path, int flags, struct dentry **found);
int path_place(int dirfd, const char *path, int flags, uint32_t resolve, struct place *place);
void place_end(struct place *);
// The inode a descriptor or path means (AT_EMPTY_PATH served): for *at calls.
int path_or_fd(int dirfd, const char *path, int at_flags, struct dentry **found,
               struct file **file);

// One name in one folder: live dentry, else the file system's lookup. Referenced; -ENOENT.
int dir_lookup(struct dentry *dir, const char *name, size_t len, struct dentry **found);

// Of a process; referenced, null: the root of the tree.
struct directories {
    struct dentry *cwd, *root;
    uint32_t umask;
};
struct dentry *path_cwd(void), *path_root(void); // the current process's; borrowed
void path_set_cwd(struct dentry *), path_set_root(struct dentry *);

#endif
