// Host folders over POSIX, as strict as the contract of host.h allows.
//
// Invariants
// 1. A path that is absolute or has "." (but alone), ".." or an empty component aborts the test:
// the
//    kernel may never ask for one.
// 2. No link is followed, not even in the middle of a path.
#include "host_posix.h"
#include "double_network.h"
#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TABLE 64

static struct {
    int fd, used, read_only;
    const char *name; // of a preopen
} table[TABLE];

int host_open_descriptors;

static int place(int fd, const char *name, int read_only) {
    int hfd = 3;
    while (hfd < TABLE && table[hfd].used)
        hfd++;
    if (hfd == TABLE)
        abort();
    table[hfd].fd = fd;
    table[hfd].used = 1;
    table[hfd].read_only = read_only;
    table[hfd].name = name;
    return hfd;
}

int host_knows_modes;

void host_preopen(const char *folder, const char *name, int read_only) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        abort();
    // A host that knows modes says so by a mark; any other may end the run when it is asked.
    char *marked = malloc(sizeof "modes:" + strlen(name));
    sprintf(marked, "%s%s", host_knows_modes ? "modes:" : "", name);
    place(fd, marked, read_only);
}

static char folder[] = "/tmp/boxer-hostfs-XXXXXX";

const char *host_folder(void) {
    if (!mkdtemp(folder) || chdir(folder) < 0)
        abort();
    return folder;
}

int on_host(const char *commands) {
    int status = system(commands);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void host_folder_end(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    on_host(command);
}

static int real(int hfd) {
    return hfd >= 3 && hfd < TABLE && table[hfd].used ? table[hfd].fd : -1;
}

static int answer(int result) {
    return result < 0 ? -errno : result;
}

static void check_component(const char *part, size_t len, int alone) {
    if (len == 0 || (len == 1 && part[0] == '.' && !alone) ||
        (len == 2 && part[0] == '.' && part[1] == '.')) {
        printf("the kernel asked the host for a path it must never ask for\n");
        abort();
    }
}

// The folder of the path's last component, opened without following links; `last` gets its name.
static int parent_of(int dir, const char *path, size_t len, char last[256]) {
    int at = dup(real(dir));
    for (;;) {
        const char *slash = memchr(path, '/', len);
        size_t part = slash ? (size_t)(slash - path) : len;
        check_component(path, part, part == len);
        if (part > 255 || at < 0) {
            close(at);
            errno = at < 0 ? EBADF : ENAMETOOLONG;
            return -1;
        }
        memcpy(last, path, part);
        last[part] = 0;
        if (!slash)
            return at;
        int next = openat(at, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        int error = errno;
        close(at);
        if (next < 0) {
            errno = error;
            return -1;
        }
        at = next;
        path = slash + 1;
        len -= part + 1;
    }
}

static int done(int parent, int result) {
    int error = errno;
    close(parent);
    errno = error;
    return answer(result);
}

#define WITH_PARENT(call)                                                                          \
    char last[256];                                                                                \
    int parent = parent_of(dir, path, len, last);                                                  \
    return parent < 0 ? -errno : done(parent, call)

#define REFUSE_CHANGES(dir)                                                                        \
    if (real(dir) >= 0 && table[dir].read_only)                                                    \
    return -EPERM

int host_open(int dir, const char *path, size_t len, int follow, int open_flags, int access) {
    int writes = access & HOST_ACCESS_WRITE;
    int flags = writes && (access & HOST_ACCESS_READ) ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
    flags |= open_flags & HOST_OPEN_CREATE ? O_CREAT : 0;
    flags |= open_flags & HOST_OPEN_DIRECTORY ? O_DIRECTORY : 0;
    flags |= open_flags & HOST_OPEN_EXCLUSIVE ? O_EXCL : 0;
    flags |= open_flags & HOST_OPEN_TRUNCATE ? O_TRUNC : 0;
    flags |= access & HOST_ACCESS_APPEND ? O_APPEND : 0;
    if (follow)
        abort(); // the kernel follows links itself
    if (writes)
        REFUSE_CHANGES(dir);
    char last[256];
    int parent = parent_of(dir, path, len, last);
    if (parent < 0)
        return -errno;
    int fd = done(parent, openat(parent, last, flags | O_NOFOLLOW, 0666));
    if (fd < 0)
        return fd;
    host_open_descriptors++;
    return place(fd, NULL, table[dir].read_only);
}

int host_close(int hfd) {
    if (hfd > 2 && network_has(hfd))
        return network_close(hfd);
    if (real(hfd) < 0 || table[hfd].name)
        abort();
    close(table[hfd].fd);
    table[hfd].used = 0;
    host_open_descriptors--;
    return 0;
}

static int64_t ns_of(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static enum host_kind kind_of(mode_t mode) {
    return S_ISREG(mode)    ? HOST_FILE
           : S_ISDIR(mode)  ? HOST_DIRECTORY
           : S_ISLNK(mode)  ? HOST_SYMLINK
           : S_ISCHR(mode)  ? HOST_CHARACTER
           : S_ISSOCK(mode) ? HOST_SOCKET
                            : HOST_UNKNOWN;
}

static int fill(const struct stat *from, int result, struct host_stat *to) {
    *to = (struct host_stat){0};
    if (result < 0)
        return result;
    *to = (struct host_stat){
        .dev = from->st_dev,
        .ino = from->st_ino,
        .nlink = from->st_nlink,
        .size = (uint64_t)from->st_size,
        .atime_ns = ns_of(from->st_atim),
        .mtime_ns = ns_of(from->st_mtim),
        .ctime_ns = ns_of(from->st_ctim),
        .kind = kind_of(from->st_mode),
    };
    return 0;
}

static int stat_below(int dir, const char *path, size_t len, struct stat *got) {
    WITH_PARENT(fstatat(parent, last, got, AT_SYMLINK_NOFOLLOW));
}

int host_stat(int dir, const char *path, size_t len, int follow, struct host_stat *stat) {
    struct stat got;
    if (follow)
        abort();
    int result = stat_below(dir, path, len, &got);
    return fill(&got, result, stat);
}

int host_fstat(int hfd, struct host_stat *stat) {
    struct stat got;
    int result = answer(fstat(real(hfd), &got));
    return fill(&got, result, stat);
}

int host_mkdir(int dir, const char *path, size_t len) {
    REFUSE_CHANGES(dir);
    WITH_PARENT(mkdirat(parent, last, 0777));
}

int host_rmdir(int dir, const char *path, size_t len) {
    REFUSE_CHANGES(dir);
    WITH_PARENT(unlinkat(parent, last, AT_REMOVEDIR));
}

int host_unlink(int dir, const char *path, size_t len) {
    REFUSE_CHANGES(dir);
    WITH_PARENT(unlinkat(parent, last, 0));
}

int host_symlink(const char *target, size_t target_len, int dir, const char *path, size_t len) {
    char copy[4096] = {0};
    REFUSE_CHANGES(dir);
    memcpy(copy, target, target_len);
    WITH_PARENT(symlinkat(copy, parent, last));
}

long host_readlink(int dir, const char *path, size_t len, char *buffer, size_t size) {
    WITH_PARENT((int)readlinkat(parent, last, buffer, size));
}

static int rename_to(int from, const char *name, int dir, const char *path, size_t len, int hard) {
    WITH_PARENT(hard ? linkat(from, name, parent, last, 0) : renameat(from, name, parent, last));
}

static int two_names(int from_dir, const char *from, size_t from_len, int dir, const char *path,
                     size_t len, int hard) {
    char last[256];
    REFUSE_CHANGES(dir);
    int parent = parent_of(from_dir, from, from_len, last);
    if (parent < 0)
        return -errno;
    int result = rename_to(parent, last, dir, path, len, hard);
    close(parent);
    return result;
}

int host_rename(int dir, const char *from, size_t from_len, int to_dir, const char *to,
                size_t to_len) {
    return two_names(dir, from, from_len, to_dir, to, to_len, 0);
}

int host_link(int dir, const char *from, size_t from_len, int to_dir, const char *to,
              size_t to_len) {
    return two_names(dir, from, from_len, to_dir, to, to_len, 1);
}

static struct timespec time_of(int64_t ns) {
    return ns == INT64_MIN   ? (struct timespec){0, UTIME_OMIT}
           : ns == INT64_MAX ? (struct timespec){0, UTIME_NOW}
                             : (struct timespec){ns / 1000000000, ns % 1000000000};
}

int host_mode(int dir, const char *path, size_t len, uint32_t *mode) {
    struct stat got;
    if (!host_knows_modes)
        abort();
    int result = stat_below(dir, path, len, &got);
    if (!result)
        *mode = got.st_mode & 07777;
    return result;
}

int host_set_mode(int dir, const char *path, size_t len, uint32_t mode) {
    REFUSE_CHANGES(dir);
    if (!host_knows_modes)
        abort();
    WITH_PARENT(fchmodat(parent, last, mode, 0));
}

int host_utimes(int dir, const char *path, size_t len, int follow, int64_t atime_ns,
                int64_t mtime_ns) {
    struct timespec times[2] = {time_of(atime_ns), time_of(mtime_ns)};
    REFUSE_CHANGES(dir);
    if (follow)
        abort();
    WITH_PARENT(utimensat(parent, last, times, AT_SYMLINK_NOFOLLOW));
}

int host_set_times(int hfd, int64_t atime_ns, int64_t mtime_ns) {
    struct timespec times[2] = {time_of(atime_ns), time_of(mtime_ns)};
    return answer(futimens(real(hfd), times));
}

long host_pread(int hfd, void *buffer, size_t size, int64_t offset) {
    long result = pread(real(hfd), buffer, size, offset);
    return result < 0 ? -errno : result;
}

long host_pwrite(int hfd, const void *buffer, size_t size, int64_t offset) {
    long result = pwrite(real(hfd), buffer, size, offset);
    return result < 0 ? -errno : result;
}

// The linker leads host_write here (--wrap): stdio is the other double's.
long __real_host_write(int hfd, const void *buffer, size_t size);
long __wrap_host_write(int hfd, const void *buffer, size_t size);

long __wrap_host_write(int hfd, const void *buffer, size_t size) {
    if (hfd < 3)
        return __real_host_write(hfd, buffer, size);
    long result = write(real(hfd), buffer, size);
    return result < 0 ? -errno : result;
}

int host_sync(int hfd, int data_only) {
    return answer(data_only ? fdatasync(real(hfd)) : fsync(real(hfd)));
}

int host_truncate(int hfd, int64_t size) {
    return answer(ftruncate(real(hfd), size));
}

int host_preopen_name_size(int hfd) {
    return real(hfd) < 0 || !table[hfd].name ? -EBADF : (int)strlen(table[hfd].name);
}

int host_preopen_name(int hfd, char *name, size_t size) {
    memcpy(name, table[hfd].name, size);
    return 0;
}

// A cookie is an entry's place, as it is with hosts that keep no place of their own.
int host_readdir(int hfd, uint64_t cookie, struct host_dirent *entries, size_t max) {
    DIR *folder = fdopendir(openat(real(hfd), ".", O_RDONLY | O_DIRECTORY));
    struct dirent *entry;
    size_t count = 0;
    if (!folder)
        return -errno;
    for (uint64_t place = 1; count < max && count < 5 && (entry = readdir(folder)); place++) {
        if (place <= cookie)
            continue;
        struct host_dirent *out = &entries[count++];
        struct stat got;
        fstatat(dirfd(folder), entry->d_name, &got, AT_SYMLINK_NOFOLLOW);
        *out = (struct host_dirent){.next = place, .ino = got.st_ino, .kind = kind_of(got.st_mode)};
        out->name_len = (uint32_t)strlen(entry->d_name);
        memcpy(out->name, entry->d_name, out->name_len + 1);
    }
    closedir(folder);
    return (int)count;
}
