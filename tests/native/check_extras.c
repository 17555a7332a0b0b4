// vfs/xattr.c, vfs/locks.c, net/node.c: what hangs on a file besides its bytes.
#include "files.h"
#include "mm/memory.h"
#include "net/node.h"
#include "sys/descriptors.h"
#include "sys/xattr.h"
#include "vfs/inode.h"

#include <boxer/linux_file.h>

static long set_xattr(const char *name, const char *value) {
    return sys_setxattr("/f", name, value, strlen(value), 0);
}

static void attributes_are_kept_and_listed(void) {
    char buffer[64];
    put("/f", "");
    CHECK_EQUAL(set_xattr("user.a", "one"), 0);
    CHECK_EQUAL(set_xattr("user.bb", ""), 0);
    CHECK_EQUAL(set_xattr("user.a", "longer"), 0);
    CHECK_EQUAL(sys_getxattr("/f", "user.a", NULL, 0), 6);
    CHECK_EQUAL(sys_getxattr("/f", "user.a", buffer, 5), -ERANGE);
    CHECK_EQUAL(sys_getxattr("/f", "user.a", buffer, 64), 6);
    CHECK_EQUAL(memcmp(buffer, "longer", 6), 0);
    CHECK_EQUAL(sys_getxattr("/f", "user.bb", buffer, 64), 0);
    CHECK_EQUAL(sys_listxattr("/f", NULL, 0), 15);
    CHECK_EQUAL(sys_listxattr("/f", buffer, 14), -ERANGE);
    CHECK_EQUAL(sys_listxattr("/f", buffer, 64), 15);
    CHECK_EQUAL(memcmp(buffer, "user.a\0user.bb", 15), 0);
    CHECK_EQUAL(sys_removexattr("/f", "user.a"), 0);
    CHECK_EQUAL(sys_removexattr("/f", "user.a"), -ENODATA);
    CHECK_EQUAL(sys_getxattr("/f", "user.a", buffer, 64), -ENODATA);
    int fd = (int)opened("/f", O_RDONLY);
    CHECK_EQUAL(sys_fsetxattr(fd, "user.c", "v", 1, XATTR_CREATE), 0);
    CHECK_EQUAL(sys_fgetxattr(fd, "user.c", buffer, 64), 1);
    CHECK_EQUAL(sys_flistxattr(fd, buffer, 64), 15);
    CHECK_EQUAL(sys_fremovexattr(fd, "user.c"), 0);
}

static void wrong_attributes_answer_as_on_linux(void) {
    static char name[XATTR_NAME_MAX + 2] = "user.", value[XATTR_SIZE_MAX + 1];
    char buffer[8];
    put("/f", "");
    CHECK_EQUAL(sys_setxattr("/f", "user.x", "v", 1, XATTR_REPLACE), -ENODATA);
    CHECK_EQUAL(sys_setxattr("/f", "user.x", "v", 1, XATTR_CREATE), 0);
    CHECK_EQUAL(sys_setxattr("/f", "user.x", "v", 1, XATTR_CREATE), -EEXIST);
    CHECK_EQUAL(sys_setxattr("/f", "user.x", "v", 1, 4), -EINVAL);
    CHECK_EQUAL(set_xattr("", "v"), -ERANGE);
    CHECK_EQUAL(set_xattr("user.", "v"), -EINVAL);
    CHECK_EQUAL(set_xattr("other.x", "v"), -EOPNOTSUPP);
    CHECK_EQUAL(set_xattr("system.posix_acl_access", "v"), -EOPNOTSUPP);
    CHECK_EQUAL(sys_setxattr("/f", "user.big", value, sizeof value, 0), -E2BIG);
    CHECK_EQUAL(sys_setxattr("/f", "user.big", value, XATTR_SIZE_MAX, 0), -ENOSPC);
    CHECK_EQUAL(sys_setxattr("/f", "user.big", NULL, 1, 0), -EFAULT);
    CHECK_EQUAL(sys_setxattr("/f", NULL, "v", 1, 0), -EFAULT);
    memset(name + 5, 'n', XATTR_NAME_MAX - 5);
    CHECK_EQUAL(set_xattr(name, "v"), 0);
    name[XATTR_NAME_MAX] = 'n';
    CHECK_EQUAL(set_xattr(name, "v"), -ERANGE);
    CHECK_EQUAL(sys_getxattr("/none", "user.x", buffer, 8), -ENOENT);
    CHECK_EQUAL(sys_getxattr("/proc/self/status", "user.x", buffer, 8), -EOPNOTSUPP);
    CHECK_EQUAL(sys_fgetxattr(1, "user.x", buffer, 8), -EOPNOTSUPP);
    CHECK_EQUAL(sys_fgetxattr(99, "user.x", buffer, 8), -EBADF);
}

static void name_spaces_have_their_owners(void) {
    char buffer[64];
    put("/f", "");
    make_link("f", "/l");
    CHECK_EQUAL(set_xattr("trusted.t", "v"), 0);
    CHECK_EQUAL(set_xattr("security.s", "v"), 0);
    CHECK_EQUAL(sys_lsetxattr("/l", "user.x", "v", 1, 0), -EPERM); // links have none of these
    CHECK_EQUAL(sys_lsetxattr("/l", "trusted.x", "v", 1, 0), 0);
    CHECK_EQUAL(sys_llistxattr("/l", buffer, 64), 10);
    CHECK_EQUAL(sys_lgetxattr("/l", "trusted.x", buffer, 64), 1);
    CHECK_EQUAL(sys_lremovexattr("/l", "trusted.x"), 0);
    become(1000, 1000);
    CHECK_EQUAL(set_xattr("user.x", "v"), -EACCES);
    CHECK_EQUAL(set_xattr("trusted.x", "v"), -EPERM);
    CHECK_EQUAL(sys_getxattr("/f", "trusted.t", buffer, 64), -ENODATA);
    CHECK_EQUAL(sys_getxattr("/f", "security.s", buffer, 64), 1);
    CHECK_EQUAL(sys_listxattr("/f", buffer, 64), 11);
}

static void attributes_go_with_the_file(void) {
    put("/f", "");
    remove_name("/f");
    for (int i = 0; i < 50; i++) {
        static char value[8000];
        put("/f", "");
        CHECK_EQUAL(sys_setxattr("/f", "user.a", value, sizeof value, 0), 0);
        CHECK_EQUAL(sys_setxattr("/f", "user.b", value, sizeof value, 0), 0);
        CHECK_EQUAL(remove_name("/f"), 0);
    }
    CHECK(pages_in_use() < 64); // of 200 that they all together took
}

static struct linux_flock64 range(int type, int64_t start, int64_t length) {
    return (struct linux_flock64){.type = (int16_t)type, .start = start, .length = length};
}

static long lock(int fd, int command, int type, int64_t start, int64_t length) {
    struct linux_flock64 request = range(type, start, length);
    return sys_fcntl(fd, command, (uintptr_t)&request);
}

static int type_seen(int fd, int command, int64_t start, int64_t length) {
    struct linux_flock64 request = range(F_WRLCK, start, length);
    CHECK_EQUAL(sys_fcntl(fd, command, (uintptr_t)&request), 0);
    return request.type;
}

static void a_process_never_stands_in_its_own_way(void) {
    put("/f", "0123456789");
    int a = (int)opened("/f", O_RDWR), b = (int)opened("/f", O_RDWR);
    CHECK_EQUAL(lock(a, F_SETLK64, F_WRLCK, 0, 0), 0);
    CHECK_EQUAL(lock(b, F_SETLK64, F_WRLCK, 0, 0), 0);
    CHECK_EQUAL(type_seen(b, F_GETLK64, 0, 0), F_UNLCK);
    CHECK_EQUAL(type_seen(b, F_OFD_GETLK, 0, 0), F_WRLCK); // a description is another owner
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_RDLCK, 0, 1), -EAGAIN);
    CHECK_EQUAL(sys_close(a), 0); // the process's locks go with any close
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_RDLCK, 0, 1), 0);
}

static void who_asks_without_a_type_hears_of_its_own_locks(void) {
    put("/f", "0123456789");
    int a = (int)opened("/f", O_RDWR), b = (int)opened("/f", O_RDWR);
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_WRLCK, 10, 10), 0);
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_WRLCK, 20, 5), 0); // touches the first: one lock
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_RDLCK, 2, 3), 0);
    struct linux_flock64 mine = range(F_UNLCK, 5, 100), theirs = mine;
    CHECK_EQUAL(sys_fcntl(a, F_OFD_GETLK, (uintptr_t)&mine), 0);
    CHECK_EQUAL(mine.type, F_WRLCK);
    CHECK_EQUAL(mine.start, 10);
    CHECK_EQUAL(mine.length, 15);
    CHECK_EQUAL(mine.pid, -1);
    CHECK_EQUAL(sys_fcntl(b, F_OFD_GETLK, (uintptr_t)&theirs), 0);
    CHECK_EQUAL(theirs.type, F_UNLCK);
    CHECK_EQUAL(lock(a, F_GETLK64, F_UNLCK, 0, 0), -EINVAL);
}

static void descriptions_lock_each_other_out(void) {
    put("/f", "0123456789");
    int a = (int)opened("/f", O_RDWR), b = (int)opened("/f", O_RDWR);
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_UNLCK, 4, 2), 0); // split
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_WRLCK, 4, 2), 0);
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_RDLCK, 3, 1), -EAGAIN);
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_RDLCK, 6, 1), -EAGAIN);
    CHECK_EQUAL(lock(b, F_OFD_SETLKW, F_RDLCK, 6, 1), -EDEADLK);
    CHECK_EQUAL(lock(a, F_OFD_SETLK, F_RDLCK, 6, 0), 0); // downgraded, to the end
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_RDLCK, 100, 1), 0);
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_WRLCK, 100, 1), -EAGAIN);
    CHECK_EQUAL(sys_close(a), 0);
    CHECK_EQUAL(lock(b, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
}

static void wrong_locks_answer_as_on_linux(void) {
    put("/f", "0123456789");
    int a = (int)opened("/f", O_RDWR), reader = (int)opened("/f", O_RDONLY);
    CHECK_EQUAL(lock(reader, F_SETLK64, F_WRLCK, 0, 1), -EBADF);
    CHECK_EQUAL(lock(reader, F_SETLK64, F_RDLCK, 0, 1), 0);
    CHECK_EQUAL(lock(a, F_SETLK64, 7, 0, 1), -EINVAL);
    CHECK_EQUAL(lock(a, F_SETLK64, F_RDLCK, -1, 1), -EINVAL);
    CHECK_EQUAL(lock(a, F_SETLK64, F_RDLCK, INT64_MIN, -1), -EINVAL);
    CHECK_EQUAL(lock(a, F_SETLK64, F_RDLCK, 5, -6), -EINVAL);
    CHECK_EQUAL(lock(a, F_SETLK64, F_RDLCK, 5, -5), 0);
    CHECK_EQUAL(lock(a, F_SETLK64, F_RDLCK, INT64_MAX, 2), -EOVERFLOW);
    CHECK_EQUAL(sys_fcntl(a, F_SETLK64, 0), -EFAULT);
    struct linux_flock64 request = range(F_RDLCK, 0, 1);
    request.whence = 5;
    CHECK_EQUAL(sys_fcntl(a, F_SETLK64, (uintptr_t)&request), -EINVAL);
}

static void flock_is_of_the_description(void) {
    put("/f", "");
    int a = (int)opened("/f", O_RDONLY), b = (int)opened("/f", O_RDONLY), same = (int)sys_dup(a);
    CHECK_EQUAL(sys_flock(a, LOCK_SH), 0);
    CHECK_EQUAL(sys_flock(b, LOCK_SH | LOCK_NB), 0);
    CHECK_EQUAL(sys_flock(a, LOCK_EX | LOCK_NB), -EAGAIN);
    CHECK_EQUAL(sys_flock(b, LOCK_UN), 0);
    CHECK_EQUAL(sys_flock(same, LOCK_EX | LOCK_NB), 0);
    CHECK_EQUAL(sys_close(a), 0); // the copy keeps it
    CHECK_EQUAL(sys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN);
    CHECK_EQUAL(sys_flock(b, LOCK_SH), -EDEADLK); // nobody else could ever give it back
    CHECK_EQUAL(sys_close(same), 0);
    CHECK_EQUAL(sys_flock(b, LOCK_SH | LOCK_NB), 0);
    CHECK_EQUAL(sys_flock(b, 3), -EINVAL);
    CHECK_EQUAL(sys_flock(99, LOCK_SH), -EBADF);
}

static void sockets_have_names(void) {
    struct inode *made = NULL, *found = NULL;
    make_folder("/d");
    put("/f", "");
    CHECK_EQUAL(fs_socket_create("/d/s", &made), 0);
    CHECK_EQUAL(stat_of("/d/s").mode, S_IFSOCK | 0755);
    CHECK_EQUAL(fs_socket_create("/d/s", &found), -EEXIST);
    CHECK_EQUAL(fs_socket_create("/d/t/", &found), -ENOENT);
    CHECK_EQUAL(fs_socket_create("/none/s", &found), -ENOENT);
    make_link("d/s", "/l");
    CHECK_EQUAL(fs_socket_find("/l", &found), 0);
    CHECK(found == made);
    fs_socket_release(found);
    CHECK_EQUAL(fs_socket_find("/f", &found), -ECONNREFUSED);
    CHECK_EQUAL(fs_socket_find("/none", &found), -ENOENT);
    become(1000, 1000);
    CHECK_EQUAL(fs_socket_find("/d/s", &found), -EACCES);
    CHECK_EQUAL(fs_socket_create("/d/u", &found), -EACCES);
    become(0, 0);
    CHECK_EQUAL(remove_name("/d/s"), 0); // the socket keeps its inode
    CHECK_EQUAL(made->nlink, 0);
    fs_socket_release(made);
}

int main(void) {
    RUN(attributes_are_kept_and_listed);
    RUN(wrong_attributes_answer_as_on_linux);
    RUN(name_spaces_have_their_owners);
    RUN(attributes_go_with_the_file);
    RUN(a_process_never_stands_in_its_own_way);
    RUN(who_asks_without_a_type_hears_of_its_own_locks);
    RUN(descriptions_lock_each_other_out);
    RUN(wrong_locks_answer_as_on_linux);
    RUN(flock_is_of_the_description);
    RUN(sockets_have_names);
    return finish();
}
