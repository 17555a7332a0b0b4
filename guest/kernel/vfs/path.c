// The path walk.
//
// Invariants
// 1. A walk holds a reference to the dentry it stands on, and to nothing else when it returns an
//    error.
// 2. A symbolic link's text is put in front of what is left of the path; 40 of them are ELOOP.
// 3. ".." of a root is that root; a walk never leaves the root it started with (chroot, RESOLVE_IN_
//    ROOT), and with RESOLVE_BENEATH an attempt is EXDEV.
// 4. Search permission is asked of every folder walked through.
#include "vfs/path.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

struct walk {
    struct dentry *at;   // referenced
    struct dentry *root; // borrowed; ".." stops here
    char *buffer;        // owned; what is left of the path lies at `left`
    const char *left;
    size_t size;
    uint32_t resolve;
    int links, knows_root;
};

struct dentry *path_root(void) {
    struct dentry *root = current->process->directories.root;
    return mount_top(root ? root : fs_root());
}

struct dentry *path_cwd(void) {
    struct dentry *cwd = current->process->directories.cwd;
    return cwd ? cwd : path_root();
}

static void set(struct dentry **place, struct dentry *dir) {
    if (*place == dir)
        return;
    dentry_get(dir);
    dentry_put(*place);
    *place = dir;
}

void path_set_cwd(struct dentry *dir) {
    set(&current->process->directories.cwd, dir);
}

void path_set_root(struct dentry *dir) {
    set(&current->process->directories.root, dir);
}

int dir_lookup(struct dentry *dir, const char *name, size_t len, struct dentry **found) {
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    struct dentry *child = dentry_child(dir, name, len);
    if (child) {
        dentry_get(child);
        *found = child;
        return 0;
    }
    if (!dir->inode->ops->lookup)
        return -ENOENT;
    struct inode *inode;
    int error = dir->inode->ops->lookup(dir, name, len, &inode);
    if (error)
        return error;
    child = dentry_new(dir, name, len, inode);
    inode_put(inode);
    if (!child)
        return -ENOMEM;
    dentry_link(child);
    *found = child;
    return 0;
}

static void step_to(struct walk *walk, struct dentry *entry) {
    dentry_put(walk->at);
    walk->at = entry;
}

static int step_up(struct walk *walk) {
    struct dentry *at = walk->at;
    walk->knows_root = 1;
    if (at == walk->root)
        return walk->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
    while (at->parent == at && at->inode->fs->covers)
        at = at->inode->fs->covers;
    struct dentry *parent = mount_top(at->parent);
    dentry_get(parent);
    step_to(walk, parent);
    return 0;
}

// Puts a link's text in front of the rest of the path.
static int push_link(struct walk *walk, struct dentry *link) {
    if (walk->resolve & RESOLVE_NO_SYMLINKS || ++walk->links > SYMLINK_LIMIT)
        return -ELOOP;
    size_t rest = strlen(walk->left);
    char *joined = kmalloc(PATH_MAX + rest + 1);
    if (!joined)
        return -ENOMEM;
    long len = link->inode->ops->readlink(link, joined, PATH_MAX);
    if (len <= 0) {
        kfree(joined);
        return len < 0 ? (int)len : -ENOENT;
    }
    memcpy(joined + len, walk->left, rest + 1);
    kfree(walk->buffer);
    walk->buffer = joined;
    walk->left = joined;
    if (joined[0] == '/') {
        // As on Linux, which does not know whether it crosses until the root was used.
        if ((walk->resolve & RESOLVE_BENEATH) ||
            ((walk->resolve & RESOLVE_NO_XDEV) && !walk->knows_root))
            return -EXDEV;
        walk->knows_root = 1;
        dentry_get(walk->root);
        step_to(walk, walk->root);
    }
    return 0;
}

static int follow_link(struct walk *walk, struct dentry *link) {
    if (link->inode->ops->follow) {
        if (walk->resolve & (RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS))
            return -ELOOP;
        if (walk->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
            return -EXDEV;
        if (++walk->links > SYMLINK_LIMIT)
            return -ELOOP;
        struct dentry *target;
        int error = link->inode->ops->follow(link, &target);
        if (error == 0)
            step_to(walk, target);
        if (error != -EAGAIN) // -EAGAIN: this one is a link by text after all
            return error;
    }
    return push_link(walk, link);
}

static size_t component(const char *path) {
    size_t len = 0;
    while (path[len] && path[len] != '/')
        len++;
    return len;
}

static const char *skip_slashes(const char *path) {
    while (*path == '/')
        path++;
    return path;
}

static int is_dots(const char *name, size_t len) {
    return len == 1 && name[0] == '.' ? 1 : len == 2 && name[0] == '.' && name[1] == '.' ? 2 : 0;
}

static int crossing(struct walk *walk, struct dentry *entry) {
    return (walk->resolve & RESOLVE_NO_XDEV) && entry->inode->fs != walk->at->inode->fs ? -EXDEV
                                                                                        : 0;
}

// Walks one component that is not the last. Returns 0 or an error.
static int step(struct walk *walk, const char *name, size_t len) {
    int dots = is_dots(name, len);
    if (!S_ISDIR(walk->at->inode->mode))
        return -ENOTDIR;
    int error = inode_permission(walk->at->inode, MAY_EXEC);
    if (error || dots == 1)
        return error;
    if (dots == 2)
        return step_up(walk);
    struct dentry *child;
    error = dir_lookup(walk->at, name, len, &child);
    if (error)
        return error;
    if (S_ISLNK(child->inode->mode)) {
        error = follow_link(walk, child);
        dentry_put(child);
        return error;
    }
    struct dentry *top = mount_top(child);
    error = crossing(walk, top);
    if (error) {
        dentry_put(child);
        return error;
    }
    dentry_get(top);
    dentry_put(child);
    step_to(walk, top);
    return 0;
}

static int begin(struct walk *walk, int dirfd, const char *path, uint32_t resolve) {
    size_t len = 0;
    *walk = (struct walk){.resolve = resolve, .root = path_root()};
    if (!user_range(path, 1))
        return -EFAULT;
    while (len < PATH_MAX && path[len])
        len++;
    if (len == PATH_MAX)
        return -ENAMETOOLONG;
    struct dentry *start = path_cwd();
    if (path[0] == '/' && !(resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH))) {
        start = walk->root;
    } else if (path[0] == '/' && (resolve & RESOLVE_BENEATH)) {
        return -EXDEV;
    } else if (dirfd != AT_FDCWD) {
        struct file *file = fd_file(dirfd);
        if (!file)
            return -EBADF;
        start = file->entry;
        if (!start)
            return -ENOTDIR;
    }
    if (resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH))
        walk->root = start;
    walk->knows_root = path[0] == '/' || (resolve & RESOLVE_IN_ROOT);
    walk->buffer = kmalloc(len + 1);
    if (!walk->buffer)
        return -ENOMEM;
    memcpy(walk->buffer, path, len + 1);
    walk->left = walk->buffer;
    dentry_get(start);
    walk->at = start;
    return 0;
}

static void end(struct walk *walk) {
    dentry_put(walk->at);
    kfree(walk->buffer);
}

// Walks all but the last component; the last is left in `name`, empty for a root.
static int walk_to_last(struct walk *walk, const char **name, size_t *len) {
    for (;;) {
        const char *at = skip_slashes(walk->left);
        *name = at;
        *len = component(at);
        const char *rest = skip_slashes(at + *len);
        if (!*rest)
            return 0;
        walk->left = at + *len;
        int error = step(walk, at, *len);
        if (error)
            return error;
    }
}

static int last_component(struct walk *walk, int flags, struct place *place) {
    for (;;) {
        const char *name;
        size_t len;
        int error = walk_to_last(walk, &name, &len);
        if (error)
            return error;
        place->trailing = name[len] == '/';
        if (len == 0 || is_dots(name, len)) {
            walk->left = name + len;
            error = len ? step(walk, name, len) : 0;
            place->name = "", place->len = 0;
            return error;
        }
        if (!S_ISDIR(walk->at->inode->mode))
            return -ENOTDIR;
        if ((error = inode_permission(walk->at->inode, MAY_EXEC)))
            return error;
        if (place->trailing && (flags & PATH_CREATE))
            return -EISDIR;
        struct dentry *child = NULL;
        error = dir_lookup(walk->at, name, len, &child);
        if (error && error != -ENOENT)
            return error;
        if (child && S_ISLNK(child->inode->mode) &&
            ((flags & PATH_FOLLOW) || (place->trailing && !(flags & PATH_NAME)))) {
            walk->left = name + len;
            struct dentry *before = walk->at;
            const char *left = walk->left;
            error = follow_link(walk, child);
            dentry_put(child);
            if (error)
                return error;
            if (walk->left == left && walk->at != before) { // a magic link led to its target
                place->name = "", place->len = 0;
                return 0;
            }
            continue;
        }
        if (child) {
            struct dentry *top = mount_top(child);
            dentry_get(top);
            dentry_put(child);
            place->entry = top;
        }
        place->name = name, place->len = len;
        return 0;
    }
}

int path_place(int dirfd, const char *path, int flags, uint32_t resolve, struct place *place) {
    struct walk walk;
    *place = (struct place){0};
    int error = begin(&walk, dirfd, path, resolve);
    if (error)
        return error;
    if (!path[0] && !(flags & PATH_EMPTY))
        error = -ENOENT;
    if (!error)
        error = last_component(&walk, flags, place);
    if (!error && place->len == 0) {
        place->entry = walk.at;
        dentry_get(walk.at);
    }
    int wants_folder = (flags & PATH_DIRECTORY) || (place->trailing && !(flags & PATH_NAME));
    if (!error && place->entry && wants_folder && !S_ISDIR(place->entry->inode->mode))
        error = -ENOTDIR;
    if (error) {
        dentry_put(place->entry);
        end(&walk);
        return error;
    }
    place->dir = walk.at;
    place->buffer = walk.buffer;
    return 0;
}

void place_end(struct place *place) {
    dentry_put(place->entry);
    dentry_put(place->dir);
    kfree(place->buffer);
}

int path_lookup(int dirfd, const char *path, int flags, struct dentry **found) {
    struct place place;
    int error = path_place(dirfd, path, flags, 0, &place);
    if (error)
        return error;
    if (place.entry) {
        dentry_get(place.entry);
        *found = place.entry;
    } else {
        error = -ENOENT;
    }
    place_end(&place);
    return error;
}

int path_or_fd(int dirfd, const char *path, int at_flags, struct dentry **found,
               struct file **file) {
    *file = NULL;
    *found = NULL;
    int empty = (at_flags & AT_EMPTY_PATH) && (!path || !path[0]);
    if (empty && dirfd != AT_FDCWD) {
        *file = fd_file(dirfd);
        if (!*file)
            return -EBADF;
        *found = (*file)->entry;
        if (*found)
            dentry_get(*found);
        return 0;
    }
    if (empty) {
        *found = path_cwd();
        dentry_get(*found);
        return 0;
    }
    int flags = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW;
    return path_lookup(dirfd, path, flags, found);
}
