// Making, linking, removing and renaming in host folders. Invariants: hostfs.h, vfs/inode.h.
#include "fs/host/names.h"
#include "fs/host/hostfs.h"
#include "host/host.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

static struct host_node *node_of(const struct inode *inode) {
    return inode->data;
}

static int make(struct host_path *path, uint32_t mode) {
    if (S_ISDIR(mode))
        return host_mkdir(path->root, path->text, path->len);
    int hfd = host_open(path->root, path->text, path->len, 0,
                        HOST_OPEN_CREATE | HOST_OPEN_EXCLUSIVE, HOST_ACCESS_WRITE);
    if (hfd >= 0)
        host_close(hfd);
    return hfd < 0 ? hfd : 0;
}

// The host opens what is made a second time: its owner may, whatever the mode says.
static uint32_t mode_of(uint32_t wanted) {
    uint32_t owner = S_ISDIR(wanted) ? 0700 : 0600;
    return (wanted & 0777 & ~current->process->directories.umask) | owner;
}

int hostfs_create(struct dentry *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
                  struct inode **made) {
    struct host_path path;
    (void)rdev;
    if (!S_ISDIR(mode) && !S_ISREG(mode))
        return -EPERM;
    int error = hostfs_path(dir->inode, name, len, &path);
    if (error)
        return error;
    error = make(&path, mode);
    if (!error && !(error = hostfs_lookup(dir, name, len, made)))
        hostfs_change_mode(*made, &path, mode_of(mode));
    hostfs_path_end(&path);
    return error;
}

int hostfs_symlink(struct dentry *dir, const char *name, size_t len, const char *target,
                   size_t target_len, struct inode **made) {
    struct host_path path;
    int error = hostfs_path(dir->inode, name, len, &path);
    if (error)
        return error;
    error = host_symlink(target, target_len, path.root, path.text, path.len);
    hostfs_path_end(&path);
    return error ? error : hostfs_lookup(dir, name, len, made);
}

int hostfs_link(struct dentry *old, struct dentry *dir, const char *name, size_t len) {
    struct host_path from, to;
    int error = hostfs_path(old->inode, NULL, 0, &from);
    if (error)
        return error;
    error = hostfs_path(dir->inode, name, len, &to);
    if (!error) {
        error = host_link(from.root, from.text, from.len, to.root, to.text, to.len);
        hostfs_path_end(&to);
    }
    hostfs_path_end(&from);
    return error;
}

static int is_name_of(const struct host_node *node, const struct dentry *entry) {
    return node->dir == entry->parent && node->name_len == entry->name_len &&
           memcmp(node->name, entry->name, node->name_len) == 0;
}

int hostfs_unlink(struct dentry *victim) {
    struct host_path path;
    int error = hostfs_path(victim->parent->inode, victim->name, victim->name_len, &path);
    if (error)
        return error;
    error = S_ISDIR(victim->inode->mode) ? host_rmdir(path.root, path.text, path.len)
                                         : host_unlink(path.root, path.text, path.len);
    hostfs_path_end(&path);
    if (!error && is_name_of(node_of(victim->inode), victim))
        node_of(victim->inode)->gone = 1;
    return error;
}

static int move(struct dentry *old, struct dentry *dir, const char *name, size_t len) {
    struct host_path from, to;
    int error = hostfs_path(old->parent->inode, old->name, old->name_len, &from);
    if (error)
        return error;
    error = hostfs_path(dir->inode, name, len, &to);
    if (!error) {
        error = host_rename(from.root, from.text, from.len, to.root, to.text, to.len);
        hostfs_path_end(&to);
    }
    hostfs_path_end(&from);
    return error;
}

int hostfs_rename(struct dentry *old, struct dentry *dir, const char *name, size_t len,
                  struct dentry *replaced) {
    int error = move(old, dir, name, len);
    if (error)
        return error;
    if (replaced && is_name_of(node_of(replaced->inode), replaced))
        node_of(replaced->inode)->gone = 1;
    if (hostfs_set_name(node_of(old->inode), dir, name, len) < 0)
        node_of(old->inode)->gone = 1; // it is found again by its new name
    return 0;
}
