// /dev/boxer: functions of the host, where this run has been given some. A write is a request,
// whole; what is read then is the size of its reply (four bytes, little-endian) and the reply.
//
// Invariants
// 1. One descriptor asks at a time: until it has read the whole reply, the others' writes are
// -EBUSY.
// 2. A host that gives no functions answers -ENXIO, and is asked for nothing else.
#include "fs/dev/asking.h"
#include "host/host.h"
#include "state.h"
#include "vfs/file.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <string.h>

static KERNEL_STATE struct file *asker; // null: nobody has a reply to read
static KERNEL_STATE uint64_t left;      // bytes of it; 0: its size has not been read

enum { HEAD = 4 };

static long ask(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    if (asker && asker != file)
        return -EBUSY;
    struct linux_iovec request = {(void *)buffer, size};
    asker = NULL;
    long result = host_transmit(BOXER_ASKING, &request, 1);
    if (result >= 0)
        asker = file;
    left = 0;
    return result == -EBADF ? -ENXIO : result;
}

static long read_reply(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    if (asker != file)
        return 0;
    if (!left && size < HEAD)
        return -EINVAL;
    struct linux_iovec room = {buffer, size};
    int truncated;
    long result = host_receive(BOXER_ASKING, &room, 1, 0, &truncated);
    uint32_t reply = 0;
    if (!left && result >= HEAD) {
        memcpy(&reply, buffer, HEAD);
        left = (uint64_t)reply + HEAD;
    }
    left -= result > 0 && (uint64_t)result <= left ? (uint64_t)result : left;
    if (!left)
        asker = NULL;
    return result;
}

static void forget(struct file *file) {
    if (asker == file)
        asker = NULL;
}

const struct file_ops asking_ops = {.read = read_reply, .write = ask, .release = forget};
