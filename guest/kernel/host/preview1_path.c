// host.h over preview 1: preopened folders and what is below them.
#include "host/preview1.h"

#include <boxer/linux_errno.h>
#include <string.h>

// The engine reads a folder from its start for each call: few calls make a large one quick.
#define LISTING_BYTES 131072

struct p1_prestat {
    uint8_t tag; // 0: a folder
    uint32_t name_len;
};

uint32_t p1_fd_prestat_get(int, struct p1_prestat *) IMPORT(fd_prestat_get);
uint32_t p1_fd_prestat_dir_name(int, char *, size_t) IMPORT(fd_prestat_dir_name);
uint32_t p1_path_open(int, uint32_t, const char *, size_t, uint32_t, uint64_t, uint64_t, uint32_t,
                      int *) IMPORT(path_open);
uint32_t p1_path_filestat_get(int, uint32_t, const char *, size_t, struct p1_filestat *)
    IMPORT(path_filestat_get);
uint32_t p1_path_create_directory(int, const char *, size_t) IMPORT(path_create_directory);
uint32_t p1_path_remove_directory(int, const char *, size_t) IMPORT(path_remove_directory);
uint32_t p1_path_unlink_file(int, const char *, size_t) IMPORT(path_unlink_file);
uint32_t p1_path_rename(int, const char *, size_t, int, const char *, size_t) IMPORT(path_rename);
uint32_t p1_path_link(int, uint32_t, const char *, size_t, int, const char *, size_t)
    IMPORT(path_link);
uint32_t p1_path_symlink(const char *, size_t, int, const char *, size_t) IMPORT(path_symlink);
uint32_t p1_path_readlink(int, const char *, size_t, char *, size_t, size_t *)
    IMPORT(path_readlink);
uint32_t p1_path_filestat_set_times(int, uint32_t, const char *, size_t, uint64_t, uint64_t,
                                    uint32_t) IMPORT(path_filestat_set_times);
uint32_t p1_fd_readdir(int, void *, size_t, uint64_t, size_t *) IMPORT(fd_readdir);

// fd_datasync, fd_read, fd_write, fd_allocate, fd_readdir, fd_filestat_set_size: what an access
// decides. All other rights are asked for as far as the folder gives them.
enum {
    RIGHT_DATASYNC = 1 << 0,
    RIGHT_READ = 1 << 1,
    RIGHT_WRITE = 1 << 6,
    RIGHT_ALLOCATE = 1 << 8
};
enum { RIGHT_READDIR = 1 << 14, RIGHT_SET_SIZE = 1 << 22 };
#define RIGHTS_READING (RIGHT_READ | RIGHT_READDIR)
#define RIGHTS_WRITING (RIGHT_DATASYNC | RIGHT_WRITE | RIGHT_ALLOCATE | RIGHT_SET_SIZE)

int host_preopen_name_size(int hfd) {
    struct p1_prestat got = {0};
    uint32_t error = p1_fd_prestat_get(hfd, &got);
    if (error)
        return p1_error(error);
    return got.tag ? -ENOTDIR : got.name_len > INT32_MAX ? -ENAMETOOLONG : (int)got.name_len;
}

int host_preopen_name(int hfd, char *name, size_t size) {
    return p1_error(p1_fd_prestat_dir_name(hfd, name, size));
}

static uint64_t rights(int dir, int access) {
    struct p1_fdstat folder = {0};
    uint64_t wanted = ~(uint64_t)(RIGHTS_READING | RIGHTS_WRITING);
    if (access & HOST_ACCESS_READ)
        wanted |= RIGHTS_READING;
    if (access & HOST_ACCESS_WRITE)
        wanted |= RIGHTS_WRITING;
    return p1_fd_fdstat_get(dir, &folder) ? wanted : wanted & folder.inheriting;
}

int host_open(int dir, const char *path, size_t len, int follow, int open_flags, int access) {
    uint64_t wanted = rights(dir, access);
    int hfd = -1;
    uint32_t append = (access & HOST_ACCESS_APPEND) != 0;
    uint32_t error = p1_path_open(dir, follow != 0, path, len, (uint32_t)open_flags, wanted, wanted,
                                  append, &hfd);
    return error ? p1_error(error) : hfd < 0 ? -EIO : hfd;
}

int host_stat(int dir, const char *path, size_t len, int follow, struct host_stat *stat) {
    struct p1_filestat got = {0};
    uint32_t error = p1_path_filestat_get(dir, follow != 0, path, len, &got);
    p1_stat(&got, stat);
    return p1_error(error);
}

int host_mkdir(int dir, const char *path, size_t len) {
    return p1_error(p1_path_create_directory(dir, path, len));
}

int host_rmdir(int dir, const char *path, size_t len) {
    return p1_error(p1_path_remove_directory(dir, path, len));
}

int host_unlink(int dir, const char *path, size_t len) {
    return p1_error(p1_path_unlink_file(dir, path, len));
}

int host_rename(int dir, const char *from, size_t from_len, int to_dir, const char *to,
                size_t to_len) {
    return p1_error(p1_path_rename(dir, from, from_len, to_dir, to, to_len));
}

int host_link(int dir, const char *from, size_t from_len, int to_dir, const char *to,
              size_t to_len) {
    return p1_error(p1_path_link(dir, 0, from, from_len, to_dir, to, to_len));
}

int host_symlink(const char *target, size_t target_len, int dir, const char *path, size_t len) {
    return p1_error(p1_path_symlink(target, target_len, dir, path, len));
}

long host_readlink(int dir, const char *path, size_t len, char *buffer, size_t size) {
    size_t used = 0;
    uint32_t error = p1_path_readlink(dir, path, len, buffer, size, &used);
    return error ? p1_error(error) : used > size ? -EIO : (long)used;
}

int host_utimes(int dir, const char *path, size_t len, int follow, int64_t atime_ns,
                int64_t mtime_ns) {
    uint32_t flags = p1_times(&atime_ns, &mtime_ns);
    return p1_error(p1_path_filestat_set_times(dir, follow != 0, path, len, (uint64_t)atime_ns,
                                               (uint64_t)mtime_ns, flags));
}

// Preview 1 has no modes. Boxer's own host hears these flags (native/modes.c); only a
// folder that it has marked is asked (fs/host/mount.c).
enum { SET_MODE_FLAG = 1 << 14, GET_MODE_FLAG = 1 << 15 };

int host_mode(int dir, const char *path, size_t len, uint32_t *mode) {
    return p1_error(
        p1_path_filestat_set_times(dir, 0, path, len, 0, (uint64_t)(uintptr_t)mode, GET_MODE_FLAG));
}

int host_set_mode(int dir, const char *path, size_t len, uint32_t mode) {
    return p1_error(p1_path_filestat_set_times(dir, 0, path, len, mode, 0, SET_MODE_FLAG));
}

// The whole entries of a buffer into `entries`; *cookie: behind the last one read. A name longer
// than Linux has is left out.
static size_t unpack(const char *listing, size_t used, struct host_dirent *entries, size_t max,
                     uint64_t *cookie) {
    size_t count = 0, at = 0;
    struct p1_dirent head;
    while (count < max && used - at >= sizeof head) {
        memcpy(&head, listing + at, sizeof head);
        at += sizeof head;
        if (head.name_len > used - at)
            break;
        *cookie = head.next;
        if (head.name_len < sizeof entries[count].name) {
            struct host_dirent *entry = &entries[count++];
            entry->next = head.next;
            entry->ino = head.ino;
            entry->kind = p1_kind(head.filetype);
            entry->name_len = head.name_len;
            memcpy(entry->name, listing + at, head.name_len);
            entry->name[head.name_len] = 0;
        }
        at += head.name_len;
    }
    return count;
}

int host_readdir(int hfd, uint64_t cookie, struct host_dirent *entries, size_t max) {
    static char listing[LISTING_BYTES]; // one thread, and no call in between
    for (;;) {
        size_t used = 0;
        uint32_t error = p1_fd_readdir(hfd, listing, sizeof listing, cookie, &used);
        if (error || used > sizeof listing)
            return error ? p1_error(error) : -EIO;
        uint64_t before = cookie;
        size_t count = unpack(listing, used, entries, max, &cookie);
        if (count || used < sizeof listing)
            return (int)count;
        if (cookie == before)
            return -EIO; // one entry larger than the buffer
    }
}
