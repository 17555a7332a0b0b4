// Files and folders copied: what cp does, and mv from one file system to another.
#include "copy.h"
#include "shell.h"

#include "builtins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int psh_copy_failed(const struct copying *how, const char *what, const char *path) {
    psh_warn("%s: %s '%s': %s", how->command, what, path, strerror(errno));
    return 1;
}

int psh_same(const struct stat *one, const struct stat *other) {
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

int psh_same_file(const struct copying *how, const char *from, const char *to) {
    psh_warn("%s: '%s' and '%s' are the same file", how->command, from, to);
    return 1;
}

static int keep_times(const struct copying *how, const char *to, const struct stat *from) {
    struct timespec times[] = {from->st_atim, from->st_mtim};
    int unowned = lchown(to, from->st_uid, from->st_gid) < 0;
    if (!S_ISLNK(from->st_mode) && chmod(to, from->st_mode & (unowned ? 0777 : 07777)) < 0)
        return psh_copy_failed(how, "preserving permissions for", to);
    if (utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW) < 0)
        return psh_copy_failed(how, "preserving times for", to);
    return 0;
}

static int copy_bytes(struct copying *how, int in, int out, const char *from, const char *to) {
    static char block[1 << 16];
    ssize_t size;
    while ((size = read(in, block, sizeof block)) > 0)
        if (write(out, block, size) != size)
            return psh_copy_failed(how, "error writing", to);
    return size < 0 ? psh_copy_failed(how, "error reading", from) : 0;
}

static int copy_regular(struct copying *how, const char *from, const char *to,
                        const struct stat *found) {
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        int why = errno;
        psh_warn("%s: cannot open '%s' for reading: %s", how->command, from, strerror(why));
        return 1;
    }
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    int out = open(to, flags, found->st_mode & 0777);
    if (out < 0 && how->force && unlink(to) == 0)
        out = open(to, flags, found->st_mode & 0777);
    int status = out < 0 ? psh_copy_failed(how, "cannot create regular file", to)
                         : copy_bytes(how, in, out, from, to);
    close(in);
    if (out >= 0 && close(out) < 0)
        status = psh_copy_failed(how, "failed to close", to);
    return status;
}

static int copy_link(struct copying *how, const char *from, const char *to) {
    char target[4096];
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0)
        return psh_copy_failed(how, "cannot read symbolic link", from);
    target[length] = 0;
    return symlink(target, to) < 0 ? psh_copy_failed(how, "cannot create symbolic link", to) : 0;
}

static int copy_entries(struct copying *how, const char *from, const char *to) {
    DIR *folder = opendir(from);
    if (!folder)
        return psh_copy_failed(how, "cannot access", from);
    int status = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status |= psh_copy_entry(how, psh_within(from, entry->d_name),
                                     psh_within(to, entry->d_name), 1);
    closedir(folder);
    return status;
}

static int copy_folder(struct copying *how, const char *from, const char *to,
                       const struct stat *found, int exists) {
    if (how->made && psh_same(found, &how->top)) {
        psh_warn("%s: cannot copy a directory, '%s', into itself, '%s'", how->command, from, to);
        return 1;
    }
    if (!exists && mkdir(to, (found->st_mode & 01777) | 0700) < 0)
        return psh_copy_failed(how, "cannot create directory", to);
    if (!how->made)
        how->made = stat(to, &how->top) == 0;
    int status = copy_entries(how, from, to);
    if (!exists && !how->keep && (found->st_mode & 0700) != 0700 &&
        chmod(to, found->st_mode & 07777 & ~how->mask) < 0)
        status = psh_copy_failed(how, "setting permissions for", to);
    return status;
}

// What stands in the way: 1 said, -1 it stays, 0 nothing or removed.
static int clear_way(struct copying *how, const char *from, const char *to,
                     const struct stat *source, const struct stat *old) {
    struct stat target;
    int dangling = S_ISLNK(old->st_mode) && stat(to, &target) < 0;
    int folder = S_ISDIR(source->st_mode);
    if (!S_ISLNK(old->st_mode) || folder || dangling)
        target = *old;
    if (psh_same(source, &target))
        return S_ISDIR(source->st_mode) && how->made ? 0 : psh_same_file(how, from, to);
    if (how->none && !folder)
        return -1;
    if (folder && !S_ISDIR(target.st_mode)) {
        psh_warn("%s: cannot overwrite non-directory '%s' with directory '%s'", how->command, to,
                 from);
        return 1;
    }
    if (!folder && S_ISDIR(target.st_mode)) {
        psh_warn("%s: cannot overwrite directory '%s' with non-directory", how->command, to);
        return 1;
    }
    if (how->recursive && !S_ISREG(source->st_mode) && !folder)
        return unlink(to) < 0 ? psh_copy_failed(how, "cannot remove", to) : 0;
    if (!dangling)
        return 0;
    psh_warn("%s: not writing through dangling symlink '%s'", how->command, to);
    return 1;
}

int psh_copy_entry(struct copying *how, const char *from, const char *to, int inside) {
    struct stat found, old;
    if ((how->recursive ? lstat : stat)(from, &found) < 0)
        return psh_copy_failed(how, "cannot stat", from);
    if (S_ISDIR(found.st_mode) && !how->recursive) {
        psh_warn("%s: -r not specified; omitting directory '%s'", how->command, from);
        return 1;
    }
    if (!inside)
        how->made = 0;
    int exists = lstat(to, &old) == 0;
    int blocked = exists ? clear_way(how, from, to, &found, &old) : 0;
    if (blocked)
        return blocked > 0;
    int status;
    if (S_ISDIR(found.st_mode))
        status = copy_folder(how, from, to, &found, exists);
    else if (how->recursive && S_ISLNK(found.st_mode))
        status = copy_link(how, from, to);
    else if (how->recursive && !S_ISREG(found.st_mode))
        status = mknod(to, found.st_mode & ~how->mask, found.st_rdev) < 0
                     ? psh_copy_failed(how, "cannot create special file", to)
                     : 0;
    else
        status = copy_regular(how, from, to, &found);
    if (how->keep && !status && keep_times(how, to, &found))
        return !how->moving;
    return status;
}
