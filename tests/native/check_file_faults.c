// Every allocation of every file system call fails once: the call says so, nothing of it is there,
// made again it works, and in the end all memory is back.
//
// Each failure has a machine of its own, in a copy of this process.
#include "files.h"
#include "mm/memory.h"
#include "sys/attributes.h"
#include "sys/copy.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/names.h"
#include "sys/open.h"
#include "sys/read_write.h"
#include "sys/size.h"
#include "sys/xattr.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>

enum { SIZE = 9000, FAILURES_MAX = 60, LIST = 4096 };
enum { NEVER_FAILED = 10 };

// PARTIAL: the result tells what was done before the failure. ROOM: the file keeps empty pages, or
// room for more. TABLE: the table of descriptors stays long.
enum { PARTIAL = 1, ROOM = 2, TABLE = 4 };
struct step {
    const char *name;
    long (*call)(void);
    int allowed;
};
static const struct step *failing;
static uint64_t failing_at;

static char data[3 * SIZE], buffer[3 * SIZE];
static int file, folder, pipe_ends[2];
static uintptr_t mapped;

static void open_all(void) {
    file = (int)opened("/t/file", O_RDWR);
    folder = (int)opened("/t/folder", O_RDONLY | O_DIRECTORY);
    CHECK_EQUAL(CALL(pipe2, pipe_ends, O_NONBLOCK), 0);
}

static void prepare(void) {
    struct linux_flock64 lock = {.type = F_RDLCK, .start = 100, .length = 20};
    memset(data, 'd', sizeof data);
    make_folder("/t");
    make_folder("/t/folder");
    make_folder("/t/empty");
    make_link("folder", "/t/link");
    put("/t/folder/a", "first");
    put("/t/folder/b", "second");
    sys_mknodat(AT_FDCWD, "/t/fifo", S_IFIFO | 0644, 0);
    put("/t/file", "");
    open_all();
    CHECK_EQUAL(sys_write(file, data, SIZE), SIZE);
    CHECK_EQUAL(sys_ftruncate64(file, 4 * SIZE), 0);
    CHECK_EQUAL(sys_setxattr("/t/file", "user.old", data, 50, 0), 0);
    CHECK_EQUAL(sys_fcntl(file, F_OFD_SETLK, (uintptr_t)&lock), 0);
}

static uint64_t mixed(uint64_t sum, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return sum;
}

static uint64_t content(const char *path, uint64_t sum) {
    int fd = (int)opened(path, O_RDONLY | O_NONBLOCK);
    for (long got; (got = sys_read(fd, buffer, sizeof buffer)) > 0;)
        sum = mixed(sum, buffer, (size_t)got);
    sys_close(fd);
    return sum;
}

static void remove_tree(const char *path);

// All that is seen of a tree but its times; or, removing, nothing is left of it.
static uint64_t walk(const char *path, int removing) {
    struct linux_statx stat = stat_of(path);
    uint64_t sum = mixed(14695981039346656037u, &stat.mode, sizeof stat.mode);
    if (!removing) {
        sum = mixed(sum, &stat.nlink, sizeof stat.nlink);
        sum = mixed(sum, &stat.uid, sizeof stat.uid);
        sum = mixed(sum, &stat.size, sizeof stat.size);
        if (!(failing->allowed & ROOM))
            sum = mixed(sum, &stat.blocks, sizeof stat.blocks);
        long names = sys_llistxattr(path, buffer, sizeof buffer);
        sum = mixed(sum, buffer, names > 0 ? (size_t)names : 0);
        long value = sys_lgetxattr(path, "user.old", buffer, sizeof buffer);
        sum = mixed(sum, buffer, value > 0 ? (size_t)value : 0);
    }
    if (S_ISREG(stat.mode) && !removing)
        sum = content(path, sum);
    if (!S_ISDIR(stat.mode))
        return sum;
    char list[LIST], child[256];
    int fd = (int)opened(path, O_RDONLY | O_DIRECTORY);
    long size = sys_getdents64(fd, list, sizeof list);
    sys_close(fd);
    for (long at = 0; at < size; at += ((struct linux_dirent64 *)(void *)(list + at))->reclen) {
        const char *name = ((struct linux_dirent64 *)(void *)(list + at))->name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        strcat(strcat(strcpy(child, path), "/"), name);
        if (removing)
            remove_tree(child);
        else
            sum = mixed(sum, name, strlen(name)) + walk(child, 0);
    }
    return sum;
}

static void remove_tree(const char *path) {
    if (S_ISDIR(stat_of(path).mode))
        walk(path, 1);
    CHECK_EQUAL(sys_unlinkat(AT_FDCWD, path, S_ISDIR(stat_of(path).mode) ? AT_REMOVEDIR : 0), 0);
}

static uint64_t seen(void) {
    int64_t position = 0;
    sys_lseek64(file, 0, &position, SEEK_CUR);
    uint32_t mask = (uint32_t)sys_umask(022);
    sys_umask(mask);
    long size = sys_getcwd(buffer, sizeof buffer);
    uint64_t sum = mixed(walk("/t", 0), buffer, (size_t)size);
    return mixed(mixed(sum, &position, sizeof position), &mask, sizeof mask);
}

static int descriptors(void) {
    int count = 0;
    for (int fd = fd_next(0); fd >= 0; fd = fd_next(fd + 1))
        count++;
    return count;
}

static size_t pages(void) {
    pages_scrub();
    return pages_in_use();
}

#define IS(name, expression)                                                                       \
    static long name(void) {                                                                       \
        return expression;                                                                         \
    }

IS(create, opened("/t/new", O_RDWR | O_CREAT | O_EXCL))
IS(open_file, opened("/t/link/../file", O_RDWR))
IS(open_truncating, opened("/t/file", O_RDWR | O_TRUNC))
IS(open_folder, opened("/t/link/", O_RDONLY | O_DIRECTORY))
IS(open_nameless, opened("/t", O_RDWR | O_TMPFILE))
IS(open_path, opened("/t/link", O_PATH | O_NOFOLLOW))
IS(open_fifo, opened("/t/fifo", O_RDWR))
IS(open_null, opened("/dev/null", O_RDWR))
IS(open_status, opened("/proc/self/status", O_RDONLY))
IS(open_descriptors, opened("/proc/self/fd", O_RDONLY | O_DIRECTORY))
IS(open_again, opened("/proc/self/fd/3", O_RDONLY))
IS(memory_file, sys_memfd_create("name", 0))
IS(duplicate_far, sys_dup3(file, 300, 0))
IS(duplicate_above, sys_fcntl(file, F_DUPFD, 500))
IS(make_dir, make_folder("/t/made"))
IS(make_fifo, sys_mknodat(AT_FDCWD, "/t/made", S_IFIFO | 0600, 0))
IS(make_symlink, make_link("file", "/t/made"))
IS(make_hard_link, hard_link("/t/file", "/t/made"))
IS(unlink_file, remove_name("/t/file"))
IS(remove_dir, remove_folder("/t/empty"))
IS(move, move_name("/t/file", "/t/folder/a-much-longer-name-than-before-and-longer-still"))
IS(move_over, move_name("/t/file", "/t/folder/a"))
IS(move_folder, move_name("/t/folder", "/t/empty/below"))
IS(exchange, rename_as("/t/file", "/t/folder", RENAME_EXCHANGE))
IS(move_new, rename_as("/t/file", "/t/moved", RENAME_NOREPLACE))
IS(write_more, sys_pwrite64(file, data, sizeof data, 2 * SIZE))
IS(write_into_hole, sys_pwrite64(file, data, 10, 3 * SIZE))
IS(write_far, sys_pwrite64(file, data, 10, 1000 * SIZE))
IS(read_all, sys_pread64(file, buffer, sizeof buffer, 0))
IS(shorten, sys_ftruncate64(file, SIZE / 2))
IS(lengthen, sys_truncate64("/t/file", 500 * SIZE))
IS(allocate, sys_fallocate(file, 0, SIZE, 6 * SIZE))
IS(punch, sys_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, SIZE - 200))
IS(send_file, sys_sendfile64(pipe_ends[1], file, NULL, SIZE))
IS(splice_file, sys_splice(file, NULL, pipe_ends[1], NULL, SIZE, 0))
IS(list_folder, sys_getdents64(folder, buffer, sizeof buffer))
IS(change_folder, sys_chdir("/t/link"))
IS(change_folder_to, sys_fchdir(folder))
IS(change_root, sys_chroot("/"))
IS(where, sys_getcwd(buffer, sizeof buffer))
IS(read_link, sys_readlinkat(AT_FDCWD, "/t/link", buffer, sizeof buffer))
IS(read_exe, sys_readlinkat(AT_FDCWD, "/proc/self/fd/3", buffer, sizeof buffer))
IS(attributes, there("/t/link/../link/../link/b"))
IS(file_systems, sys_statfs64("/t/link", sizeof(struct linux_statfs64), (void *)buffer))
IS(access_file, sys_faccessat2(AT_FDCWD, "/t/link/a", 4, 0))
IS(change_mode, sys_fchmodat2(AT_FDCWD, "/t/link/a", 0600, 0))
IS(change_owner, sys_fchownat(AT_FDCWD, "/t/link/a", 5, 5, 0))
IS(change_times, sys_utimensat(AT_FDCWD, "/t/link/a", NULL, 0))
IS(set_attribute, sys_setxattr("/t/file", "user.new", data, 5000, 0))
IS(replace_attribute, sys_setxattr("/t/file", "user.old", data, 5000, 0))
IS(remove_attribute, sys_removexattr("/t/file", "user.old"))
IS(list_attributes, sys_listxattr("/t/file", buffer, sizeof buffer))
IS(lock_whole, sys_flock(file, LOCK_EX))
IS(synchronise, sys_fsync(file) + sys_sync())
IS(grow_pipe, sys_fcntl(pipe_ends[0], F_SETPIPE_SZ, 200000))

static long copy_range(void) {
    int64_t from = 0, to = 8 * SIZE;
    return sys_copy_file_range(file, &from, file, &to, SIZE, 0);
}
static long lock_part(void) {
    struct linux_flock64 request = {.type = F_WRLCK, .start = 10, .length = 20};
    return sys_fcntl(file, F_OFD_SETLK, (uintptr_t)&request);
}
static long split_lock(void) {
    struct linux_flock64 request = {.type = F_UNLCK, .start = 115, .length = 2};
    return sys_fcntl(file, F_OFD_SETLK, (uintptr_t)&request);
}
static long map(int flags) {
    long at = CALL(mmap2, 0, 2 * SIZE, 3, flags, file, 0);
    mapped = at > 0 ? (uintptr_t)at : 0;
    return at > 0 ? 0 : at;
}
IS(map_privately, map(LINUX_MAP_PRIVATE))
IS(map_shared, map(LINUX_MAP_SHARED))

#define STEP(call) {#call, call, 0}
#define STEP_BUT(call, allowed) {#call, call, allowed}

static const struct step steps[] = {
    STEP(create),
    STEP(open_file),
    STEP(open_truncating),
    STEP(open_folder),
    STEP(open_nameless),
    STEP(open_path),
    STEP(open_fifo),
    STEP(open_null),
    STEP(open_status),
    STEP(open_descriptors),
    STEP(open_again),
    STEP(memory_file),
    STEP_BUT(duplicate_far, TABLE),
    STEP_BUT(duplicate_above, TABLE),
    STEP(make_dir),
    STEP(make_fifo),
    STEP(make_symlink),
    STEP(make_hard_link),
    STEP(unlink_file),
    STEP(remove_dir),
    STEP(move),
    STEP(move_over),
    STEP(move_folder),
    STEP(exchange),
    STEP(move_new),
    STEP_BUT(write_more, PARTIAL),
    STEP(write_into_hole),
    STEP_BUT(write_far, ROOM),
    STEP(read_all),
    STEP(shorten),
    STEP(lengthen),
    STEP(allocate),
    STEP(punch),
    STEP_BUT(send_file, PARTIAL),
    STEP_BUT(splice_file, PARTIAL),
    STEP(list_folder),
    STEP(change_folder),
    STEP(change_folder_to),
    STEP(change_root),
    STEP(where),
    STEP(read_link),
    STEP(read_exe),
    STEP(attributes),
    STEP(file_systems),
    STEP(access_file),
    STEP(change_mode),
    STEP(change_owner),
    STEP(change_times),
    STEP(set_attribute),
    STEP(replace_attribute),
    STEP(remove_attribute),
    STEP(list_attributes),
    STEP(lock_whole),
    STEP(synchronise),
    STEP(grow_pipe),
    STEP_BUT(copy_range, PARTIAL | ROOM),
    STEP(lock_part),
    STEP(split_lock),
    STEP(map_privately),
    STEP_BUT(map_shared, ROOM),
};

static void undo(void) {
    sys_chdir("/");
    if (mapped)
        CHECK_EQUAL(CALL(munmap, mapped, 2 * SIZE), 0);
    fd_close_from(3);
    remove_tree("/t");
}

static void fail_once(void) {
    failures = 0;
    prepare(); // tables have their size
    undo();
    size_t at_first = pages();
    prepare();
    uint64_t state = seen();
    size_t in_use = pages();
    int open_files = descriptors();
    memory_fail_at(failing_at);
    long result = failing->call();
    int happened = memory_fail_at(0) == 0;
    if (happened && result < 0) {
        CHECK(result == -ENOMEM || result == -ENOSPC || result == -ENOLCK);
        CHECK(pages() == in_use || failing->allowed & ROOM);
        CHECK_EQUAL(descriptors(), open_files);
        CHECK_EQUAL(seen(), state);
        result = failing->call();
    } else if (happened) {
        CHECK(failing->allowed & PARTIAL);
    }
    CHECK(result >= 0);
    undo();
    CHECK(pages() == at_first || failing->allowed & TABLE);
    _exit(failures ? 1 : happened ? 0 : NEVER_FAILED);
}

static void a_call_whose_memory_fails_leaves_no_trace(void) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int status = 0;
        failing = &steps[i];
        for (failing_at = 1; status == 0 && failing_at < FAILURES_MAX; failing_at++)
            status = EXIT_STATUS(fail_once());
        if (status != NEVER_FAILED) {
            failures++;
            printf("%s, allocation %d: status %d\n", failing->name, (int)failing_at - 1, status);
        }
    }
}

int main(void) {
    RUN(a_call_whose_memory_fails_leaves_no_trace);
    return finish();
}
