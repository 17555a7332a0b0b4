// vfs/path.c, vfs/directory.c, sys/names.c, sys/rename.c: names, links, folders.
#include "files.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/names.h"
#include "sys/open.h"
#include "sys/read_write.h"
#include "vfs/inode.h"

#include <boxer/linux_file.h>

static void a_folder_to_play_in(void) {
    CHECK_EQUAL(make_folder("/p"), 0);
    CHECK_EQUAL(sys_chdir("/p"), 0);
    CHECK_EQUAL(make_folder("d"), 0);
    CHECK_EQUAL(put("f", "f"), 0);
    CHECK_EQUAL(make_link("d", "to-d"), 0);
    CHECK_EQUAL(make_link("nowhere", "dangling"), 0);
    CHECK_EQUAL(make_link("loop", "loop"), 0);
}

static void wrong_paths_answer_as_on_linux(void) {
    static char name[NAME_MAX + 2], path[PATH_MAX + 1];
    a_folder_to_play_in();
    CHECK_EQUAL(there(""), -ENOENT);
    CHECK_EQUAL(there("no"), -ENOENT);
    CHECK_EQUAL(there("no/f"), -ENOENT);
    CHECK_EQUAL(there("f/x"), -ENOTDIR);
    CHECK_EQUAL(there("f/"), -ENOTDIR);
    CHECK_EQUAL(there("f/."), -ENOTDIR);
    CHECK_EQUAL(there("f/.."), -ENOTDIR);
    CHECK_EQUAL(there("d/../f"), 0);
    CHECK_EQUAL(there("/../../p//./d///"), 0);
    CHECK_EQUAL(there("dangling"), 0);
    CHECK_EQUAL(there("dangling/"), -ENOENT);
    CHECK_EQUAL(may_open("dangling", O_RDONLY), -ENOENT);
    CHECK_EQUAL(may_open("loop", O_RDONLY), -ELOOP);
    CHECK_EQUAL(there("loop/x"), -ELOOP);
    memset(name, 'n', NAME_MAX + 1);
    CHECK_EQUAL(there(name), -ENAMETOOLONG);
    name[NAME_MAX] = 0;
    CHECK_EQUAL(put(name, ""), 0);
    for (int i = 0; i < (int)PATH_MAX; i++)
        path[i] = '/';
    CHECK_EQUAL(there(path), -ENAMETOOLONG);
    path[PATH_MAX - 1] = 0;
    CHECK_EQUAL(there(path), 0);
    CHECK_EQUAL(there(NULL), -EFAULT);
    CHECK_EQUAL(sys_openat(99, "f", O_RDONLY, 0), -EBADF);
    CHECK_EQUAL(sys_openat((int)opened("f", O_RDONLY), "f", O_RDONLY, 0), -ENOTDIR);
    CHECK_EQUAL(sys_openat(1, "f", O_RDONLY, 0), -ENOTDIR);
}

static void forty_links_are_followed_and_no_more(void) {
    char from[8] = "l00", to[8];
    CHECK_EQUAL(put("/end", "end"), 0);
    CHECK_EQUAL(make_link("end", "/l00"), 0);
    for (int i = 1; i <= 40; i++) {
        memcpy(to, from, sizeof to);
        from[1] = (char)('0' + i / 10);
        from[2] = (char)('0' + i % 10);
        CHECK_EQUAL(sys_symlinkat(to, AT_FDCWD, from), 0);
    }
    CHECK_EQUAL(may_open("/l39", O_RDONLY), 0);
    CHECK_EQUAL(may_open("/l40", O_RDONLY), -ELOOP);
}

static void slashes_behind_names_ask_for_folders(void) {
    a_folder_to_play_in();
    CHECK_EQUAL(may_open("new/", O_WRONLY | O_CREAT), -EISDIR);
    CHECK_EQUAL(may_open("d/", O_WRONLY | O_CREAT), -EISDIR);
    CHECK_EQUAL(may_open("to-d/", O_RDONLY | O_NOFOLLOW), 0);
    CHECK_EQUAL(remove_name("f/"), -ENOTDIR);
    CHECK_EQUAL(remove_name("to-d/"), -ENOTDIR);
    CHECK_EQUAL(remove_folder("to-d/"), -ENOTDIR);
    CHECK_EQUAL(there("d"), 0);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "new/", 0755), 0);
    CHECK_EQUAL(sys_mkdirat(AT_FDCWD, "dangling/", 0755), -EEXIST);
    CHECK_EQUAL(make_link("x", "other/"), -ENOENT);
    CHECK_EQUAL(hard_link("f", "other/"), -ENOENT);
    CHECK_EQUAL(hard_link("f/", "other"), -ENOTDIR);
    CHECK_EQUAL(sys_mknodat(AT_FDCWD, "node/", S_IFIFO | 0600, 0), -ENOENT);
    CHECK_EQUAL(move_name("f", "g/"), -ENOTDIR);
    CHECK_EQUAL(move_name("f/", "g"), -ENOTDIR);
    CHECK_EQUAL(move_name("to-d/", "g"), -ENOTDIR);
    CHECK_EQUAL(move_name("d/", "g/"), 0);
}

static void making_what_is_there_or_cannot_be(void) {
    a_folder_to_play_in();
    CHECK_EQUAL(make_folder("f"), -EEXIST);
    CHECK_EQUAL(make_folder("/"), -EEXIST);
    CHECK_EQUAL(make_folder("d/."), -EEXIST);
    CHECK_EQUAL(make_folder("no/d"), -ENOENT);
    CHECK_EQUAL(make_folder("f/d"), -ENOTDIR);
    CHECK_EQUAL(make_link("x", "dangling"), -EEXIST);
    CHECK_EQUAL(make_link("", "empty"), -ENOENT);
    CHECK_EQUAL(hard_link("d", "e"), -EPERM);
    CHECK_EQUAL(hard_link("f", "d"), -EEXIST);
    CHECK_EQUAL(hard_link("f", "/dev/f"), -EXDEV);
    CHECK_EQUAL(sys_mknodat(AT_FDCWD, "x", S_IFDIR | 0700, 0), -EPERM);
    CHECK_EQUAL(sys_mknodat(AT_FDCWD, "x", S_IFLNK | 0700, 0), -EINVAL);
    CHECK_EQUAL(sys_mknodat(AT_FDCWD, "fifo", S_IFIFO | 0600, 0), 0);
    CHECK_EQUAL(stat_of("fifo").mode, S_IFIFO | 0600);
    CHECK_EQUAL(put("dangling", "made"), 0); // through the link
    CHECK(holds("nowhere", "made"));
}

static void links_are_counted(void) {
    a_folder_to_play_in();
    CHECK_EQUAL(stat_of("d").nlink, 2);
    CHECK_EQUAL(make_folder("d/e"), 0);
    CHECK_EQUAL(stat_of("d").nlink, 3);
    CHECK_EQUAL(stat_of("d").size, 60);
    CHECK_EQUAL(move_name("d/e", "e"), 0);
    CHECK_EQUAL(stat_of("d").nlink, 2);
    CHECK_EQUAL(stat_of("d").size, 40);
    CHECK_EQUAL(hard_link("f", "g"), 0);
    CHECK_EQUAL(stat_of("g").nlink, 2);
    CHECK_EQUAL(stat_of("g").ino, stat_of("f").ino);
    CHECK_EQUAL(remove_name("f"), 0);
    CHECK_EQUAL(stat_of("g").nlink, 1);
    CHECK_EQUAL(hard_link("dangling", "link-of-link"), 0); // the link itself
    CHECK_EQUAL(stat_of("link-of-link").mode, S_IFLNK | 0777);
    CHECK_EQUAL(sys_linkat(AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW), -ENOENT);
}

static void removing_what_may_not_go(void) {
    a_folder_to_play_in();
    CHECK_EQUAL(make_folder("d/e"), 0);
    CHECK_EQUAL(remove_name("d"), -EISDIR);
    CHECK_EQUAL(remove_name("no"), -ENOENT);
    CHECK_EQUAL(remove_folder("f"), -ENOTDIR);
    CHECK_EQUAL(remove_folder("d"), -ENOTEMPTY);
    CHECK_EQUAL(remove_folder("d/e/."), -EINVAL);
    CHECK_EQUAL(remove_folder("d/e/.."), -ENOTEMPTY);
    CHECK_EQUAL(remove_folder("/"), -EBUSY);
    CHECK_EQUAL(remove_folder("/dev"), -EBUSY);
    CHECK_EQUAL(sys_unlinkat(AT_FDCWD, "f", 1), -EINVAL);
    CHECK_EQUAL(remove_name("dangling"), 0);
    CHECK_EQUAL(remove_folder("d/e"), 0);
}

// What a rename of each kind onto each kind answers; the tree is as before when it is an error.
static void renames_onto_everything(void) {
    static const struct {
        const char *from, *to;
        unsigned flags;
        long expected;
    } rows[] = {
        {"/r/file", "/r/new", 0, 0},
        {"/r/file", "/r/file", 0, 0},
        {"/r/file", "/r/same", 0, 0}, // a link of it: nothing happens
        {"/r/file", "/r/other", 0, 0},
        {"/r/file", "/r/link", 0, 0},
        {"/r/file", "/r/empty", 0, -EISDIR},
        {"/r/file", "/r/full", 0, -EISDIR},
        {"/r/empty", "/r/new", 0, 0},
        {"/r/empty", "/r/file", 0, -ENOTDIR},
        {"/r/empty", "/r/link", 0, -ENOTDIR},
        {"/r/empty", "/r/full", 0, -ENOTEMPTY},
        {"/r/full", "/r/empty", 0, 0},
        {"/r/full", "/r/full/sub", 0, -EINVAL},
        {"/r/full", "/r/full/new", 0, -EINVAL},
        {"/r/full/sub", "/r/full", 0, -ENOTEMPTY},
        {"/r/link", "/r/new", 0, 0},
        {"/r/link", "/r/file", 0, 0},
        {"/r/none", "/r/new", 0, -ENOENT},
        {"/r/none", "/r/file", 0, -ENOENT},
        {"/r/file", "/r/none/new", 0, -ENOENT},
        {"/r/file", "/r/other/new", 0, -ENOTDIR},
        {"/r/.", "/r/new", 0, -EBUSY},
        {"/r/file", "/r/full/..", 0, -EBUSY},
        {"/", "/r/new", 0, -EBUSY},
        {"/dev", "/r/new", 0, -EBUSY},
        {"/r/file", "/dev/new", 0, -EXDEV},
        {"/r/file", "/r/new", RENAME_NOREPLACE, 0},
        {"/r/file", "/r/other", RENAME_NOREPLACE, -EEXIST},
        {"/r/file", "/r/file", RENAME_NOREPLACE, -EEXIST},
        {"/r/file", "/r/full", RENAME_EXCHANGE, 0},
        {"/r/file", "/r/new", RENAME_EXCHANGE, -ENOENT},
        {"/r/full", "/r/full/sub", RENAME_EXCHANGE, -EINVAL},
        {"/r/full/sub", "/r/full", RENAME_EXCHANGE, -EINVAL},
        {"/r/file", "/r/other", RENAME_EXCHANGE | RENAME_NOREPLACE, -EINVAL},
        {"/r/file", "/r/other", 8, -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_folder("/r");
        put("/r/file", "file");
        hard_link("/r/file", "/r/same");
        put("/r/other", "other");
        make_link("file", "/r/link");
        make_folder("/r/empty");
        make_folder("/r/full");
        make_folder("/r/full/sub");
        long got = rename_as(rows[i].from, rows[i].to, rows[i].flags);
        if (got != rows[i].expected)
            printf("%s to %s:\n", rows[i].from, rows[i].to);
        CHECK_EQUAL(got, rows[i].expected);
        if (got < 0) {
            CHECK(holds("/r/file", "file") && holds("/r/other", "other"));
            CHECK_EQUAL(there("/r/new"), -ENOENT);
            CHECK_EQUAL(there("/r/full/sub"), 0);
            CHECK_EQUAL(stat_of("/r").nlink, 4);
            CHECK_EQUAL(stat_of("/r").size, 40 + 6 * 20);
        }
        const char *const files[] = {"file", "same", "other", "link", "new", "full", "empty"};
        char path[32] = "/r/";
        for (size_t f = 0; f < 7; f++)
            strcpy(path + 3, files[f]), remove_name(path);
        const char *const folders[] = {"full/sub", "file/sub", "empty/sub", "file",
                                       "full",     "empty",    "new"};
        for (size_t f = 0; f < 7; f++)
            strcpy(path + 3, folders[f]), remove_folder(path);
        CHECK_EQUAL(remove_folder("/r"), 0);
    }
}

static void an_exchange_swaps_files_and_folders(void) {
    a_folder_to_play_in();
    CHECK_EQUAL(put("d/inner", "inner"), 0);
    CHECK_EQUAL(make_folder("e"), 0);
    CHECK_EQUAL(put("e/x", "x"), 0);
    CHECK_EQUAL(rename_as("d", "e/x", RENAME_EXCHANGE), 0);
    CHECK(holds("e/x/inner", "inner") && holds("d", "x"));
    CHECK_EQUAL(stat_of("e").nlink, 3);
    CHECK_EQUAL(stat_of(".").nlink, 3);
    char cwd[64];
    CHECK_EQUAL(sys_chdir("e/x"), 0);
    CHECK_EQUAL(sys_getcwd(cwd, sizeof cwd), sizeof "/p/e/x");
    CHECK_EQUAL(strcmp(cwd, "/p/e/x"), 0);
}

static void a_removed_folder_takes_no_names(void) {
    char cwd[64];
    a_folder_to_play_in();
    CHECK_EQUAL(sys_chdir("d"), 0);
    CHECK_EQUAL(remove_folder("/p/d"), 0);
    CHECK_EQUAL(sys_getcwd(cwd, sizeof cwd), -ENOENT);
    CHECK_EQUAL(put("x", ""), -ENOENT);
    CHECK_EQUAL(make_folder("x"), -ENOENT);
    CHECK_EQUAL(make_link("y", "x"), -ENOENT);
    CHECK_EQUAL(hard_link("/p/f", "x"), -ENOENT);
    CHECK_EQUAL(move_name("/p/f", "x"), -ENOENT);
    CHECK_EQUAL(there("."), 0);
    CHECK_EQUAL(there(".."), 0);
    long fd = opened(".", O_RDONLY);
    CHECK_EQUAL(sys_getdents64((int)fd, cwd, sizeof cwd), -ENOENT);
}

static void an_unlinked_file_lives_while_it_is_open(void) {
    char buffer[8] = {0};
    size_t inodes = fs_usage.inodes;
    CHECK_EQUAL(put("/gone", "before"), 0);
    long fd = opened("/gone", O_RDWR);
    CHECK_EQUAL(remove_name("/gone"), 0);
    CHECK_EQUAL(stat_fd(fd).nlink, 0);
    CHECK_EQUAL(put("/gone", "new"), 0); // another file
    CHECK_EQUAL(sys_pread64((int)fd, buffer, 8, 0), 6);
    CHECK_EQUAL(strcmp(buffer, "before"), 0);
    CHECK_EQUAL(sys_close((int)fd), 0);
    CHECK_EQUAL(remove_name("/gone"), 0);
    CHECK_EQUAL(fs_usage.inodes, inodes);
    CHECK_EQUAL(fs_usage.pages, 0);
}

static int list_and_remove(long fd, size_t room) {
    static char buffer[4096];
    int seen = 0;
    for (;;) {
        long got = sys_getdents64((int)fd, buffer, room);
        CHECK(got >= 0);
        if (got <= 0)
            return seen;
        for (long at = 0; at < got;) {
            struct linux_dirent64 *entry = (void *)(buffer + at);
            at += entry->reclen;
            if (entry->name[0] == '.')
                continue;
            seen++;
            CHECK_EQUAL(sys_unlinkat((int)fd, entry->name, 0), 0);
        }
    }
}

static void every_name_is_listed_once_while_names_go(void) {
    char name[16] = "/many/000";
    CHECK_EQUAL(make_folder("/many"), 0);
    for (int i = 0; i < 300; i++) {
        name[6] = (char)('0' + i / 100);
        name[7] = (char)('0' + i / 10 % 10);
        name[8] = (char)('0' + i % 10);
        CHECK_EQUAL(put(name, ""), 0);
    }
    long fd = opened("/many", O_RDONLY | O_DIRECTORY);
    char small[8];
    CHECK_EQUAL(sys_getdents64((int)fd, small, sizeof small), -EINVAL);
    CHECK_EQUAL(list_and_remove(fd, 100), 300);
    CHECK_EQUAL(remove_folder("/many"), 0);
    CHECK_EQUAL(sys_getdents64(99, small, 8), -EBADF);
    put("/file", "");
    CHECK_EQUAL(sys_getdents64((int)opened("/file", O_RDONLY), small, 8), -ENOTDIR);
}

static void chroot_is_the_end_of_the_tree(void) {
    char cwd[64];
    a_folder_to_play_in();
    put("/outside", "outside");
    put("/p/d/inside", "inside");
    make_link("/inside", "/p/d/absolute");
    make_link("../../../inside", "/p/d/up");
    CHECK_EQUAL(sys_chroot("/p/d"), 0);
    CHECK_EQUAL(sys_chdir("/"), 0);
    CHECK_EQUAL(sys_getcwd(cwd, sizeof cwd), 2);
    CHECK_EQUAL(strcmp(cwd, "/"), 0);
    CHECK_EQUAL(there("/outside"), -ENOENT);
    CHECK_EQUAL(there("/../outside"), -ENOENT);
    CHECK(holds("/absolute", "inside") && holds("/up", "inside"));
    make_folder("/deep");
    CHECK_EQUAL(sys_chdir("deep"), 0);
    CHECK_EQUAL(sys_getcwd(cwd, sizeof cwd), sizeof "/deep");
    CHECK_EQUAL(sys_getcwd(cwd, 5), -ERANGE);
}

static long open_resolving(long dirfd, const char *path, uint64_t resolve) {
    struct linux_open_how how = {.flags = O_RDONLY, .resolve = resolve};
    long fd = sys_openat2((int)dirfd, path, &how, sizeof how);
    return fd < 0 ? fd : sys_close((int)fd);
}

static void openat2_stays_where_it_is_told(void) {
    a_folder_to_play_in();
    put("d/inner", "");
    make_link("../f", "d/up");
    make_link("/inner", "d/root");
    long d = opened("d", O_RDONLY | O_DIRECTORY);
    CHECK_EQUAL(open_resolving(d, "inner", RESOLVE_BENEATH), 0);
    CHECK_EQUAL(open_resolving(d, "../f", RESOLVE_BENEATH), -EXDEV);
    CHECK_EQUAL(open_resolving(d, "up", RESOLVE_BENEATH), -EXDEV);
    CHECK_EQUAL(open_resolving(d, "root", RESOLVE_BENEATH), -EXDEV);
    CHECK_EQUAL(open_resolving(d, "/inner", RESOLVE_BENEATH), -EXDEV);
    CHECK_EQUAL(open_resolving(d, "root", RESOLVE_IN_ROOT), 0);
    CHECK_EQUAL(open_resolving(d, "../inner", RESOLVE_IN_ROOT), 0);
    CHECK_EQUAL(open_resolving(AT_FDCWD, "to-d/inner", RESOLVE_NO_SYMLINKS), -ELOOP);
    CHECK_EQUAL(open_resolving(AT_FDCWD, "/dev/null", RESOLVE_NO_XDEV), -EXDEV);
    CHECK_EQUAL(open_resolving(AT_FDCWD, "f", 0x40), -EINVAL);
}

int main(void) {
    RUN(wrong_paths_answer_as_on_linux);
    RUN(forty_links_are_followed_and_no_more);
    RUN(slashes_behind_names_ask_for_folders);
    RUN(making_what_is_there_or_cannot_be);
    RUN(links_are_counted);
    RUN(removing_what_may_not_go);
    RUN(renames_onto_everything);
    RUN(an_exchange_swaps_files_and_folders);
    RUN(a_removed_folder_takes_no_names);
    RUN(an_unlinked_file_lives_while_it_is_open);
    RUN(every_name_is_listed_once_while_names_go);
    RUN(chroot_is_the_end_of_the_tree);
    RUN(openat2_stays_where_it_is_told);
    return finish();
}
