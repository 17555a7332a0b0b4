// Mount points.
//
// Invariants
// 1. A path is walked as root would walk it, one component after the other, links followed inside
//    the tree; a missing folder is made, owned by root, mode 0755, a missing file with 0644.
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

// The folder, or the file, that `path` names, made when it is missing; its parent is there.
static int node(const char *path, uint32_t mode) {
    struct place place;
    int error = path_place(AT_FDCWD, path, PATH_FOLLOW, 0, &place);
    if (error)
        return error;
    if (!place.entry) {
        struct dentry *made;
        error = entry_create(&place, mode, 0, &made);
        if (!error)
            dentry_put(made);
    } else if (S_ISDIR(place.entry->inode->mode) != S_ISDIR(mode)) {
        error = S_ISDIR(mode) ? -ENOTDIR : -EISDIR;
    }
    place_end(&place);
    return error;
}

static int nodes(char *path, uint32_t mode) {
    int error = 0;
    for (char *at = path + 1; !error && *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        error = node(path, S_IFDIR | 0755);
        *at = '/';
    }
    return error ? error : node(path, mode);
}

static int find(const char *path, int is_folder, struct dentry **found) {
    size_t size = strlen(path) + 1;
    char *copy = kmalloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, path, size);
    struct kept kept = become_root();
    int error = nodes(copy, is_folder ? S_IFDIR | 0755 : S_IFREG | 0644);
    if (!error)
        error = path_lookup(AT_FDCWD, path, PATH_FOLLOW | (is_folder ? PATH_DIRECTORY : 0), found);
    become(&kept);
    kfree(copy);
    return error;
}

int mount_at(const char *path, struct filesystem *fs, struct inode *root) {
    struct dentry *on = NULL;
    int error = path[0] == '/' ? find(path, S_ISDIR(root->mode), &on) : -EINVAL;
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
