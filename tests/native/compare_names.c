// Names and what they lead to: compared with the host (compare.h).
#include "compare.h"
#include "sys/directories.h"
#include "sys/names.h"
#include "sys/rename.h"

#include <boxer/linux_file.h>
#include <string.h>
#include <sys/syscall.h>

static void compare_mkdir(const char *path, const char *other) {
    uint32_t mode = any_mode();
    struct pair in = any_folder();
    (void)other;
    doing("mkdirat %d %s %o", in.host, path, mode);
    same("result", sys_mkdirat(in.kernel, path, mode), HOST(SYS_mkdirat, in.host, path, mode));
}

static void compare_unlink(const char *path, const char *other) {
    int flags = draw(2) ? AT_REMOVEDIR : 0;
    struct pair in = any_folder();
    (void)other;
    doing("unlinkat %d %s %x", in.host, path, flags);
    same("result", sys_unlinkat(in.kernel, path, flags), HOST(SYS_unlinkat, in.host, path, flags));
}

static void compare_rename(const char *path, const char *other) {
    unsigned flags = draw(4) ? 0 : draw(4);
    struct pair in = any_folder(), to = any_folder();
    doing("renameat2 %d %s %d %s %x", in.host, path, to.host, other, flags);
    same("result", sys_renameat2(in.kernel, path, to.kernel, other, flags),
         HOST(SYS_renameat2, in.host, path, to.host, other, flags));
}

static void compare_link(const char *path, const char *other) {
    int flags = draw(3) ? 0 : AT_SYMLINK_FOLLOW;
    struct pair in = any_folder(), to = any_folder();
    if (draw(6) == 0) { // what a descriptor stands for, nameless files of O_TMPFILE too
        in = pairs[draw(DESCRIPTORS)];
        path = "";
        flags |= AT_EMPTY_PATH;
    }
    doing("linkat %d %s %d %s %x", in.host, path, to.host, other, flags);
    same("result", sys_linkat(in.kernel, path, to.kernel, other, flags),
         HOST(SYS_linkat, in.host, path, to.host, other, flags));
}

static void compare_symlink(const char *path, const char *other) {
    struct pair in = any_folder();
    doing("symlinkat %s %d %s", path, in.host, other);
    same("result", sys_symlinkat(path, in.kernel, other),
         HOST(SYS_symlinkat, path, in.host, other));
}

static void compare_readlink(const char *path, const char *other) {
    struct pair in = any_folder();
    size_t size = draw(70);
    (void)other;
    memset(kernel_data, 0, 70);
    memset(host_data, 0, 70);
    doing("readlinkat %d %s %zu", in.host, path, size);
    same("result", sys_readlinkat(in.kernel, path, kernel_data, size),
         HOST(SYS_readlinkat, in.host, path, host_data, size));
    same("text", 0, memcmp(kernel_data, host_data, 70));
}

static void compare_mknod(const char *path, const char *other) {
    uint32_t mode = (uint32_t)ONE_OF(S_IFREG, S_IFIFO, S_IFSOCK, 0, S_IFDIR, S_IFLNK) | 0644;
    struct pair in = any_folder();
    (void)other;
    doing("mknodat %d %s %o", in.host, path, mode);
    same("result", sys_mknodat(in.kernel, path, mode, 0),
         HOST(SYS_mknodat, in.host, path, mode, 0));
}

static void compare_cwd(const char *path, const char *other) {
    (void)other;
    if (draw(3) == 0)
        path = "/w";
    doing("chdir %s", path);
    same("result", sys_chdir(path), HOST(SYS_chdir, path));
    memset(kernel_data, 0, TEXT);
    memset(host_data, 0, TEXT);
    doing("getcwd after chdir %s", path);
    same("result", sys_getcwd(kernel_data, TEXT), HOST(SYS_getcwd, host_data, TEXT));
    same("text", 0, strcmp(kernel_data, host_data));
}

void compare_names(void) {
    static void (*const calls[])(const char *, const char *) = {
        compare_mkdir,    compare_mkdir, compare_unlink,  compare_unlink,
        compare_rename,   compare_link,  compare_symlink, compare_symlink,
        compare_readlink, compare_mknod, compare_rename};
    char path[TEXT], other[TEXT];
    any_path(path);
    any_path(other);
    if (draw(40) == 0)
        compare_cwd(path, other);
    else
        calls[draw(sizeof calls / sizeof *calls)](path, other);
}
