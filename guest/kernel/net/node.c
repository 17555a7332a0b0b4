// The names that AF_UNIX sockets have in the file system.
//
// Invariant: what create and find hand out is a reference to an inode of type S_IFSOCK; whether a
// socket is behind it, unix.c knows.
#include "net/node.h"
#include "vfs/dentry.h"
#include "vfs/entry.h"
#include "vfs/inode.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

int fs_socket_create(const char *path, struct inode **made) {
    struct place place;
    struct dentry *entry;
    int error = path_place(AT_FDCWD, path, PATH_NAME, 0, &place);
    if (error)
        return error;
    if (place.entry)
        error = -EEXIST;
    else if (place.trailing)
        error = -ENOENT;
    else
        error = entry_create(&place, S_IFSOCK | 0777, 0, &entry);
    if (!error) {
        *made = entry->inode;
        inode_get(*made);
        dentry_put(entry);
    }
    place_end(&place);
    return error;
}

// connect(2) wants write permission on the socket's name.
int fs_socket_find(const char *path, struct inode **found) {
    struct dentry *entry;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW, &entry);
    if (error)
        return error;
    error = inode_permission(entry->inode, MAY_WRITE);
    if (!error && !S_ISTYPE(entry->inode->mode, S_IFSOCK))
        error = -ECONNREFUSED;
    if (!error) {
        *found = entry->inode;
        inode_get(*found);
    }
    dentry_put(entry);
    return error;
}

void fs_socket_release(struct inode *inode) {
    inode_put(inode);
}
