// pathconf(3), fpathconf(3): the same answers for every file, but a descriptor has to be one.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

// musl's pathconf calls it with descriptor -1.
long fpathconf(int fd, int name) {
    if (fd != -1 && fcntl(fd, F_GETFD) < 0)
        return -1;
    switch (name) {
    case _PC_LINK_MAX:
        return _POSIX_LINK_MAX;
    case _PC_MAX_CANON:
    case _PC_MAX_INPUT:
    case _PC_NAME_MAX:
        return NAME_MAX;
    case _PC_PATH_MAX:
        return PATH_MAX;
    case _PC_PIPE_BUF:
        return PIPE_BUF;
    case _PC_CHOWN_RESTRICTED:
    case _PC_NO_TRUNC:
    case _PC_SYNC_IO:
    case _PC_2_SYMLINKS:
        return 1;
    case _PC_VDISABLE:
        return 0;
    case _PC_FILESIZEBITS:
        return FILESIZEBITS;
    case _PC_REC_INCR_XFER_SIZE:
    case _PC_REC_MAX_XFER_SIZE:
    case _PC_REC_MIN_XFER_SIZE:
    case _PC_REC_XFER_ALIGN:
    case _PC_ALLOC_SIZE_MIN:
        return 4096;
    case _PC_ASYNC_IO:
    case _PC_PRIO_IO:
    case _PC_SOCK_MAXBUF:
    case _PC_SYMLINK_MAX:
        return -1;
    default:
        errno = EINVAL;
        return -1;
    }
}
