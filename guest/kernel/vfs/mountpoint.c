// Mount points.
//
// Invariants
// 1. A path is walked as root would walk it, one component after the other, links followed inside
//    the tree; a missing folder is made, owned by root, mode 0755.
// 2. The process's own credentials are back in force when a function of this file returns.
#include "vfs/mountpoint.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/entry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

struct kept {
    uint32_t uid, gid, umask;
};

static struct kept become_root(void) {
    struct process *process = current->process;
    struct kept kept = {process->credentials.fsuid, process->credentials.fsgid,
                        process->directories.umask};
    process->credentials.fsuid = process->credentials.fsgid = 0;
    process->directories.umask = 022;
    return kept;
}

static void become(const struct kept *kept) {
    struct process *process = current->process;
    process->credentials.fsuid = kept->uid;
    process->credentials.fsgid = kept->gid;
    process->directories.umask = kept->umask;
}

// The folder that `path` names, made when it is missing; its parent is there.
static int folder(const char *path) {
    struct place place;
    int error = path_place(AT_FDCWD, path, PATH_FOLLOW, 0, &place);
    if (error)
        return error;
    if (!place.entry) {
        struct dentry *made;
        error = entry_create(&place, S_IFDIR | 0755, 0, &made);
        if (!error)
            dentry_put(made);
    } else if (!S_ISDIR(place.entry->inode->mode)) {
        error = -ENOTDIR;
    }
    place_end(&place);
    return error;
}

static int folders(char *path) {
    int error = 0;
    for (char *at = path + 1; !error && *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        error = folder(path);
        *at = '/';
    }
    return error ? error : folder(path);
}

static int find(const char *path, struct dentry **found) {
    size_t size = strlen(path) + 1;
    char *copy = kmalloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, path, size);
    struct kept kept = become_root();
    int error = folders(copy);
    if (!error)
        error = path_lookup(AT_FDCWD, path, PATH_FOLLOW | PATH_DIRECTORY, found);
    become(&kept);
    kfree(copy);
    return error;
}

int mount_at(const char *path, struct filesystem *fs, struct inode *root) {
    struct dentry *on = NULL;
    int error = path[0] == '/' ? find(path, &on) : -EINVAL;
    if (error) {
        inode_put(root);
        kfree(fs);
        return error;
    }
    error = fs_attach(fs, on, root);
    if (error)
        kfree(fs); // root is gone already
    dentry_put(on);
    return error;
}
