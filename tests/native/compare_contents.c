// Contents of open files, sizes, holes and copies: compared with the host (compare.h).
#include "compare.h"
#include "sys/attributes.h"
#include "sys/copy.h"
#include "sys/read_write.h"
#include "sys/size.h"

#include <boxer/linux_file.h>
#include <string.h>
#include <sys/syscall.h>

static void compare_write(struct pair file) {
    unsigned size = draw(9000);
    int64_t offset = draw(20000);
    int positioned = (int)draw(2);
    memset(kernel_data, 'A' + (int)draw(20), size);
    doing("%s %u at %lld", positioned ? "pwrite" : "write", size, (long long)offset);
    if (positioned)
        same("result", sys_pwrite64(file.kernel, kernel_data, size, offset),
             HOST(SYS_pwrite64, file.host, kernel_data, size, offset));
    else
        same("result", sys_write(file.kernel, kernel_data, size),
             HOST(SYS_write, file.host, kernel_data, size));
}

static void compare_read(struct pair file) {
    unsigned size = draw(9000);
    int64_t offset = draw(20000);
    int positioned = (int)draw(2);
    memset(kernel_data, 0, size);
    memset(host_data, 0, size);
    doing("%s %u at %lld", positioned ? "pread" : "read", size, (long long)offset);
    if (positioned)
        same("result", sys_pread64(file.kernel, kernel_data, size, offset),
             HOST(SYS_pread64, file.host, host_data, size, offset));
    else
        same("result", sys_read(file.kernel, kernel_data, size),
             HOST(SYS_read, file.host, host_data, size));
    same("bytes", 0, memcmp(kernel_data, host_data, size));
}

static void compare_truncate(struct pair file) {
    int64_t size = draw(20) ? (int64_t)draw(20000) : -1;
    char path[TEXT];
    any_path(path);
    if (draw(2)) {
        doing("ftruncate %lld", (long long)size);
        same("result", sys_ftruncate64(file.kernel, size), HOST(SYS_ftruncate, file.host, size));
        return;
    }
    doing("truncate %s %lld", path, (long long)size);
    same("result", sys_truncate64(path, size), HOST(SYS_truncate, path, size));
}

static void compare_allocation(struct pair file) {
    int mode = (int)ONE_OF(0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                           FALLOC_FL_PUNCH_HOLE, 0x40, 8);
    int64_t offset = draw(20000), length = draw(12000);
    if (draw(10) == 0) {
        offset &= ~4095;
        length &= ~4095;
    }
    doing("fallocate %x %lld %lld", mode, (long long)offset, (long long)length);
    same("result", sys_fallocate(file.kernel, mode, offset, length),
         HOST(SYS_fallocate, file.host, mode, offset, length));
}

// Positions within a folder are each file system's own.
static void compare_seek(struct pair file) {
    int whence = (int)draw(6);
    int64_t offset = (int64_t)draw(30000) - (whence == SEEK_CUR ? 15000 : draw(100)), result = 0;
    struct linux_statx stat = {0};
    sys_statx(file.kernel, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat);
    if (S_ISDIR(stat.mode))
        whence = SEEK_SET, offset = 0;
    doing("lseek %lld %d", (long long)offset, whence);
    long error = sys_lseek64(file.kernel, offset, &result, whence);
    same("result", error ? error : (long)result, HOST(SYS_lseek, file.host, offset, whence));
}

static void compare_copy(struct pair out) {
    struct pair in = pairs[draw(DESCRIPTORS)];
    int64_t kernel[2] = {draw(20000), draw(20000)}, host[2] = {kernel[0], kernel[1]};
    int from = (int)draw(2), to = (int)draw(2), kind = (int)draw(3);
    unsigned size = draw(12000);
    if (in.host < 0)
        return;
    doing("%s %d at %d %lld to %d at %d %lld, %u",
          kind == 0   ? "sendfile"
          : kind == 1 ? "copy_file_range"
                      : "splice",
          in.host, from, (long long)kernel[0], out.host, to, (long long)kernel[1], size);
    int64_t *kernel_from = from ? &kernel[0] : NULL, *kernel_to = to ? &kernel[1] : NULL;
    int64_t *host_from = from ? &host[0] : NULL, *host_to = to ? &host[1] : NULL;
    if (kind == 0)
        same("result", sys_sendfile64(out.kernel, in.kernel, kernel_from, size),
             HOST(SYS_sendfile, out.host, in.host, host_from, size));
    else if (kind == 1)
        same("result", sys_copy_file_range(in.kernel, kernel_from, out.kernel, kernel_to, size, 0),
             HOST(SYS_copy_file_range, in.host, host_from, out.host, host_to, size, 0));
    else
        same("result", sys_splice(in.kernel, kernel_from, out.kernel, kernel_to, size, 0),
             HOST(SYS_splice, in.host, host_from, out.host, host_to, size, 0));
    same("position of the source", kernel[0], host[0]);
    same("position of the target", kernel[1], host[1]);
}

void compare_contents(void) {
    static void (*const calls[])(struct pair) = {
        compare_write, compare_write,      compare_read, compare_truncate,
        compare_seek,  compare_allocation, compare_copy};
    struct pair file = pairs[draw(DESCRIPTORS)];
    if (file.host >= 0)
        calls[draw(sizeof calls / sizeof *calls)](file);
}
