// vfs/open.c, vfs/inode.c, sys/attributes.c: who may do what, and what a file says of itself.
#include "files.h"
#include "sys/attributes.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/names.h"
#include "sys/read_write.h"
#include "sys/size.h"
#include "sys/xattr.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/linux_file.h>

enum { ALICE = 1000, BOB = 1001, TEAM = 500 };

static long open_new(const char *path, uint32_t mode) {
    long fd = open_as(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    return fd < 0 ? fd : sys_close((int)fd);
}

static void a_shared_folder(uint32_t mode) {
    current->process->directories.umask = 0;
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "/s", 0777), 0);
    CHECK_EQUAL(sys_fchmodat2(AT_FDCWD, "/s", mode, 0), 0);
    become(ALICE, ALICE);
}

static void mode_bits_decide(void) {
    a_shared_folder(0777);
    CHECK_EQUAL(open_new("/s/private", 0600), 0);
    CHECK_EQUAL(open_new("/s/readable", 0644), 0);
    CHECK_EQUAL(open_new("/s/mine-not", 0077), 0);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "/s/closed", 0700), 0);
    CHECK_EQUAL(open_new("/s/closed/inner", 0666), 0);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "/s/blind", 0711), 0);
    CHECK_EQUAL(open_new("/s/blind/inner", 0666), 0);
    CHECK_EQUAL(may_open("/s/mine-not", O_RDONLY), -EACCES); // the owner's bits, not the others'
    become(BOB, BOB);
    CHECK_EQUAL(may_open("/s/private", O_RDONLY), -EACCES);
    CHECK_EQUAL(may_open("/s/readable", O_RDONLY), 0);
    CHECK_EQUAL(may_open("/s/readable", O_WRONLY), -EACCES);
    CHECK_EQUAL(may_open("/s/readable", O_RDONLY | O_TRUNC), -EACCES);
    CHECK_EQUAL(may_open("/s/closed/inner", O_RDONLY), -EACCES);
    CHECK_EQUAL(there("/s/closed/no"), -EACCES);
    CHECK_EQUAL(may_open("/s/blind/inner", O_RDWR), 0);
    CHECK_EQUAL(may_open("/s/blind", O_RDONLY), -EACCES);
    CHECK_EQUAL(sys_chdir("/s/closed"), -EACCES);
    CHECK_EQUAL(open_new("/new", 0644), -EACCES);
    CHECK_EQUAL(make_folder("/new"), -EACCES);
    CHECK_EQUAL(make_link("x", "/new"), -EACCES);
    CHECK_EQUAL(remove_folder("/s"), -EACCES);
    CHECK_EQUAL(move_name("/s/private", "/new"), -EACCES);
    CHECK_EQUAL(may_open("/s/private", O_PATH), 0);
    become(0, 0);
    CHECK_EQUAL(may_open("/s/private", O_RDWR), 0);
    CHECK_EQUAL(may_open("/s/closed/inner", O_RDWR), 0);
}

static void groups_count(void) {
    a_shared_folder(0777);
    CHECK_EQUAL(open_new("/s/team", 0640), 0);
    current->process->credentials.groups[0] = TEAM;
    current->process->credentials.group_count = 1;
    CHECK_EQUAL(sys_fchownat(AT_FDCWD, "/s/team", UINT32_MAX, TEAM, 0), 0);
    CHECK_EQUAL(sys_fchownat(AT_FDCWD, "/s/team", UINT32_MAX, BOB, 0), -EPERM);
    CHECK_EQUAL(sys_fchownat(AT_FDCWD, "/s/team", BOB, UINT32_MAX, 0), -EPERM);
    become(BOB, BOB);
    CHECK_EQUAL(may_open("/s/team", O_RDONLY), -EACCES);
    current->process->credentials.groups[0] = TEAM;
    current->process->credentials.group_count = 1;
    CHECK_EQUAL(may_open("/s/team", O_RDONLY), 0);
    CHECK_EQUAL(may_open("/s/team", O_WRONLY), -EACCES);
    CHECK_EQUAL(sys_fchmodat2(AT_FDCWD, "/s/team", 0666, 0), -EPERM);
}

static void in_a_sticky_folder_only_owners_remove(void) {
    a_shared_folder(01777);
    CHECK_EQUAL(open_new("/s/alice", 0666), 0);
    become(BOB, BOB);
    CHECK_EQUAL(open_new("/s/bob", 0666), 0);
    CHECK_EQUAL(remove_name("/s/alice"), -EPERM);
    CHECK_EQUAL(move_name("/s/alice", "/s/other"), -EPERM);
    CHECK_EQUAL(move_name("/s/bob", "/s/alice"), -EPERM);
    CHECK_EQUAL(rename_as("/s/bob", "/s/alice", RENAME_EXCHANGE), -EPERM);
    CHECK_EQUAL(move_name("/s/bob", "/s/bob2"), 0);
    CHECK_EQUAL(remove_name("/s/bob2"), 0);
    become(0, 0);
    CHECK_EQUAL(remove_name("/s/alice"), 0);
}

static void a_setgid_folder_gives_its_group(void) {
    become(0, TEAM);
    a_shared_folder(02777);
    CHECK_EQUAL(open_new("/s/file", 0644), 0);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "/s/folder", 0755), 0);
    CHECK_EQUAL(open_new("/s/program", 02755), 0);
    CHECK_EQUAL(stat_of("/s/file").gid, TEAM);
    CHECK_EQUAL(stat_of("/s/file").mode, S_IFREG | 0644);
    CHECK_EQUAL(stat_of("/s/folder").gid, TEAM);
    CHECK_EQUAL(stat_of("/s/folder").mode, S_IFDIR | 02755);
    CHECK_EQUAL(stat_of("/s/program").mode, S_IFREG | 0755); // not of that group: no setgid
}

static void privileges_go_when_owner_or_content_change(void) {
    current->process->directories.umask = 0;
    CHECK_EQUAL(open_new("/tool", 06755), 0);
    CHECK_EQUAL(open_new("/locked", 02644), 0);
    CHECK_EQUAL(stat_of("/tool").mode, S_IFREG | 06755);
    CHECK_EQUAL(sys_fchownat(AT_FDCWD, "/tool", ALICE, ALICE, 0), 0);
    CHECK_EQUAL(stat_of("/tool").mode, S_IFREG | 0755);
    CHECK_EQUAL(sys_fchmodat2(AT_FDCWD, "/tool", 06777, 0), 0);
    become(ALICE, ALICE);
    CHECK_EQUAL(put("/tool", "x"), 0);
    CHECK_EQUAL(stat_of("/tool").mode, S_IFREG | 0777);
    CHECK_EQUAL(sys_fchmodat2(AT_FDCWD, "/tool", 04777, 0), 0);
    CHECK_EQUAL(sys_truncate64("/tool", 0), 0);
    CHECK_EQUAL(stat_of("/tool").mode, S_IFREG | 0777);
}

static void the_umask_takes_bits_away(void) {
    CHECK_EQUAL(sys_umask(0027), 0022);
    CHECK_EQUAL(open_new("/a", 0666), 0);
    CHECK_EQUAL(stat_of("/a").mode, S_IFREG | 0640);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "/b", 0777), 0);
    CHECK_EQUAL(stat_of("/b").mode, S_IFDIR | 0750);
    CHECK_EQUAL(make_link("x", "/c"), 0);
    CHECK_EQUAL(stat_of("/c").mode, S_IFLNK | 0777);
    long fd = open_as("/d", O_RDWR | O_CREAT, 0); // may be written by who made it
    CHECK_EQUAL(sys_write((int)fd, "x", 1), 1);
}

static void access_asks_as_the_real_user(void) {
    a_shared_folder(0755);
    become(0, 0);
    put("/s/file", "");
    CHECK_EQUAL(sys_fchmodat2(AT_FDCWD, "/s/file", 0600, 0), 0);
    current->process->credentials.ruid = current->process->credentials.rgid = BOB;
    CHECK_EQUAL(sys_faccessat2(AT_FDCWD, "/s/file", 4, 0), -EACCES);
    CHECK_EQUAL(sys_faccessat2(AT_FDCWD, "/s/file", 0, 0), 0);
    CHECK_EQUAL(sys_faccessat2(AT_FDCWD, "/s/file", 4, AT_EACCESS), 0);
    CHECK_EQUAL(sys_faccessat2(AT_FDCWD, "/s/file", 1, AT_EACCESS), -EACCES); // nobody's program
    CHECK_EQUAL(sys_faccessat2(AT_FDCWD, "/s/file", 8, 0), -EINVAL);
    CHECK_EQUAL(current->process->credentials.fsuid, 0);
}

static void times_are_set_by_owners(void) {
    struct linux_timespec times[2] = {{.sec = -5, .nsec = 7}, {.sec = 1ll << 33}};
    struct linux_timespec now[2] = {{.nsec = UTIME_NOW}, {.nsec = UTIME_NOW}};
    put("/file", "");
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", times, 0), 0);
    CHECK_EQUAL(stat_of("/file").atime.sec, -5);
    CHECK_EQUAL(stat_of("/file").atime.nsec, 7);
    CHECK_EQUAL(stat_of("/file").mtime.sec, 1ll << 33);
    times[0].nsec = UTIME_OMIT;
    times[1].sec = 3;
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", times, 0), 0);
    CHECK_EQUAL(stat_of("/file").atime.sec, -5);
    CHECK_EQUAL(stat_of("/file").mtime.sec, 3);
    times[1].nsec = 1000000000;
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", times, 0), -EINVAL);
    times[1].nsec = 0;
    make_link("file", "/link");
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/link", times, AT_SYMLINK_NOFOLLOW), 0);
    CHECK_EQUAL(stat_of("/link").mtime.sec, 3);
    sys_fchmodat2(AT_FDCWD, "/file", 0666, 0);
    become(BOB, BOB);
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", times, 0), -EPERM);
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", now, 0), 0);
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", NULL, 0), 0);
    become(0, 0);
    sys_fchmodat2(AT_FDCWD, "/file", 0644, 0);
    become(BOB, BOB);
    CHECK_EQUAL(sys_utimensat(AT_FDCWD, "/file", NULL, 0), -EACCES);
}

static void open_flags_are_heeded(void) {
    make_folder("/d");
    put("/f", "text");
    make_link("f", "/l");
    make_link("d", "/ld");
    sys_mknodat(AT_FDCWD, "/sock", S_IFSOCK | 0666, 0);
    CHECK_EQUAL(open_as("/f", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
    CHECK_EQUAL(open_as("/l", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
    CHECK_EQUAL(may_open("/l", O_RDONLY | O_NOFOLLOW), -ELOOP);
    CHECK_EQUAL(may_open("/ld", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), -ENOTDIR);
    CHECK_EQUAL(may_open("/ld", O_RDONLY | O_DIRECTORY), 0);
    CHECK_EQUAL(may_open("/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
    CHECK_EQUAL(may_open("/f", O_PATH | O_DIRECTORY), -ENOTDIR);
    CHECK_EQUAL(may_open("/f", O_CREAT | O_DIRECTORY), -EINVAL);
    CHECK_EQUAL(may_open("/d", O_WRONLY), -EISDIR);
    CHECK_EQUAL(may_open("/d", O_RDONLY | O_CREAT), -EISDIR);
    CHECK_EQUAL(may_open("/d", O_RDONLY | O_TRUNC), -EISDIR);
    CHECK_EQUAL(may_open("/sock", O_RDWR), -ENXIO);
    CHECK(holds("/f", "text"));
    CHECK_EQUAL(may_open("/f", O_WRONLY | O_TRUNC), 0);
    CHECK(holds("/f", ""));
}

static void an_o_path_descriptor_only_names(void) {
    char byte;
    put("/f", "text");
    make_link("f", "/l");
    int fd = (int)opened("/f", O_PATH), link = (int)opened("/l", O_PATH | O_NOFOLLOW);
    CHECK_EQUAL(sys_read(fd, &byte, 1), -EBADF);
    CHECK_EQUAL(sys_write(fd, &byte, 1), -EBADF);
    CHECK_EQUAL(sys_lseek64(fd, 0, &(int64_t){0}, SEEK_SET), -EBADF);
    CHECK_EQUAL(sys_ftruncate64(fd, 0), -EBADF);
    CHECK_EQUAL(sys_fchmod(fd, 0600), -EBADF);
    CHECK_EQUAL(sys_fsync(fd), -EBADF);
    CHECK_EQUAL(sys_fgetxattr(fd, "user.x", &byte, 1), -EBADF);
    CHECK_EQUAL(sys_fcntl(fd, F_GETLK64, 0), -EBADF);
    CHECK_EQUAL(stat_fd(fd).size, 4);
    CHECK_EQUAL(stat_fd(link).mode, S_IFLNK | 0777);
    char target[8] = {0};
    CHECK_EQUAL(sys_readlinkat(link, "", target, 8), 1);
    CHECK_EQUAL(target[0], 'f');
    CHECK_EQUAL(sys_readlinkat(AT_FDCWD, "/f", target, 8), -EINVAL);
    CHECK_EQUAL(sys_readlinkat(AT_FDCWD, "/l", target, 0), -EINVAL);
}

static void nothing_is_made_without_a_descriptor_for_it(void) {
    current->process->limits[LINUX_RLIMIT_NOFILE].soft = 3;
    CHECK_EQUAL(open_as("/new", O_WRONLY | O_CREAT, 0644), -EMFILE);
    CHECK_EQUAL(there("/new"), -ENOENT);
    current->process->limits[LINUX_RLIMIT_NOFILE].soft = 1024;
}

static void unnamed_files_get_a_name_later(void) {
    char path[32] = "/proc/self/fd/0";
    make_folder("/d");
    long fd = open_as("/d", O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0 && fd < 10);
    CHECK_EQUAL(sys_write((int)fd, "unnamed", 7), 7);
    CHECK_EQUAL(stat_fd(fd).nlink, 0);
    CHECK_EQUAL(stat_of("/d").size, 40);
    path[14] = (char)('0' + fd);
    CHECK_EQUAL(sys_linkat(AT_FDCWD, path, AT_FDCWD, "/d/named", AT_SYMLINK_FOLLOW), 0);
    CHECK(holds("/d/named", "unnamed"));
    CHECK_EQUAL(stat_fd(fd).nlink, 1);
    CHECK_EQUAL(may_open("/d", O_TMPFILE | O_RDONLY), -EINVAL);
    CHECK_EQUAL(may_open("/d/named", O_TMPFILE | O_RDWR), -ENOTDIR);
}

int main(void) {
    RUN(mode_bits_decide);
    RUN(groups_count);
    RUN(in_a_sticky_folder_only_owners_remove);
    RUN(a_setgid_folder_gives_its_group);
    RUN(privileges_go_when_owner_or_content_change);
    RUN(the_umask_takes_bits_away);
    RUN(access_asks_as_the_real_user);
    RUN(times_are_set_by_owners);
    RUN(open_flags_are_heeded);
    RUN(an_o_path_descriptor_only_names);
    RUN(nothing_is_made_without_a_descriptor_for_it);
    RUN(unnamed_files_get_a_name_later);
    return finish();
}
