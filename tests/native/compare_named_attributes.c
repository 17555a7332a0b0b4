// Extended attributes by path and their lists: compared with the host (compare.h).
#include "compare.h"
#include "sys/xattr.h"

#include <string.h>
#include <sys/syscall.h>

static const char *any_name(void) {
    static const char *const names[] = {"user.a",    "user.b", "trusted.a", "trusted.b",
                                        "nothing.a", "user.",  "",          "user"};
    return names[draw(8)];
}

static void compare_set(const char *path, int follow) {
    const char *name = any_name();
    unsigned size = draw(40);
    int flags = (int)draw(4);
    memset(kernel_data, 'x', size);
    doing("%csetxattr %s %s %u %d", follow ? ' ' : 'l', path, name, size, flags);
    if (follow)
        same("result", sys_setxattr(path, name, kernel_data, size, flags),
             HOST(SYS_setxattr, path, name, kernel_data, size, flags));
    else
        same("result", sys_lsetxattr(path, name, kernel_data, size, flags),
             HOST(SYS_lsetxattr, path, name, kernel_data, size, flags));
}

static void compare_get(const char *path, int follow) {
    const char *name = any_name();
    unsigned size = draw(40);
    memset(kernel_data, 0, 40);
    memset(host_data, 0, 40);
    doing("%cgetxattr %s %s %u", follow ? ' ' : 'l', path, name, size);
    if (follow)
        same("result", sys_getxattr(path, name, kernel_data, size),
             HOST(SYS_getxattr, path, name, host_data, size));
    else
        same("result", sys_lgetxattr(path, name, kernel_data, size),
             HOST(SYS_lgetxattr, path, name, host_data, size));
    same("value", 0, memcmp(kernel_data, host_data, 40));
}

static void compare_remove(const char *path, int follow) {
    const char *name = any_name();
    doing("%cremovexattr %s %s", follow ? ' ' : 'l', path, name);
    if (follow)
        same("result", sys_removexattr(path, name), HOST(SYS_removexattr, path, name));
    else
        same("result", sys_lremovexattr(path, name), HOST(SYS_lremovexattr, path, name));
}

// A sum over the names: their order is each file system's own.
static long sum(const char *list, long size) {
    long total = 0;
    for (long at = 0; at < size; at += (long)strlen(list + at) + 1)
        for (const char *c = list + at; *c; c++)
            total += (c - (list + at) + 1) * *c;
    return total;
}

static void compare_list(const char *path, int follow) {
    unsigned size = draw(3) ? TEXT : draw(30);
    doing("%clistxattr %s %u", follow ? ' ' : 'l', path, size);
    long kernel =
        follow ? sys_listxattr(path, kernel_data, size) : sys_llistxattr(path, kernel_data, size);
    long host = follow ? HOST(SYS_listxattr, path, host_data, size)
                       : HOST(SYS_llistxattr, path, host_data, size);
    same("result", kernel, host);
    if (size)
        same("names", sum(kernel_data, kernel), sum(host_data, host));
}

void compare_named_attributes(void) {
    static void (*const calls[])(const char *, int) = {compare_set, compare_set, compare_get,
                                                       compare_list, compare_remove};
    char path[TEXT];
    any_path(path);
    calls[draw(sizeof calls / sizeof *calls)](path, (int)draw(2));
}
