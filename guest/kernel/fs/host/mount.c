// Which host folders a run has, and where they are mounted.
//
// Invariants
// 1. Every preopened folder is mounted: at its name when that is absolute, "/" at /host, a relative
//    name below the working directory. One that cannot be is told on the host's stderr.
// 2. No mount outlives a run: a frozen machine has none.
#include "fs/host/mount.h"
#include "fs/host/hostfs.h"
#include "host/host.h"
#include "mm/slab.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/mountpoint.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define FIRST_PREOPEN 3
#define PREOPENS_MAX 1024
#define HOSTFS_MAGIC 0x00c0ffeeu // as User Mode Linux's hostfs

static void complain(const char *name) {
    static const char before[] = "box: the host folder ", after[] = " cannot be mounted\n";
    host_write(2, before, sizeof before - 1);
    host_write(2, name, strlen(name));
    host_write(2, after, sizeof after - 1);
}

// The host has the root folder already, so the answer is EEXIST where anything may be made.
static int is_read_only(int hfd) {
    int answer = host_mkdir(hfd, ".", 1);
    return answer == -EROFS || answer == -EPERM;
}

static int mount_folder(int hfd, const char *path) {
    struct host_stat stat;
    uint32_t mode = 0;
    int error = host_fstat(hfd, &stat);
    if (error)
        return error;
    if (stat.kind != HOST_DIRECTORY)
        return -ENOTDIR;
    struct filesystem *fs = fs_new(hostfs_type, "host", HOSTFS_MAGIC, 0);
    if (!fs)
        return -ENOMEM;
    fs->read_only = is_read_only(hfd);
    fs->private_data = (void *)(intptr_t)hfd;
    fs->has_modes = host_mode(hfd, ".", 1, &mode) == 0;
    struct inode *root = hostfs_inode(fs, NULL, "", 0, &stat);
    if (!root) {
        kfree(fs);
        return -ENOMEM;
    }
    return mount_at(path, fs, root);
}

// The name as the host gave it, terminated; null with *error.
static char *preopen_name(int hfd, int size, int *error) {
    char *name = kzalloc((size_t)size + 1);
    *error = name ? host_preopen_name(hfd, name, (size_t)size) : -ENOMEM;
    if (!*error && (strlen(name) != (size_t)size || size == 0))
        *error = -EINVAL;
    if (*error) {
        kfree(name);
        return NULL;
    }
    return name;
}

// Where a name is mounted: owned; null without memory.
static char *place_of(const char *name, const char *cwd) {
    size_t slashes = 0;
    while (name[slashes] == '/')
        slashes++;
    if (slashes && !name[slashes])
        name = "/host";
    const char *front = slashes ? "" : cwd;
    size_t front_len = strlen(front), len = strlen(name);
    char *path = kmalloc(front_len + len + 2);
    if (!path)
        return NULL;
    memcpy(path, front, front_len);
    path[front_len] = '/';
    memcpy(path + front_len + (slashes ? 0 : 1), name, len + 1);
    return path;
}

static void mount_preopen(int hfd, int name_size, const char *cwd) {
    int error;
    char *name = preopen_name(hfd, name_size, &error);
    char *path = name ? place_of(name, cwd) : NULL;
    if (path)
        error = mount_folder(hfd, path);
    if (!path || error)
        complain(name ? name : "without a name");
    kfree(path);
    kfree(name);
}

void hostfs_mount_all(const char *cwd) {
    for (int hfd = FIRST_PREOPEN; hfd < FIRST_PREOPEN + PREOPENS_MAX; hfd++) {
        int size = host_preopen_name_size(hfd);
        if (size == -EBADF)
            break;
        if (size >= 0)
            mount_preopen(hfd, size, cwd);
    }
    path_set_cwd(mount_top(path_cwd())); // it may have been mounted on
}

static struct filesystem *last_mounted(void) {
    struct filesystem *last = NULL;
    for (struct filesystem *fs = filesystems; fs; fs = fs->next)
        if (fs->type == hostfs_type)
            last = fs;
    return last;
}

void hostfs_unmount_all(void) {
    if (path_cwd()->inode->fs->type == hostfs_type)
        path_set_cwd(path_root());
    for (struct filesystem *fs; (fs = last_mounted());)
        fs_unmount(fs);
}
