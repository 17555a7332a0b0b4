// Host folders inside the box: what the files of hostfs share.
//
// Invariants
// 1. A node knows its folder and its name in it, so a path is always that of now, relative to the
//    mount's root. It consists of names only: never "..", never absolute, never a link followed by
//    the host. The walk itself is path.c's, and stays in the box's tree.
// 2. A node is forgotten with its last reference: nothing of the host is remembered. An inode that
//    the host has lost or replaced answers with an error, and its name is looked up anew.
// 3. A host descriptor belongs to one open file description and is closed with it. Those of the
//    mounts are the host's.
#ifndef KERNEL_FS_HOST_HOSTFS_H
#define KERNEL_FS_HOST_HOSTFS_H

#include "host/host.h"
#include "vfs/inode.h"

extern const char hostfs_type[];

struct host_node {
    struct dentry *dir; // referenced; null for the mount's root
    char *name;         // owned
    size_t name_len;
    int gone;                     // removed by us; open descriptions live on
    struct host_listing *listing; // of the description that is being listed, else null
};

// A path below the mount's root, "." for the root itself.
struct host_path {
    int root;   // the mount's descriptor
    char *text; // owned
    size_t len;
};

struct inode *hostfs_inode(struct filesystem *, struct dentry *dir, const char *name, size_t len,
                           const struct host_stat *);
// The path of the inode, and of `name` in it unless that is null; 0, -ENOENT, -ENOMEM.
int hostfs_path(struct inode *, const char *name, size_t len, struct host_path *);
void hostfs_path_end(struct host_path *);
// What the host says of the inode now; -ESTALE: it has become another kind of thing.
int hostfs_update(struct inode *, const struct host_stat *);
// The host has no such name any more: the dentry gives way. Returns error, for a caller's return.
int hostfs_forget(struct inode *, int error);
uint32_t hostfs_mode(enum host_kind);
// The mode of an inode that has just been looked up, where the host knows modes.
void hostfs_look_at_mode(struct inode *, const struct host_path *);
// Sets it; -EPERM where the host does not know modes.
int hostfs_change_mode(struct inode *, const struct host_path *, uint32_t mode);

// A node's new place, after a rename.
int hostfs_set_name(struct host_node *, struct dentry *dir, const char *name, size_t len);

extern const struct inode_ops hostfs_ops;
int hostfs_lookup(struct dentry *dir, const char *name, size_t len, struct inode **found);

#endif
