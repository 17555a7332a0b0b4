// Reading and writing: what is done when a file is not ready.
//
// Invariant: an operation that answers -EAGAIN is waited for here, unless O_NONBLOCK; nowhere else.
#include "vfs/io.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/file.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

static long move_once(struct file *file, int direction, void *buffer, size_t size, int64_t *pos) {
    return direction == READING ? file->ops->read(file, buffer, size, pos)
                                : file->ops->write(file, buffer, size, pos);
}

// One buffer; the file is kept alive while it waits (a handler may close it). A write goes on until
// all is in, as into pipes and streams on Linux; once some is, it never ends with an error.
long io_move(struct file *file, int direction, void *buffer, size_t size, int64_t *pos,
             int may_wait) {
    size_t done = 0;
    int64_t deadline = INT64_MAX;
    int waits = may_wait && !(file->flags & O_NONBLOCK), first = 1;
    int whole = waits && direction == WRITING && file->ops->poll;
    long result;
    file_get(file);
    for (;;) {
        result = move_once(file, direction, (char *)buffer + done, size - done, pos);
        if (result > 0 && whole && (size_t)result < size - done) {
            done += (size_t)result;
            continue;
        }
        if (result != -EAGAIN || !waits)
            break;
        if (first && file->ops->patience)
            deadline = file->ops->patience(file, direction == WRITING);
        first = 0;
        int error = done ? wait_more(file, io_event(direction), deadline)
                         : wait_file_until(file, io_event(direction), deadline);
        if (error) {
            result = error;
            break;
        }
    }
    file_put(file);
    result = result < 0 && done ? (long)done : result < 0 ? result : (long)done + result;
    struct transfers *sum = &current->process->transfers[direction];
    sum->bytes += result > 0 ? (uint64_t)result : 0;
    sum->calls++;
    return result;
}
