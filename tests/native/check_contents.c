// fs/tmpfs/content.c, sys/size.c, sys/read_write.c: what files hold, how long they are, what of
// them is stored.
#include "files.h"
#include "mm/memory.h"
#include "sys/descriptors.h"
#include "sys/open.h"
#include "sys/read_write.h"
#include "sys/size.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "vfs/inode.h"

#include <boxer/linux_file.h>

#define FAR ((int64_t)1 << 30)

static int64_t seek(long fd, int64_t offset, int whence) {
    int64_t result = 0;
    long error = sys_lseek64((int)fd, offset, &result, whence);
    return error ? error : result;
}

static long new_file(void) {
    static char path[] = "/file-a";
    long fd = open_as(path, O_RDWR | O_CREAT | O_EXCL, 0644);
    path[6]++;
    CHECK(fd >= 0);
    return fd;
}

static long at(long fd, const char *text, int64_t pos) {
    return sys_pwrite64((int)fd, text, strlen(text), pos);
}

static int byte_at(long fd, int64_t pos) {
    unsigned char byte = 0xff;
    long got = sys_pread64((int)fd, &byte, 1, pos);
    return got == 1 ? byte : got == 0 ? -1 : (int)got;
}

static void holes_read_as_zeros_and_cost_nothing(void) {
    long fd = new_file();
    CHECK_EQUAL(at(fd, "end", 100 * PAGE_SIZE), 3);
    CHECK_EQUAL(stat_fd(fd).size, 100 * PAGE_SIZE + 3);
    CHECK_EQUAL(stat_fd(fd).blocks, 8);
    CHECK_EQUAL(byte_at(fd, 5), 0);
    CHECK_EQUAL(byte_at(fd, 100 * PAGE_SIZE), 'e');
    CHECK_EQUAL(byte_at(fd, 100 * PAGE_SIZE + 3), -1);
    CHECK_EQUAL(seek(fd, 0, SEEK_DATA), 100 * PAGE_SIZE);
    CHECK_EQUAL(seek(fd, 0, SEEK_HOLE), 0);
    CHECK_EQUAL(seek(fd, 100 * PAGE_SIZE + 1, SEEK_DATA), 100 * PAGE_SIZE + 1);
    CHECK_EQUAL(seek(fd, 100 * PAGE_SIZE + 1, SEEK_HOLE), 100 * PAGE_SIZE + 3);
    CHECK_EQUAL(seek(fd, 100 * PAGE_SIZE + 3, SEEK_DATA), -ENXIO);
    CHECK_EQUAL(seek(fd, -1, SEEK_HOLE), -ENXIO);
}

static void positions_are_checked(void) {
    long fd = new_file();
    at(fd, "0123456789", 0);
    CHECK_EQUAL(seek(fd, 4, SEEK_SET), 4);
    CHECK_EQUAL(seek(fd, -3, SEEK_CUR), 1);
    CHECK_EQUAL(seek(fd, -2, SEEK_CUR), -EINVAL);
    CHECK_EQUAL(seek(fd, 0, SEEK_CUR), 1);
    CHECK_EQUAL(seek(fd, -2, SEEK_END), 8);
    CHECK_EQUAL(seek(fd, FAR, SEEK_END), FAR + 10);
    CHECK_EQUAL(seek(fd, INT64_MAX, SEEK_CUR), -EOVERFLOW);
    CHECK_EQUAL(seek(fd, 0, 9), -EINVAL);
    CHECK_EQUAL(sys_read((int)fd, (char[4]){0}, 4), 0);
    CHECK_EQUAL(sys_pread64((int)fd, (char[4]){0}, 4, -1), -EINVAL);
    CHECK_EQUAL(at(fd, "x", INT64_MAX), -EFBIG);
    CHECK_EQUAL(seek(99, 0, SEEK_SET), -EBADF);
    CHECK_EQUAL(sys_lseek64((int)fd, 0, NULL, SEEK_SET), -EFAULT);
}

static void an_append_writes_at_the_end(void) {
    put("/log", "one");
    long fd = opened("/log", O_WRONLY | O_APPEND), other = opened("/log", O_RDWR | O_APPEND);
    CHECK_EQUAL(sys_write((int)fd, "two", 3), 3);
    CHECK_EQUAL(sys_write((int)other, "three", 5), 5);
    CHECK_EQUAL(seek(other, 0, SEEK_CUR), 11);
    CHECK_EQUAL(sys_write((int)fd, "!", 1), 1);
    CHECK(holds("/log", "onetwothree!"));
}

static void vectors_move_whole_or_not_at_all(void) {
    char a[3], b[4];
    struct linux_iovec out[3] = {{"abc", 3}, {NULL, 0}, {"defg", 4}};
    struct linux_iovec in[2] = {{a, 3}, {b, 4}};
    struct linux_iovec bad[2] = {{"abc", 3}, {NULL, 4}};
    long fd = new_file();
    CHECK_EQUAL(sys_writev((int)fd, out, 3), 7);
    CHECK_EQUAL(sys_preadv2((int)fd, in, 2, 1, 0), 6);
    CHECK_EQUAL(memcmp(a, "bcd", 3), 0);
    CHECK_EQUAL(memcmp(b, "efg", 3), 0);
    CHECK_EQUAL(sys_writev((int)fd, bad, 2), -EFAULT);
    CHECK_EQUAL(sys_writev((int)fd, out, -1), -EINVAL);
    CHECK_EQUAL(sys_writev((int)fd, out, IOV_MAX + 1), -EINVAL);
    CHECK_EQUAL(sys_preadv2((int)fd, in, 2, 0, 0x100), -EOPNOTSUPP);
    CHECK_EQUAL(stat_fd(fd).size, 7);
    CHECK_EQUAL(sys_readv((int)opened("/", O_RDONLY), in, 2), -EISDIR);
    CHECK_EQUAL(sys_write((int)opened("/file-a", O_RDONLY), "x", 1), -EBADF);
    CHECK_EQUAL(sys_read((int)opened("/file-a", O_WRONLY), a, 1), -EBADF);
}

static void what_is_cut_off_is_gone(void) {
    long fd = new_file();
    char many[3 * PAGE_SIZE];
    memset(many, 'x', sizeof many);
    CHECK_EQUAL(sys_write((int)fd, many, sizeof many), sizeof many);
    CHECK_EQUAL(stat_fd(fd).blocks, 24);
    CHECK_EQUAL(sys_ftruncate64((int)fd, 100), 0);
    CHECK_EQUAL(stat_fd(fd).blocks, 8);
    CHECK_EQUAL(sys_ftruncate64((int)fd, sizeof many), 0);
    CHECK_EQUAL(byte_at(fd, 99), 'x');
    CHECK_EQUAL(byte_at(fd, 100), 0);
    CHECK_EQUAL(byte_at(fd, 2 * PAGE_SIZE), 0);
    CHECK_EQUAL(sys_truncate64("/file-a", 0), 0);
    CHECK_EQUAL(fs_usage.pages, 0);
    CHECK_EQUAL(sys_truncate64("/file-a", -1), -EINVAL);
    CHECK_EQUAL(sys_truncate64("/", 0), -EISDIR);
    CHECK_EQUAL(sys_truncate64("/none", 0), -ENOENT);
    CHECK_EQUAL(sys_truncate64("/dev/null", 0), -EINVAL);
    CHECK_EQUAL(sys_ftruncate64((int)fd, INT64_MAX), -EFBIG);
    CHECK_EQUAL(sys_ftruncate64((int)fd, -1), -EINVAL);
    CHECK_EQUAL(sys_ftruncate64(99, 0), -EBADF);
    CHECK_EQUAL(sys_ftruncate64((int)opened("/file-a", O_RDONLY), 0), -EINVAL);
}

static void room_is_reserved_and_given_back(void) {
    int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    long fd = new_file();
    CHECK_EQUAL(sys_fallocate((int)fd, 0, 100, 3 * PAGE_SIZE), 0);
    CHECK_EQUAL(stat_fd(fd).size, 100 + 3 * PAGE_SIZE);
    CHECK_EQUAL(stat_fd(fd).blocks, 32);
    CHECK_EQUAL(sys_fallocate((int)fd, FALLOC_FL_KEEP_SIZE, 5 * PAGE_SIZE, 1), 0);
    CHECK_EQUAL(stat_fd(fd).size, 100 + 3 * PAGE_SIZE);
    CHECK_EQUAL(stat_fd(fd).blocks, 40);
    for (int64_t pos = 0; pos < 3 * PAGE_SIZE; pos += 16)
        at(fd, "0123456789abcdef", pos);
    CHECK_EQUAL(sys_fallocate((int)fd, hole, PAGE_SIZE - 2, PAGE_SIZE + 4), 0);
    CHECK_EQUAL(stat_fd(fd).blocks, 32);
    CHECK_EQUAL(byte_at(fd, PAGE_SIZE - 3), 'd');
    CHECK_EQUAL(byte_at(fd, PAGE_SIZE - 2), 0);
    CHECK_EQUAL(byte_at(fd, 2 * PAGE_SIZE + 1), 0);
    CHECK_EQUAL(byte_at(fd, 2 * PAGE_SIZE + 2), '2');
    CHECK_EQUAL(seek(fd, 0, SEEK_HOLE), PAGE_SIZE);
    CHECK_EQUAL(sys_fallocate((int)fd, FALLOC_FL_ZERO_RANGE, 0, 8 * PAGE_SIZE), 0);
    CHECK_EQUAL(stat_fd(fd).size, 8 * PAGE_SIZE);
    CHECK_EQUAL(stat_fd(fd).blocks, 64);
    CHECK_EQUAL(byte_at(fd, 0), 0);
    CHECK_EQUAL(sys_fallocate((int)fd, hole, 0, INT64_MAX), 0);
    CHECK_EQUAL(fs_usage.pages, 0);
}

static void wrong_reservations_answer_as_on_linux(void) {
    int pipe[2];
    int fd = (int)new_file();
    CHECK_EQUAL(CALL(pipe2, pipe, 0), 0);
    CHECK_EQUAL(sys_fallocate(fd, 0, -1, 5), -EINVAL);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(sys_fallocate(fd, 0, INT64_MAX, 5), -EFBIG);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, (int64_t)1 << 39), -ENOSPC);
    CHECK_EQUAL(fs_usage.pages, 0);
    CHECK_EQUAL(sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 5), -EOPNOTSUPP);
    CHECK_EQUAL(sys_fallocate(fd, 0x40, 0, 5), -EOPNOTSUPP);
    CHECK_EQUAL(sys_fallocate(99, 0, 0, 5), -EBADF);
    CHECK_EQUAL(sys_fallocate((int)opened("/file-a", O_RDONLY), 0, 0, 5), -EBADF);
    CHECK_EQUAL(sys_fallocate((int)opened("/dev/null", O_RDWR), 0, 0, 5), -ENODEV);
    CHECK_EQUAL(sys_fallocate(pipe[1], 0, 0, 5), -ESPIPE);
    CHECK_EQUAL(sys_fadvise64(fd, 0, 0, 5), 0);
    CHECK_EQUAL(sys_fadvise64(fd, 0, 0, 6), -EINVAL);
    CHECK_EQUAL(sys_fadvise64(pipe[0], 0, 0, 0), -ESPIPE);
    CHECK_EQUAL(sys_readahead(fd, 0, 5), 0);
    CHECK_EQUAL(sys_readahead(pipe[0], 0, 5), -EINVAL);
    CHECK_EQUAL(sys_fsync(fd), 0);
    CHECK_EQUAL(sys_fdatasync((int)opened("/", O_RDONLY)), 0);
    CHECK_EQUAL(sys_fsync(pipe[0]), -EINVAL);
    CHECK_EQUAL(sys_fsync(99), -EBADF);
    CHECK_EQUAL(sys_syncfs(fd), 0);
    CHECK_EQUAL(sys_sync(), 0);
    CHECK_EQUAL(sys_sync_file_range(fd, 0, 5, 8), -EINVAL);
    CHECK_EQUAL(sys_sync_file_range(pipe[0], 0, 5, 0), -ESPIPE);
}

static void the_file_size_limit_holds(void) {
    int fd = (int)new_file();
    current->process->limits[LINUX_RLIMIT_FSIZE].soft = 10;
    CHECK_EQUAL(sys_write(fd, "0123456789abc", 13), 10);
    CHECK_EQUAL(sys_write(fd, "x", 1), -EFBIG);
    CHECK_EQUAL(sys_ftruncate64(fd, 11), -EFBIG);
    CHECK_EQUAL(sys_ftruncate64(fd, 5), 0);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, 11), -EFBIG);
    CHECK_EQUAL(stat_fd(fd).size, 5);
    CHECK(signal_pending());
}

static void a_full_file_system_says_so(void) {
    static char page[4 * PAGE_SIZE];
    int fd = (int)new_file();
    fs_usage.pages_max = 3;
    CHECK_EQUAL(sys_write(fd, page, sizeof page), 3 * PAGE_SIZE);
    CHECK_EQUAL(sys_write(fd, page, 1), -ENOSPC);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, 3 * PAGE_SIZE), 0);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, 4 * PAGE_SIZE), -ENOSPC);
    CHECK_EQUAL(sys_ftruncate64(fd, 0), 0);
    CHECK_EQUAL(sys_write(fd, page, 1), 1);
    fs_usage.inodes_max = fs_usage.inodes;
    CHECK_EQUAL(make_folder("/d"), -ENOSPC);
    CHECK_EQUAL(make_link("x", "/l"), -ENOSPC);
    CHECK_EQUAL(put("/f", ""), -ENOSPC);
}

static void seals_forbid(void) {
    int fd = (int)sys_memfd_create("sealed", 2);
    CHECK_EQUAL(sys_write(fd, "0123456789", 10), 10);
    CHECK_EQUAL(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    CHECK_EQUAL(sys_ftruncate64(fd, 9), -EPERM);
    CHECK_EQUAL(sys_ftruncate64(fd, 11), 0);
    CHECK_EQUAL(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    CHECK_EQUAL(sys_ftruncate64(fd, 12), -EPERM);
    CHECK_EQUAL(sys_fallocate(fd, 0, 0, 12), -EPERM);
    CHECK_EQUAL(sys_pwrite64(fd, "xyz", 3, 9), -EPERM);
    CHECK_EQUAL(sys_pwrite64(fd, "x", 1, 9), 1);
    CHECK_EQUAL(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0);
    CHECK_EQUAL(sys_pwrite64(fd, "x", 1, 0), -EPERM);
    CHECK_EQUAL(sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1), -EPERM);
    CHECK_EQUAL(sys_fcntl(fd, F_ADD_SEALS, 0), -EPERM);
    CHECK_EQUAL(sys_fcntl(fd, F_GET_SEALS, 0), 15);
    CHECK_EQUAL(byte_at(fd, 9), 'x');
}

int main(void) {
    RUN(holes_read_as_zeros_and_cost_nothing);
    RUN(positions_are_checked);
    RUN(an_append_writes_at_the_end);
    RUN(vectors_move_whole_or_not_at_all);
    RUN(what_is_cut_off_is_gone);
    RUN(room_is_reserved_and_given_back);
    RUN(wrong_reservations_answer_as_on_linux);
    RUN(the_file_size_limit_holds);
    RUN(a_full_file_system_says_so);
    RUN(seals_forbid);
    return finish();
}
