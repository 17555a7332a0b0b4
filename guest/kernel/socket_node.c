// Names of AF_UNIX sockets in the file tree: unix(7).
#include "path.h"
#include "process.h"
#include "syscalls_fs.h"

#include <boxer/linux_errno.h>

int fs_socket_create(const char *path, struct inode **made) {
    struct place place;
    struct dentry *entry;
    int error = path_place(AT_FDCWD, path, 0, 0, &place);
    if (error)
        return error;
    if (place.entry)
        error = -EADDRINUSE;
    else
        error = entry_create(&place, S_IFSOCK | 0777, 0, &entry);
    if (!error) {
        *made = entry->inode;
        inode_get(entry->inode);
        dentry_put(entry);
    }
    place_end(&place);
    return error;
}

int fs_socket_find(const char *path, struct inode **found) {
    struct dentry *entry;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW, &entry);
    if (error)
        return error;
    if (!S_ISTYPE(entry->inode->mode, S_IFSOCK))
        error = -ECONNREFUSED;
    else
        error = inode_permission(entry->inode, MAY_WRITE);
    if (!error) {
        *found = entry->inode;
        inode_get(entry->inode);
    }
    dentry_put(entry);
    return error;
}

void fs_socket_release(struct inode *inode) {
    inode_put(inode);
}
