// copy.c: bytes that move between descriptors without the program seeing them.
#include "files.h"
#include "mm/memory.h"
#include "sys/copy.h"
#include "sys/descriptors.h"
#include "sys/open.h"
#include "sys/read_write.h"

#include <boxer/linux_file.h>

static int in, out, pipe_in, pipe_out; // pipe_in is where one writes

static void two_files_and_a_pipe(void) {
    int fds[2];
    CHECK_EQUAL(put("/in", "0123456789"), 0);
    CHECK_EQUAL(put("/out", ""), 0);
    in = (int)opened("/in", O_RDWR);
    out = (int)opened("/out", O_RDWR);
    CHECK_EQUAL(CALL(pipe2, fds, O_NONBLOCK), 0);
    pipe_out = fds[0];
    pipe_in = fds[1];
}

static int64_t pos_of(int fd) {
    int64_t pos = -1;
    CHECK_EQUAL(sys_lseek64(fd, 0, &pos, SEEK_CUR), 0);
    return pos;
}

static void sendfile_copies_and_moves_positions(void) {
    int64_t offset = 2;
    two_files_and_a_pipe();
    CHECK_EQUAL(sys_sendfile64(out, in, &offset, 3), 3);
    CHECK_EQUAL(offset, 5);
    CHECK_EQUAL(pos_of(in), 0);
    CHECK_EQUAL(pos_of(out), 3);
    CHECK_EQUAL(sys_sendfile64(out, in, NULL, 100), 10);
    CHECK_EQUAL(pos_of(in), 10);
    CHECK_EQUAL(sys_sendfile64(out, in, NULL, 100), 0);
    CHECK(holds("/out", "2340123456789"));
    offset = 0;
    CHECK_EQUAL(sys_sendfile64(pipe_in, in, &offset, 4), 4);
}

static void sendfile_refuses_what_linux_refuses(void) {
    int64_t offset = -1;
    two_files_and_a_pipe();
    CHECK_EQUAL(sys_sendfile64(out, in, &offset, 3), -EINVAL);
    CHECK_EQUAL(sys_sendfile64(out, 99, NULL, 3), -EBADF);
    CHECK_EQUAL(sys_sendfile64((int)opened("/out", O_RDONLY), in, NULL, 3), -EBADF);
    CHECK_EQUAL(sys_sendfile64(out, (int)opened("/in", O_WRONLY), NULL, 3), -EBADF);
    CHECK_EQUAL(sys_sendfile64(out, pipe_out, &offset, 3), -ESPIPE);
    CHECK_EQUAL(sys_sendfile64((int)opened("/out", O_WRONLY | O_APPEND), in, NULL, 3), -EINVAL);
    CHECK_EQUAL(sys_sendfile64(out, (int)opened("/", O_RDONLY), NULL, 3), -EINVAL);
    CHECK_EQUAL(sys_sendfile64(out, pipe_out, NULL, 3), -EINVAL);
    CHECK_EQUAL(sys_sendfile64(out, in, NULL, 0), 0);
}

static void a_full_pipe_takes_nothing_from_the_file(void) {
    static char many[100000];
    two_files_and_a_pipe();
    memset(many, 'x', sizeof many);
    CHECK_EQUAL(sys_pwrite64(in, many, sizeof many, 0), sizeof many);
    CHECK_EQUAL(sys_sendfile64(pipe_in, in, NULL, sizeof many), 65536);
    CHECK_EQUAL(pos_of(in), 65536);
    CHECK_EQUAL(sys_sendfile64(pipe_in, in, NULL, sizeof many), -EAGAIN);
    CHECK_EQUAL(pos_of(in), 65536);
    CHECK_EQUAL(sys_splice(pipe_out, NULL, out, NULL, 70000, 0), 65536);
    CHECK_EQUAL(sys_splice(in, NULL, pipe_in, NULL, 70000, 0), (long)sizeof many - 65536);
    CHECK_EQUAL(sys_splice(pipe_out, NULL, out, NULL, 70000, 0), (long)sizeof many - 65536);
    CHECK_EQUAL(stat_fd(out).size, sizeof many);
}

static void nothing_leaves_a_pipe_that_does_not_arrive(void) {
    char buffer[16];
    two_files_and_a_pipe();
    int fd = (int)sys_memfd_create("sealed", 2);
    CHECK_EQUAL(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    CHECK_EQUAL(sys_write(pipe_in, "kept", 4), 4);
    CHECK_EQUAL(sys_splice(pipe_out, NULL, fd, NULL, 10, 0), -EPERM);
    CHECK_EQUAL(sys_read(pipe_out, buffer, 16), 4);
}

static void splice_needs_a_pipe(void) {
    int64_t offset = 0;
    int fds[2];
    two_files_and_a_pipe();
    CHECK_EQUAL(CALL(pipe2, fds, O_NONBLOCK), 0);
    CHECK_EQUAL(sys_splice(in, NULL, out, NULL, 5, 0), -EINVAL);
    CHECK_EQUAL(sys_splice(in, NULL, pipe_in, &offset, 5, 0), -ESPIPE);
    CHECK_EQUAL(sys_splice(pipe_out, &offset, out, NULL, 5, 0), -ESPIPE);
    CHECK_EQUAL(sys_splice(pipe_out, NULL, pipe_in, NULL, 5, 0), -EINVAL); // into itself
    CHECK_EQUAL(sys_splice(in, NULL, pipe_in, NULL, 5, 16), -EINVAL);
    CHECK_EQUAL(sys_splice(in, NULL, pipe_out, NULL, 5, 0), -EBADF);
    CHECK_EQUAL(sys_splice(99, NULL, pipe_out, NULL, 0, 0), 0);
    CHECK_EQUAL(sys_splice(in, &offset, pipe_in, NULL, 5, 0), 5);
    CHECK_EQUAL(offset, 5);
    CHECK_EQUAL(sys_splice(pipe_out, NULL, fds[1], NULL, 3, 0), 3);
    offset = 1;
    CHECK_EQUAL(sys_splice(fds[0], NULL, out, &offset, 9, 0), 3);
    CHECK_EQUAL(offset, 4);
    CHECK_EQUAL(sys_splice(fds[0], NULL, out, NULL, 9, SPLICE_F_NONBLOCK), -EAGAIN);
    CHECK_EQUAL(stat_fd(out).size, 4);
}

static void tee_leaves_the_bytes_where_they_are(void) {
    char buffer[16] = {0};
    int fds[2];
    two_files_and_a_pipe();
    CHECK_EQUAL(CALL(pipe2, fds, O_NONBLOCK), 0);
    CHECK_EQUAL(sys_tee(pipe_out, fds[1], 9, 0), -EAGAIN);
    CHECK_EQUAL(sys_write(pipe_in, "twice", 5), 5);
    CHECK_EQUAL(sys_tee(pipe_out, fds[1], 9, 0), 5);
    CHECK_EQUAL(sys_tee(pipe_out, fds[1], 2, 0), 2);
    CHECK_EQUAL(sys_read(fds[0], buffer, 16), 7);
    CHECK_EQUAL(strcmp(buffer, "twicetw"), 0);
    CHECK_EQUAL(sys_read(pipe_out, buffer, 16), 5);
    CHECK_EQUAL(sys_tee(in, fds[1], 9, 0), -EINVAL);
    CHECK_EQUAL(sys_tee(pipe_out, pipe_in, 9, 0), -EINVAL);
    CHECK_EQUAL(sys_close(pipe_in), 0);
    CHECK_EQUAL(sys_tee(pipe_out, fds[1], 9, 0), 0); // no writer is left
}

static void ranges_are_copied_between_files(void) {
    int64_t from = 3, to = 5;
    two_files_and_a_pipe();
    CHECK_EQUAL(sys_copy_file_range(in, &from, out, &to, 4, 0), 4);
    CHECK_EQUAL(from, 7);
    CHECK_EQUAL(to, 9);
    CHECK_EQUAL(pos_of(in) + pos_of(out), 0);
    CHECK_EQUAL(sys_copy_file_range(in, NULL, out, NULL, 2, 0), 2);
    CHECK_EQUAL(pos_of(in), 2);
    CHECK_EQUAL(stat_fd(out).size, 9);
    from = 10;
    CHECK_EQUAL(sys_copy_file_range(in, &from, out, &to, 4, 0), 0); // at its end
    from = 0, to = 5;
    CHECK_EQUAL(sys_copy_file_range(in, &from, in, &to, 5, 0), 5);
    CHECK(holds("/in", "0123401234"));
    CHECK_EQUAL(from, 5);
    from = 0, to = 4;
    CHECK_EQUAL(sys_copy_file_range(in, &from, in, &to, 5, 0), -EINVAL); // they overlap
    CHECK_EQUAL(sys_copy_file_range(in, NULL, out, NULL, 4, 1), -EINVAL);
    CHECK_EQUAL(sys_copy_file_range(in, NULL, pipe_in, NULL, 4, 0), -EINVAL);
    CHECK_EQUAL(sys_copy_file_range((int)opened("/", O_RDONLY), NULL, out, NULL, 4, 0), -EISDIR);
    CHECK_EQUAL(sys_copy_file_range(in, NULL, (int)opened("/out", O_RDONLY), NULL, 4, 0), -EBADF);
    int append = (int)opened("/out", O_WRONLY | O_APPEND);
    CHECK_EQUAL(sys_copy_file_range(in, NULL, append, NULL, 4, 0), -EBADF);
    to = INT64_MAX - 1;
    CHECK_EQUAL(sys_copy_file_range(in, &from, out, &to, 4, 0), -EOVERFLOW);
}

static void no_buffer_is_kept(void) {
    two_files_and_a_pipe();
    sys_sendfile64(out, in, NULL, 100);
    size_t before = pages_in_use();
    for (int i = 0; i < 10; i++) {
        int64_t offset = 0;
        CHECK_EQUAL(sys_sendfile64(out, in, &offset, 100), 10);
    }
    CHECK_EQUAL(pages_in_use(), before);
    memory_fail_at(1);
    CHECK_EQUAL(sys_sendfile64(out, in, &(int64_t){0}, 100), -ENOMEM);
}

int main(void) {
    RUN(sendfile_copies_and_moves_positions);
    RUN(sendfile_refuses_what_linux_refuses);
    RUN(a_full_pipe_takes_nothing_from_the_file);
    RUN(nothing_leaves_a_pipe_that_does_not_arrive);
    RUN(splice_needs_a_pipe);
    RUN(tee_leaves_the_bytes_where_they_are);
    RUN(ranges_are_copied_between_files);
    RUN(no_buffer_is_kept);
    return finish();
}
