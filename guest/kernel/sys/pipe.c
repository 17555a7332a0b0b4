// pipe2(2).
#include "sys/pipe.h"
#include "ipc/pipe.h"
#include "mm/memory.h"
#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

long sys_pipe2(int *fds, int flags) {
    if ((uint32_t)flags & ~(O_NONBLOCK | O_DIRECT | O_CLOEXEC))
        return -EINVAL;
    if ((uint32_t)flags & O_DIRECT)
        return -EINVAL; // packet pipes: as a Linux before 3.4
    if (!fds || !user_range(fds, 2 * sizeof *fds))
        return -EFAULT;
    struct file *ends[2];
    int error = pipe_make((uint32_t)flags, ends);
    if (error)
        return error;
    int close_on_exec = ((uint32_t)flags & O_CLOEXEC) != 0;
    int first = fd_install(ends[0], 0, close_on_exec);
    int second = first < 0 ? first : fd_install(ends[1], 0, close_on_exec);
    if (second < 0) {
        if (first >= 0)
            fd_close(first);
        else
            file_put(ends[0]);
        file_put(ends[1]);
        return second;
    }
    fds[0] = first;
    fds[1] = second;
    return 0;
}
