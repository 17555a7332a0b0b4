// hostfs*.c: host folders in the box, and attempts to get out of them.
#include "check.h"
#include "host_posix.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <boxer/linux_time.h>
#include <stdlib.h>
#include <string.h>

// A box over a fresh host folder: data, second and, not to be changed, fixed.
static void thaw(void) {
    host_folder();
    CHECK_EQUAL(
        on_host("mkdir data second fixed one read && echo one > one/file && "
                "echo beside > one/beside && echo read > read/file && echo inside > data/file && "
                "echo outside > secret && echo fixed > fixed/file"),
        0);
    host_preopen("data", "/data", 0);
    host_preopen("second", "second", 0);
    host_preopen("fixed", "/", 1);
    host_preopen("one", "file:/etc/app/conf.ini", 0);
    host_preopen("read", "file:conf", 1);
    kernel_thaw("/app");
}

static void end(void) {
    CHECK_EQUAL(host_output_size[2], 0);
    fd_close_from(3);
    CHECK_EQUAL(host_open_descriptors, 0);
    kernel_freeze();
    host_folder_end();
}

static long open_at(const char *path, unsigned flags) {
    return CALL(openat, AT_FDCWD, path, flags, 0644);
}

static long read_file(const char *path, char *buffer, size_t size) {
    memset(buffer, 0, size);
    long fd = open_at(path, O_RDONLY);
    if (fd < 0)
        return fd;
    long result = CALL(read, fd, buffer, size - 1);
    CALL(close, fd);
    return result;
}

static int reads(const char *path, const char *expected) {
    char got[128];
    long result = read_file(path, got, sizeof got);
    if (result < 0 || strcmp(got, expected) != 0)
        printf("%s: %ld, %s\n", path, result, got);
    return result >= 0 && strcmp(got, expected) == 0;
}

static long write_file(const char *path, unsigned flags, const char *content) {
    long fd = open_at(path, O_WRONLY | flags);
    if (fd < 0)
        return fd;
    long result = CALL(write, fd, content, strlen(content));
    CALL(close, fd);
    return result;
}

static struct linux_statx status(const char *path) {
    struct linux_statx stat = {0};
    CHECK_EQUAL(CALL(statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat), 0);
    return stat;
}

static void a_file_is_mounted_without_its_folder(void) {
    thaw();
    CHECK(reads("/etc/app/conf.ini", "one\n"));
    CHECK(reads("/app/conf", "read\n"));
    CHECK_EQUAL(open_at("/etc/app/beside", O_RDONLY), -ENOENT);
    CHECK_EQUAL(open_at("/etc/app/conf.ini/beside", O_RDONLY), -ENOTDIR);
    CHECK_EQUAL(open_at("/etc/app/conf.ini/../beside", O_RDONLY), -ENOTDIR);
    CHECK_EQUAL(write_file("/etc/app/conf.ini", O_TRUNC, "new"), 3);
    CHECK_EQUAL(on_host("test $(cat one/file) = new"), 0);
    CHECK_EQUAL(write_file("/app/conf", 0, "x"), -EROFS);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/etc/app/conf.ini", 0), -EBUSY);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/etc/app/conf.ini", AT_FDCWD, "/etc/app/x", 0), -EBUSY);
    CHECK_EQUAL(write_file("/etc/app/x", O_CREAT, "x"), 1); // its folder is the box's
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/etc/app/x", AT_FDCWD, "/etc/app/conf.ini", 0), -EBUSY);
    CHECK_EQUAL(status("/etc/app/conf.ini").size, 3);
    CHECK_EQUAL(on_host("rm one/file"), 0); // the host takes it away
    CHECK_EQUAL(open_at("/etc/app/conf.ini", O_RDONLY), -ENOENT);
    end();
}

static void folders_are_mounted_at_their_names(void) {
    thaw();
    char mounts[512];
    CHECK(reads("/data/file", "inside\n"));
    CHECK(reads("/host/file", "fixed\n"));
    CHECK_EQUAL(write_file("/app/second/new", O_CREAT, "x"), 1);
    CHECK_EQUAL(on_host("test -e second/new"), 0);
    CHECK(read_file("/proc/mounts", mounts, sizeof mounts) > 0);
    CHECK(strstr(mounts, "host /data hostfs rw,relatime 0 0\n") != NULL);
    CHECK(strstr(mounts, "host /host hostfs ro,relatime 0 0\n") != NULL);
    end();
}

static void the_working_directory_may_be_a_host_folder(void) {
    host_folder();
    CHECK_EQUAL(on_host("echo here > file"), 0);
    host_preopen(".", ".", 0);
    CALL(mkdirat, AT_FDCWD, "/app", 0755);
    CALL(chdir, "/app");
    kernel_thaw("/app");
    CHECK(reads("file", "here\n"));
    CHECK(reads("/app/file", "here\n"));
    end();
}

static void a_folder_that_cannot_be_mounted_is_told(void) {
    host_folder();
    CHECK_EQUAL(CALL(openat, AT_FDCWD, "/file", O_CREAT | O_WRONLY, 0644), 3);
    host_preopen(".", "/file", 0);
    host_preopen(".", "file:/none", 0);
    kernel_thaw("/");
    CHECK_EQUAL(strncmp(host_output[2],
                        "box: the host folder /file cannot be mounted\n"
                        "box: the host file /none cannot be mounted\n",
                        88),
                0);
    host_output_size[2] = 0;
    end();
}

static void files_are_written_and_read(void) {
    char buffer[64] = {0};
    thaw();
    long fd = open_at("/data/new", O_RDWR | O_CREAT | O_EXCL);
    CHECK_EQUAL(CALL(write, fd, "0123456789", 10), 10);
    CHECK_EQUAL(CALL(pwrite64, fd, "ab", 2, 3, 0), 2);
    CHECK_EQUAL(CALL(pread64, fd, buffer, 64, 2, 0), 8);
    CHECK_EQUAL(strcmp(buffer, "2ab56789"), 0);
    CHECK_EQUAL(CALL(ftruncate64, fd, 4, 0), 0);
    CHECK_EQUAL(CALL(fsync, fd), 0);
    CHECK_EQUAL(on_host("test \"$(cat data/new)\" = 012a"), 0);
    CHECK_EQUAL(open_at("/data/new", O_CREAT | O_EXCL | O_WRONLY), -EEXIST);
    CHECK_EQUAL(write_file("/data/new", O_APPEND, "++"), 2);
    CHECK(reads("/data/new", "012a++"));
    CHECK_EQUAL(write_file("/data/new", O_TRUNC, "-"), 1);
    CHECK(reads("/data/new", "-"));
    CHECK_EQUAL(CALL(truncate64, "/data/new", 3, 0), 0);
    CHECK_EQUAL(status("/data/new").size, 3);
    CHECK_EQUAL(open_at("/data/missing", O_RDONLY), -ENOENT);
    CHECK_EQUAL(open_at("/data/file/x", O_RDONLY), -ENOTDIR);
    CHECK_EQUAL(open_at("/data", O_WRONLY), -EISDIR);
    end();
}

static void positions_are_the_descriptions_own(void) {
    int64_t at;
    thaw();
    long fd = open_at("/data/file", O_RDWR);
    CHECK_EQUAL(CALL(_llseek, fd, 0, 0, &at, SEEK_END), 0);
    CHECK_EQUAL(at, 7);
    CHECK_EQUAL(CALL(_llseek, fd, 0, 2, &at, SEEK_HOLE), 0);
    CHECK_EQUAL(at, 7);
    CHECK_EQUAL(CALL(_llseek, fd, 0, 2, &at, SEEK_DATA), 0);
    CHECK_EQUAL(at, 2);
    CHECK_EQUAL(CALL(_llseek, fd, 0, 7, &at, SEEK_DATA), -ENXIO);
    CHECK_EQUAL(CALL(_llseek, fd, -1, -1, &at, SEEK_SET), -EINVAL);
    end();
}

static void names_are_made_moved_and_removed(void) {
    char buffer[64] = {0};
    thaw();
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/data/sub", 0700), 0);
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/data/sub", 0700), -EEXIST);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/data/file", AT_FDCWD, "/data/sub/moved", 0), 0);
    CHECK_EQUAL(on_host("test -e data/sub/moved -a ! -e data/file"), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/sub", AT_REMOVEDIR), -ENOTEMPTY);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/sub", 0), -EISDIR);
    CHECK_EQUAL(CALL(linkat, AT_FDCWD, "/data/sub/moved", AT_FDCWD, "/data/link", 0), 0);
    CHECK_EQUAL(status("/data/link").nlink, 2);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/sub/moved", 0), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/sub", AT_REMOVEDIR), 0);
    CHECK_EQUAL(CALL(symlinkat, "link", AT_FDCWD, "/data/soft"), 0);
    CHECK_EQUAL(CALL(readlinkat, AT_FDCWD, "/data/soft", buffer, 64), 4);
    CHECK(reads("/data/soft", "inside\n"));
    CHECK_EQUAL(CALL(mknodat, AT_FDCWD, "/data/fifo", S_IFIFO | 0600, 0), -EPERM);
    CHECK_EQUAL(on_host("test \"$(ls data | tr '\\n' ' ')\" = 'link soft '"), 0);
    end();
}

static void other_mounts_are_other_devices(void) {
    thaw();
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/data/file", AT_FDCWD, "/app/second/x", 0), -EXDEV);
    CHECK_EQUAL(CALL(linkat, AT_FDCWD, "/data/file", AT_FDCWD, "/app/second/x", 0), -EXDEV);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/data/file", AT_FDCWD, "/tmpfile", 0), -EXDEV);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/data", AT_FDCWD, "/elsewhere", 0), -EBUSY);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data", AT_REMOVEDIR), -EBUSY);
    CHECK(status("/data").dev_minor != status("/app/second").dev_minor);
    end();
}

static void owner_and_mode_are_shown_and_kept(void) {
    thaw();
    current->process->credentials.fsuid = current->process->credentials.euid = 1000;
    current->process->credentials.fsgid = current->process->credentials.egid = 1001;
    struct linux_statx file = status("/data/file"), folder = status("/data");
    CHECK_EQUAL(file.mode, S_IFREG | 0644);
    CHECK_EQUAL(folder.mode, S_IFDIR | 0755);
    CHECK_EQUAL(file.uid, 1000);
    CHECK_EQUAL(folder.gid, 1001);
    CHECK_EQUAL(write_file("/data/mine", O_CREAT, "x"), 1);
    CHECK_EQUAL(CALL(fchmodat2, AT_FDCWD, "/data/file", 0600, 0), -EPERM);
    CHECK_EQUAL(CALL(fchmodat2, AT_FDCWD, "/data/file", 0644, 0), 0);
    current->process->credentials.fsuid = current->process->credentials.euid = 0;
    CHECK_EQUAL(CALL(fchownat, AT_FDCWD, "/data/file", 5, 5, 0), -EPERM);
    end();
}

static void a_host_that_knows_modes_is_asked(void) {
    host_knows_modes = 1;
    thaw();
    CHECK_EQUAL(on_host("chmod 0640 data/file"), 0);
    CHECK_EQUAL(status("/data/file").mode, S_IFREG | 0640);
    CHECK_EQUAL(CALL(fchmodat2, AT_FDCWD, "/data/file", 0755, 0), 0);
    CHECK_EQUAL(status("/data/file").mode, S_IFREG | 0755);
    CHECK_EQUAL(on_host("test $(stat -c %a data/file) = 755"), 0);
    long fd = CALL(openat, AT_FDCWD, "/data/mine", O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK_EQUAL(CALL(fchmod, fd, 0444), 0);
    CHECK_EQUAL(CALL(close, fd), 0);
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/data/private", 0700), 0);
    CHECK_EQUAL(write_file("/data/common", O_CREAT, "x"), 1);
    CHECK_EQUAL(on_host("cd data; test $(stat -c %a mine) = 444 && test $(stat -c %a private) = "
                        "700 && test $(stat -c %a common) = 644"),
                0);
    CHECK_EQUAL(CALL(fchmodat2, AT_FDCWD, "/host/file", 0600, 0), -EROFS);
    end();
    host_knows_modes = 0;
}

static void times_are_the_hosts(void) {
    struct linux_timespec times[2] = {{.sec = 1000, .nsec = 5}, {.sec = 2000, .nsec = 6}};
    thaw();
    CHECK_EQUAL(CALL(utimensat_time64, AT_FDCWD, "/data/file", times, 0), 0);
    CHECK_EQUAL(on_host("test \"$(stat -c '%X %Y' data/file)\" = '1000 2000'"), 0);
    CHECK_EQUAL(status("/data/file").mtime.nsec, 6);
    times[0].nsec = UTIME_OMIT;
    times[1].sec = 3000;
    CHECK_EQUAL(CALL(utimensat_time64, AT_FDCWD, "/data/file", times, 0), 0);
    CHECK_EQUAL(status("/data/file").atime.sec, 1000);
    CHECK_EQUAL(status("/data/file").mtime.sec, 3000);
    end();
}

// Every name of the folder, one behind the other; removes each file as it comes when asked to.
static long list(long fd, char *names, int removing) {
    char buffer[96];
    long count = 0, size;
    names[0] = 0;
    while ((size = CALL(getdents64, fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < size; count++) {
            struct linux_dirent64 *entry = (void *)(buffer + at);
            strcat(strcat(names, entry->name), " ");
            if (removing && entry->name[0] != '.')
                CHECK_EQUAL(CALL(unlinkat, fd, entry->name, 0), 0);
            at += entry->reclen;
        }
    return size < 0 ? size : count;
}

static void listings_are_whole(void) {
    char names[4096];
    thaw();
    CHECK_EQUAL(on_host("cd data && for i in $(seq 100 130); do : > entry$i; done"), 0);
    long fd = open_at("/data", O_RDONLY | O_DIRECTORY);
    CHECK_EQUAL(list(fd, names, 0), 34);
    CHECK_EQUAL(strncmp(names, ". .. ", 5), 0);
    CHECK(strstr(names, "entry130 ") && strstr(names, "file "));
    CHECK_EQUAL(list(fd, names, 0), 0);
    int64_t at;
    CHECK_EQUAL(on_host(": > data/later"), 0);
    CHECK_EQUAL(CALL(_llseek, fd, 0, 0, &at, SEEK_SET), 0);
    CHECK_EQUAL(list(fd, names, 1), 35);
    CHECK_EQUAL(on_host("test -z \"$(ls data)\""), 0);
    char little[8];
    CHECK_EQUAL(CALL(_llseek, fd, 0, 0, &at, SEEK_SET), 0);
    CHECK_EQUAL(CALL(getdents64, fd, little, sizeof little), -EINVAL);
    end();
}

static void read_only_folders_stay_as_they_are(void) {
    thaw();
    struct linux_timespec times[2] = {{.sec = 1}, {.sec = 2}};
    const struct row rows[] = {
        {"create", NR_openat, {AT_FDCWD, (long)"/host/new", O_CREAT | O_WRONLY, 0644}, -EROFS},
        {"write", NR_openat, {AT_FDCWD, (long)"/host/file", O_WRONLY}, -EROFS},
        {"mkdir", NR_mkdirat, {AT_FDCWD, (long)"/host/new", 0755}, -EROFS},
        {"unlink", NR_unlinkat, {AT_FDCWD, (long)"/host/file", 0}, -EROFS},
        {"symlink", NR_symlinkat, {(long)"x", AT_FDCWD, (long)"/host/new"}, -EROFS},
        {"truncate", NR_truncate64, {(long)"/host/file", 0, 0}, -EROFS},
        {"chmod", NR_fchmodat2, {AT_FDCWD, (long)"/host/file", 0600, 0}, -EROFS},
        {"utimes", NR_utimensat_time64, {AT_FDCWD, (long)"/host/file", (long)times, 0}, -EROFS},
        {"rename",
         NR_renameat2,
         {AT_FDCWD, (long)"/host/file", AT_FDCWD, (long)"/host/new", 0},
         -EROFS},
        {"access", NR_faccessat2, {AT_FDCWD, (long)"/host/file", MAY_WRITE, 0}, -EROFS},
    };
    RUN_ROWS(rows);
    CHECK(reads("/host/file", "fixed\n"));
    CHECK_EQUAL(on_host("test \"$(ls fixed)\" = file"), 0);
    end();
}

static void no_path_leads_out(void) {
    thaw();
    CHECK_EQUAL(on_host("ln -s ../secret data/up && ln -s ../../../secret data/far && "
                        "ln -s \"$PWD/secret\" data/absolute && ln -s / data/root && "
                        "ln -s .. data/parent && mkdir data/sub"),
                0);
    const char *const paths[] = {
        "/data/../secret",        "/data/up",          "/data/far",
        "/data/absolute",         "/data/root/secret", "/data/parent/secret",
        "/data/sub/../../secret", "/data/sub/../up"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_EQUAL(open_at(paths[i], O_RDONLY), -ENOENT);
    long folder = open_at("/data", O_RDONLY | O_DIRECTORY);
    CHECK_EQUAL(CALL(openat, folder, "../secret", O_RDONLY), -ENOENT);
    CHECK_EQUAL(CALL(openat, folder, "up", O_RDONLY), -ENOENT);
    CHECK_EQUAL(CALL(chdir, "/data/sub"), 0);
    CHECK_EQUAL(open_at("../../secret", O_RDONLY), -ENOENT);
    // What the links name is looked for in the box's own tree.
    CHECK_EQUAL(write_file("/secret", O_CREAT, "the box's"), 9);
    CHECK(reads("/data/up", "the box's"));
    CHECK(reads("/data/root/secret", "the box's"));
    CHECK(reads("/data/parent/secret", "the box's"));
    CHECK_EQUAL(write_file("/data/up", O_TRUNC, "changed"), 7);
    CHECK_EQUAL(on_host("test \"$(cat secret)\" = outside"), 0);
    end();
}

static void links_that_the_host_swaps_in_are_not_followed(void) {
    char buffer[64];
    thaw();
    CHECK_EQUAL(on_host("mkdir data/sub hidden && echo inside > data/sub/file && "
                        "echo outside > hidden/file"),
                0);
    long folder = open_at("/data/sub", O_RDONLY | O_DIRECTORY);
    long file = open_at("/data/file", O_RDONLY);
    CHECK_EQUAL(on_host("mv data/sub data/old && ln -s ../hidden data/sub && "
                        "rm data/file && ln -s ../secret data/file"),
                0);
    CHECK(CALL(openat, folder, "file", O_RDONLY) < 0);
    CHECK(CALL(openat, folder, "new", O_CREAT | O_WRONLY, 0644) < 0);
    CHECK(CALL(mkdirat, folder, "new", 0755) < 0);
    CHECK(CALL(getdents64, folder, buffer, sizeof buffer) < 24 * 3); // "." and ".." at most
    CHECK(open_at("/data/file", O_RDONLY) < 0);
    CHECK_EQUAL(CALL(read, file, buffer, 64), 7); // what was opened stays open
    CHECK_EQUAL(memcmp(buffer, "inside\n", 7), 0);
    CHECK_EQUAL(on_host("test \"$(ls hidden)\" = file"), 0);
    end();
}

static void what_the_host_changes_is_seen(void) {
    thaw();
    long file = open_at("/data/file", O_RDONLY);
    CHECK_EQUAL(on_host("rm data/file"), 0);
    struct linux_statx stat;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "/data/file", 0, STATX_BASIC_STATS, &stat), -ENOENT);
    CHECK_EQUAL(on_host("mkdir data/file"), 0);
    CHECK_EQUAL(status("/data/file").mode, S_IFDIR | 0755);
    CHECK_EQUAL(CALL(statx, file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat), 0);
    CHECK_EQUAL(stat.nlink, 0);
    end();
}

static void open_files_outlive_their_names(void) {
    char buffer[16];
    thaw();
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/data/sub", 0755), 0);
    CHECK_EQUAL(write_file("/data/sub/file", O_CREAT, "content"), 7);
    long fd = open_at("/data/sub/file", O_RDWR), folder = open_at("/data/sub", O_RDONLY);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "/data/sub", AT_FDCWD, "/data/other", 0), 0);
    CHECK_EQUAL(CALL(openat, folder, "file", O_RDONLY), 5);
    struct linux_statx stat;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "/data/other/file", 0, STATX_BASIC_STATS, &stat), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/other/file", 0), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "/data/other", AT_REMOVEDIR), 0);
    CHECK_EQUAL(CALL(read, fd, buffer, 16), 7);
    CHECK_EQUAL(CALL(write, fd, "!", 1), 1);
    CHECK_EQUAL(CALL(openat, folder, "file", O_CREAT | O_WRONLY, 0644), -ENOENT);
    end();
}

static void every_refused_allocation_is_survived(void) {
    char names[512];
    thaw();
    CHECK_EQUAL(on_host("mkdir data/sub && ln -s sub data/soft"), 0);
    for (uint64_t nth = 1; nth <= 60; nth++) {
        int open_before = host_open_descriptors;
        memory_fail_at(nth);
        long fd = open_at("/data/soft/../file", O_RDWR);
        long folder = open_at("/data", O_RDONLY | O_DIRECTORY);
        if (folder >= 0)
            list(folder, names, 0);
        long made = CALL(mkdirat, AT_FDCWD, "/data/sub/made", 0755);
        long moved = CALL(renameat2, AT_FDCWD, "/data/sub", AT_FDCWD, "/data/sub2", 0);
        memory_fail_at(0);
        if (fd >= 0)
            CALL(close, fd);
        if (folder >= 0)
            CALL(close, folder);
        CHECK(fd >= 0 || fd == -ENOMEM);
        CHECK(made == 0 || made == -ENOMEM || made == -ENOSPC || made == -EEXIST);
        CHECK(moved == 0 || moved == -ENOMEM);
        on_host("rm -rf data/sub data/sub2 && mkdir data/sub");
        CHECK_EQUAL(host_open_descriptors, open_before);
    }
    end();
}

int main(void) {
    RUN(folders_are_mounted_at_their_names);
    RUN(a_file_is_mounted_without_its_folder);
    RUN(the_working_directory_may_be_a_host_folder);
    RUN(a_folder_that_cannot_be_mounted_is_told);
    RUN(files_are_written_and_read);
    RUN(positions_are_the_descriptions_own);
    RUN(names_are_made_moved_and_removed);
    RUN(other_mounts_are_other_devices);
    RUN(owner_and_mode_are_shown_and_kept);
    RUN(a_host_that_knows_modes_is_asked);
    RUN(times_are_the_hosts);
    RUN(listings_are_whole);
    RUN(read_only_folders_stay_as_they_are);
    RUN(no_path_leads_out);
    RUN(links_that_the_host_swaps_in_are_not_followed);
    RUN(what_the_host_changes_is_seen);
    RUN(open_files_outlive_their_names);
    RUN(every_refused_allocation_is_survived);
    return finish();
}
