// Attributes, owners and permissions: compared with the host (compare.h).
#include "compare.h"
#include "sys/attributes.h"

#include <boxer/linux_file.h>
#include <string.h>
#include <sys/syscall.h>

// x86-64's struct timespec, which the host takes.
struct host_timespec {
    int64_t sec, nsec;
};

static void same_stat(const struct linux_statx *kernel, const struct linux_statx *host) {
    same("mode", kernel->mode, host->mode);
    same("links", kernel->nlink, host->nlink);
    same("uid", kernel->uid, host->uid);
    same("gid", kernel->gid, host->gid);
    same("size", (long long)kernel->size, (long long)host->size);
    if (S_ISREG(kernel->mode))
        same("blocks", (long long)kernel->blocks, (long long)host->blocks);
    // Times that were set by hand lie long ago. A FIFO's are not its data's (vfs/inode.h).
    if (!S_ISTYPE(kernel->mode, S_IFIFO) &&
        (kernel->mtime.sec < 1000000 || host->mtime.sec < 1000000)) {
        same("mtime", kernel->mtime.sec, host->mtime.sec);
        same("mtime's rest", kernel->mtime.nsec, host->mtime.nsec);
    }
}

static void compare_stat(const char *path) {
    struct linux_statx kernel = {0}, host = {0};
    int flags = draw(2) ? AT_SYMLINK_NOFOLLOW : 0;
    struct pair in = any_folder();
    if (draw(8) == 0) {
        path = "";
        flags |= AT_EMPTY_PATH;
    }
    doing("statx %d %s %x", in.host, path, flags);
    long result = sys_statx(in.kernel, path, flags, STATX_BASIC_STATS, &kernel);
    same("result", result, HOST(SYS_statx, in.host, path, flags, STATX_BASIC_STATS, &host));
    if (result == 0)
        same_stat(&kernel, &host);
}

static void compare_chmod(const char *path) {
    uint32_t mode = any_mode();
    struct pair in = any_folder(), file = pairs[draw(DESCRIPTORS)];
    if (file.host >= 0 && draw(4) == 0) {
        doing("fchmod %d %o", file.host, mode);
        same("result", sys_fchmod(file.kernel, mode), HOST(SYS_fchmod, file.host, mode));
        return;
    }
    doing("fchmodat %d %s %o", in.host, path, mode);
    same("result", sys_fchmodat2(in.kernel, path, mode, 0),
         HOST(SYS_fchmodat, in.host, path, mode));
}

static void compare_chown(const char *path) {
    uint32_t uid = (uint32_t)ONE_OF(-1, 0, 1000, 1001), gid = (uint32_t)ONE_OF(-1, 0, 1000, 1001);
    int flags = draw(2) ? AT_SYMLINK_NOFOLLOW : 0;
    struct pair in = any_folder(), file = pairs[draw(DESCRIPTORS)];
    if (file.host >= 0 && draw(4) == 0) {
        doing("fchown %d %u %u", file.host, uid, gid);
        same("result", sys_fchown(file.kernel, uid, gid), HOST(SYS_fchown, file.host, uid, gid));
        return;
    }
    doing("fchownat %d %s %d %d %x", in.host, path, (int)uid, (int)gid, flags);
    same("result", sys_fchownat(in.kernel, path, uid, gid, flags),
         HOST(SYS_fchownat, in.host, path, uid, gid, flags));
}

static void compare_access(const char *path) {
    int mode = (int)draw(9), flags = draw(3) ? 0 : AT_SYMLINK_NOFOLLOW | AT_EACCESS;
    struct pair in = any_folder();
    doing("faccessat2 %d %s %d %x", in.host, path, mode, flags);
    same("result", sys_faccessat2(in.kernel, path, mode, flags),
         HOST(SYS_faccessat2, in.host, path, mode, flags));
}

static void compare_utime(const char *path) {
    long special = ONE_OF(7, UTIME_OMIT, UTIME_NOW, 1000000000, 999999999);
    struct linux_timespec kernel[2] = {{.sec = 5, .nsec = (int32_t)special}, {.sec = draw(90000)}};
    struct host_timespec host[2] = {{5, special}, {kernel[1].sec, 0}};
    int flags = draw(2) ? AT_SYMLINK_NOFOLLOW : 0, now = draw(6) == 0;
    struct pair in = any_folder();
    doing("utimensat %d %s now %d, %ld %lld, %x", in.host, path, now, special,
          (long long)kernel[1].sec, flags);
    same("result", sys_utimensat(in.kernel, path, now ? NULL : kernel, flags),
         HOST(SYS_utimensat, in.host, path, now ? NULL : host, flags));
}

void compare_attributes(void) {
    static void (*const calls[])(const char *) = {compare_stat,   compare_stat,  compare_chmod,
                                                  compare_access, compare_chown, compare_utime};
    char path[TEXT];
    any_path(path);
    calls[draw(sizeof calls / sizeof *calls)](path);
}
