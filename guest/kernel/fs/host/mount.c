// Which host folders a run has, and where they are mounted.
//
// Invariants
// 1. Every preopened folder is mounted: at its name when that is absolute, "/" at /host, a relative
//    name below the working directory. One that cannot be is told on the host's stderr.
// 2. Of a folder whose name begins with "file:" only the file named "file" is in the box, at the
//    place the rest of the name says: preview 1 has folders only.
// 3. A host is asked for modes where the folder's name begins with "modes:", before the other mark.
//    Preview 1 has no words for them, and a host that does not know the question may end the run.
// 4. No mount outlives a run: a frozen machine has none.
#include "fs/host/mount.h"
#include "fs/host/hostfs.h"
#include "host/host.h"
#include "mm/slab.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/mountpoint.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define FIRST_PREOPEN 3
#define PREOPENS_MAX 1024
#define FILE_MARK "file:"
#define ONLY_FILE "file"
#define MODES_MARK "modes:"      // src/boxer/runtime/mounts.py
#define HOSTFS_MAGIC 0x00c0ffeeu // as User Mode Linux's hostfs

static void complain(const char *kind, const char *name) {
    const char *words[] = {"box: the host ", kind, name, " cannot be mounted\n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        host_write(2, words[i], strlen(words[i]));
}

// The host has the root folder already, so the answer is EEXIST where anything may be made.
static int is_read_only(int hfd) {
    int answer = host_mkdir(hfd, ".", 1);
    return answer == -EROFS || answer == -EPERM;
}

// The file of a folder that is there for its sake; null without one. Takes the folder over.
static struct inode *only_file(struct inode *folder) {
    struct inode *found = NULL;
    struct dentry *dir = dentry_new(NULL, "", 0, folder);
    inode_put(folder);
    if (dir && hostfs_lookup(dir, ONLY_FILE, sizeof ONLY_FILE - 1, &found) < 0)
        found = NULL;
    dentry_put(dir); // the file's node has a reference of its own
    if (found && !S_ISREG(found->mode)) {
        inode_put(found);
        return NULL;
    }
    return found;
}

static int mount_folder(int hfd, const char *path, int is_file, int has_modes) {
    struct host_stat stat;
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
    fs->has_modes = has_modes;
    struct inode *root = hostfs_inode(fs, NULL, "", 0, &stat);
    if (root && is_file)
        root = only_file(root);
    if (!root) {
        kfree(fs);
        return is_file ? -ENOENT : -ENOMEM;
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

// Whether what is left of a name begins with a mark, which is taken away.
static int take_mark(const char **name, const char *mark) {
    size_t size = strlen(mark);
    if (strncmp(*name, mark, size) != 0)
        return 0;
    *name += size;
    return 1;
}

static void mount_preopen(int hfd, int name_size, const char *cwd) {
    int error;
    char *whole = preopen_name(hfd, name_size, &error);
    const char *name = whole;
    int has_modes = name && take_mark(&name, MODES_MARK);
    int is_file = name && take_mark(&name, FILE_MARK);
    char *path = name ? place_of(name, cwd) : NULL;
    if (path)
        error = mount_folder(hfd, path, is_file, has_modes);
    if (!path || error)
        complain(is_file ? "file " : "folder ", name ? name : "without a name");
    kfree(path);
    kfree(whole);
}

static int is_there(int hfd) {
    enum host_kind kind;
    int flags;
    return host_fdkind(hfd, &kind, &flags) == 0;
}

int hostfs_mount_all(const char *cwd) {
    int others = 0;
    for (int hfd = FIRST_PREOPEN; hfd < FIRST_PREOPEN + PREOPENS_MAX; hfd++) {
        int size = host_preopen_name_size(hfd);
        if (size < 0 && !is_there(hfd))
            break;
        if (size < 0 && !others)
            others = hfd;
        if (size >= 0)
            mount_preopen(hfd, size, cwd);
    }
    path_set_cwd(mount_top(path_cwd())); // it may have been mounted on
    return others;
}

static struct filesystem *last_mounted(void) {
    struct filesystem *last = NULL;
    for (struct filesystem *fs = filesystems; fs; fs = fs->next)
        if (fs->type == hostfs_type)
            last = fs;
    return last;
}

int hostfs_is_there(void) {
    return last_mounted() != NULL;
}

void hostfs_unmount_all(void) {
    if (path_cwd()->inode->fs->type == hostfs_type)
        path_set_cwd(path_root());
    for (struct filesystem *fs; (fs = last_mounted());)
        fs_unmount(fs);
}
