// A runtime that has one process: what fork and vfork answer there.
#include <errno.h>
#include <sys/types.h>

pid_t fork(void) {
    errno = ENOSYS;
    return -1;
}

pid_t vfork(void) {
    errno = ENOSYS;
    return -1;
}
