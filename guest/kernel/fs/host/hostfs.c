// Host folders: nodes, their paths and attributes, and looking them up. Invariants: hostfs.h.
//
// What preview 1 does not tell or do: the owner is shown as the process itself, and the mode as
// 0755 or 0644 (0777 for links), and neither can be changed. Boxer's own host knows modes
// (host_mode).
#include "fs/host/hostfs.h"
#include "fs/host/file.h"
#include "fs/host/list.h"
#include "fs/host/names.h"
#include "host/host.h"
#include "mm/slab.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mapping_copy.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

const char hostfs_type[] = "hostfs";

static struct host_node *node_of(const struct inode *inode) {
    return inode->data;
}

uint32_t hostfs_mode(enum host_kind kind) {
    switch (kind) {
    case HOST_FILE:
        return S_IFREG | 0644;
    case HOST_DIRECTORY:
        return S_IFDIR | 0755;
    case HOST_SYMLINK:
        return S_IFLNK | 0777;
    case HOST_SOCKET:
        return S_IFSOCK | 0644;
    default:
        return S_IFCHR | 0644; // never opened: it has no file operations
    }
}

static struct stamp stamp_of(int64_t ns) {
    int64_t sec = ns / 1000000000;
    if (ns < 0 && ns % 1000000000)
        sec--;
    return (struct stamp){sec, (uint32_t)(ns - sec * 1000000000)};
}

int hostfs_update(struct inode *inode, const struct host_stat *stat) {
    if ((hostfs_mode(stat->kind) & S_IFMT) != (inode->mode & S_IFMT))
        return -ESTALE;
    if (stat->ino)
        inode->ino = stat->ino;
    inode->host_dev = stat->dev;
    inode->uid = current_cred()->euid;
    inode->gid = current_cred()->egid;
    inode->nlink = stat->nlink > UINT32_MAX ? UINT32_MAX : (uint32_t)stat->nlink;
    inode->size = stat->size > INT64_MAX ? INT64_MAX : (int64_t)stat->size;
    inode->blocks = (uint64_t)inode->size / 512 + (inode->size % 512 != 0);
    inode->atime = stamp_of(stat->atime_ns);
    inode->mtime = stamp_of(stat->mtime_ns);
    inode->ctime = inode->btime = stamp_of(stat->ctime_ns);
    return 0;
}

int hostfs_set_name(struct host_node *node, struct dentry *dir, const char *name, size_t len) {
    char *copy = kmalloc(len + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, name, len);
    copy[len] = 0;
    kfree(node->name);
    node->name = copy;
    node->name_len = len;
    if (dir)
        dentry_get(dir);
    dentry_put(node->dir);
    node->dir = dir;
    return 0;
}

struct inode *hostfs_inode(struct filesystem *fs, struct dentry *dir, const char *name, size_t len,
                           const struct host_stat *stat) {
    struct inode *inode = inode_new(fs, hostfs_mode(stat->kind));
    if (!inode)
        return NULL;
    struct host_node *node = kzalloc(sizeof *node);
    if (!node || hostfs_set_name(node, dir, name, len) < 0) {
        kfree(node);
        inode_put(inode);
        return NULL;
    }
    inode->data = node;
    inode->ops = &hostfs_ops;
    inode->file_ops = stat->kind == HOST_FILE ? &hostfs_file_ops : NULL;
    hostfs_update(inode, stat);
    return inode;
}

// The length of the path up from the node, with a slash behind every name; -ENOENT.
static int path_length(const struct host_node *node, size_t *len) {
    for (; node->dir; node = node_of(node->dir->inode)) {
        if (node->gone)
            return -ENOENT;
        *len += node->name_len + 1;
    }
    return 0;
}

int hostfs_path(struct inode *inode, const char *name, size_t len, struct host_path *path) {
    const struct host_node *node = node_of(inode);
    size_t size = name ? len : 0;
    int error = path_length(node, &size);
    if (error)
        return error;
    path->root = (int)(intptr_t)inode->fs->private_data;
    path->text = kmalloc(size + 1);
    if (!path->text)
        return -ENOMEM;
    char *at = path->text + size;
    if (name)
        memcpy(at -= len, name, len);
    for (; node->dir; node = node_of(node->dir->inode)) {
        *--at = '/';
        memcpy(at -= node->name_len, node->name, node->name_len);
    }
    if (!name && size)
        size--; // the last slash
    else if (!name)
        path->text[size++] = '.';
    path->len = size;
    return 0;
}

void hostfs_path_end(struct host_path *path) {
    kfree(path->text);
}

int hostfs_forget(struct inode *inode, int error) {
    struct host_node *node = node_of(inode);
    if ((error != -ENOENT && error != -ESTALE && error != -ENOTDIR) || !node->dir)
        return error;
    struct dentry *entry = dentry_child(node->dir, node->name, node->name_len);
    if (entry && entry->inode == inode && !entry->mounted)
        dentry_unlink(entry);
    node->gone = 1;
    return error;
}

static int has_no_mode(const struct inode *inode) {
    return !inode->fs->has_modes || (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode));
}

void hostfs_look_at_mode(struct inode *inode, const struct host_path *path) {
    uint32_t mode = 0;
    if (!has_no_mode(inode) && host_mode(path->root, path->text, path->len, &mode) == 0)
        inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
}

int hostfs_change_mode(struct inode *inode, const struct host_path *path, uint32_t mode) {
    if (has_no_mode(inode))
        return -EPERM;
    int error = host_set_mode(path->root, path->text, path->len, mode & 07777);
    if (!error)
        inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
    return error;
}

static int refresh(struct inode *inode) {
    struct host_stat stat;
    struct host_path path;
    if (node_of(inode)->gone)
        return 0; // who has it open keeps what is known of it
    int error = hostfs_path(inode, NULL, 0, &path);
    if (error)
        return error;
    error = host_stat(path.root, path.text, path.len, 0, &stat);
    if (!error)
        error = hostfs_update(inode, &stat);
    if (!error)
        hostfs_look_at_mode(inode, &path);
    hostfs_path_end(&path);
    return hostfs_forget(inode, error);
}

int hostfs_lookup(struct dentry *dir, const char *name, size_t len, struct inode **found) {
    struct host_stat stat;
    struct host_path path;
    int error = hostfs_path(dir->inode, name, len, &path);
    if (error)
        return error;
    dir->inode->uid = current_cred()->euid; // who asks is the owner
    dir->inode->gid = current_cred()->egid;
    error = host_stat(path.root, path.text, path.len, 0, &stat);
    *found = error ? NULL : hostfs_inode(dir->inode->fs, dir, name, len, &stat);
    if (*found)
        hostfs_look_at_mode(*found, &path);
    hostfs_path_end(&path);
    return error ? error : *found ? 0 : -ENOMEM;
}

static long read_link(struct dentry *link, char *buffer, size_t size) {
    struct host_path path;
    if (!S_ISLNK(link->inode->mode))
        return -EINVAL;
    int error = hostfs_path(link->inode, NULL, 0, &path);
    if (error)
        return error;
    long len = host_readlink(path.root, path.text, path.len, buffer, size);
    hostfs_path_end(&path);
    return len < 0 ? hostfs_forget(link->inode, (int)len) : len;
}

static int open_node(struct dentry *entry, struct file *file) {
    struct inode *inode = entry->inode;
    return S_ISDIR(inode->mode) ? hostfs_open_folder(inode, file) : hostfs_open_file(inode, file);
}

// Nanoseconds of host.h; seconds that do not fit become the outermost that do.
static int64_t time_ns(const struct stamp *stamp, int wanted) {
    const int64_t most = INT64_MAX / 1000000000 - 1;
    int64_t sec = stamp->sec > most ? most : stamp->sec < -most ? -most : stamp->sec;
    return wanted ? sec * 1000000000 + stamp->nsec : INT64_MIN;
}

static void keep(struct inode *inode, const struct attributes *wanted) {
    if (wanted->set & SET_MODE)
        inode->mode = (inode->mode & S_IFMT) | (wanted->mode & 0777);
    if (wanted->set & SET_ATIME)
        inode->atime = wanted->atime;
    if (wanted->set & SET_MTIME)
        inode->mtime = wanted->mtime;
}

static int set(struct inode *inode, const struct attributes *wanted) {
    struct host_path path;
    int has_new_mode = (wanted->set & SET_MODE) && (wanted->mode & 07777) != (inode->mode & 07777);
    if ((wanted->set & SET_OWNER) && (wanted->uid != inode->uid || wanted->gid != inode->gid))
        return -EPERM;
    if (!has_new_mode && !(wanted->set & (SET_ATIME | SET_MTIME)))
        return 0;
    if (node_of(inode)->gone && inode->fs->has_modes) { // it has no name to be changed by
        keep(inode, wanted);
        return 0;
    }
    int error = hostfs_path(inode, NULL, 0, &path);
    if (error)
        return error;
    if (has_new_mode)
        error = hostfs_change_mode(inode, &path, wanted->mode);
    if (!error && (wanted->set & (SET_ATIME | SET_MTIME)))
        error = host_utimes(path.root, path.text, path.len, 0,
                            time_ns(&wanted->atime, wanted->set & SET_ATIME),
                            time_ns(&wanted->mtime, wanted->set & SET_MTIME));
    hostfs_path_end(&path);
    return hostfs_forget(inode, error);
}

static int truncate(struct inode *inode, int64_t size) {
    struct host_path path;
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    int error = hostfs_path(inode, NULL, 0, &path);
    if (error)
        return error;
    int hfd = host_open(path.root, path.text, path.len, 0, 0, HOST_ACCESS_WRITE);
    hostfs_path_end(&path);
    if (hfd < 0)
        return hostfs_forget(inode, hfd);
    error = host_truncate(hfd, size);
    host_close(hfd);
    if (!error)
        inode->size = size;
    if (!error && mappings)
        mapping_truncated(inode, size);
    return error;
}

static void evict(struct inode *inode) {
    struct host_node *node = node_of(inode);
    if (!node)
        return;
    dentry_put(node->dir);
    kfree(node->name);
    kfree(node);
}

const struct inode_ops hostfs_ops = {
    .lookup = hostfs_lookup,
    .create = hostfs_create,
    .symlink = hostfs_symlink,
    .link = hostfs_link,
    .unlink = hostfs_unlink,
    .rename = hostfs_rename,
    .list = hostfs_list,
    .readlink = read_link,
    .open = open_node,
    .refresh = refresh,
    .set = set,
    .truncate = truncate,
    .evict = evict,
};
