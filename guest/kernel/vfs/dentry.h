// Dentries: the names of inodes.
//
// Invariants
// 1. A dentry is one name in one folder; a folder has exactly one dentry. A live dentry is found by
//    (parent, name) in one hash table, and hangs in its parent's list in order of its cookie.
// 2. `pinned` dentries (tmpfs) exist as long as the name does: the tree itself holds one reference.
//    Others (proc, host folders) exist while somebody refers to them.
// 3. A dentry holds a reference to its inode and to its parent.
#ifndef KERNEL_VFS_DENTRY_H
#define KERNEL_VFS_DENTRY_H

#include "vfs/inode.h"

#include <stddef.h>
#include <stdint.h>

struct dentry {
    uint32_t refs;
    uint32_t hash;
    struct inode *inode;
    struct dentry *parent; // itself for a root
    struct dentry *hash_next;
    struct dentry *first, *last; // children in order of cookie
    struct dentry *prev, *next;  // siblings
    struct dentry *listed;       // the child a listing stopped behind last, or one before it
    struct filesystem *mounted;  // what is mounted on it
    int64_t cookie, next_cookie;
    uint32_t children, name_len;
    int linked; // the name exists
    char *name; // owned; name_len bytes and a NUL
};

struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len, struct inode *);
void dentry_get(struct dentry *);
void dentry_put(struct dentry *);
struct dentry *dentry_child(struct dentry *dir, const char *name, size_t len); // borrowed or null
void dentry_link(struct dentry *);   // puts it into its parent's list and the table
void dentry_unlink(struct dentry *); // takes it out; whoever refers to it keeps it
int dentry_move(struct dentry *, struct dentry *dir, const char *name, size_t len);
void dentry_exchange(struct dentry *, struct dentry *); // each gets the other's place
// The absolute path, " (deleted)" when unlinked and marked; -ERANGE, or its length without NUL.
long dentry_path(struct dentry *, char *buffer, size_t size, int mark_deleted);
int dentry_below(const struct dentry *, const struct dentry *ancestor);

#endif
