// poll(2) and select(2).
//
// Files are borrowed for the length of the call: no handler runs inside a wait, so nothing can
// close them meanwhile.
#include "sys/poll.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>
#include <string.h>

#define ON_STACK 32 // entries that need no allocation

// What select(2) calls readable, writable, exceptional.
#define SELECT_IN                                                                                  \
    (LINUX_POLLRDNORM | LINUX_POLLRDBAND | LINUX_POLLIN | LINUX_POLLHUP | LINUX_POLLERR)
#define SELECT_OUT (LINUX_POLLWRBAND | LINUX_POLLWRNORM | LINUX_POLLOUT | LINUX_POLLERR)
#define SELECT_EXCEPT LINUX_POLLPRI

int poll_deadline(const struct linux_timespec *timeout, int64_t *deadline) {
    int64_t ns;
    *deadline = INT64_MAX;
    if (!timeout)
        return 0;
    if (!user_range(timeout, sizeof *timeout))
        return -EFAULT;
    if (timespec_ns(timeout, &ns))
        return -EINVAL;
    *deadline = ns ? add_ns(clock_monotonic(), ns) : 0; // 0: long past, no need to ask the clock
    return 0;
}

static int poll_entries(struct linux_pollfd *fds, unsigned count, struct wait_entry *entries,
                        int64_t deadline) {
    int bad = 0;
    for (unsigned i = 0; i < count; i++) {
        struct file *file = fds[i].fd < 0 ? NULL : fd_file(fds[i].fd);
        entries[i] = (struct wait_entry){.file = file, .events = (uint16_t)fds[i].events};
        fds[i].revents = fds[i].fd >= 0 && !file ? LINUX_POLLNVAL : 0;
        bad += fds[i].revents != 0;
    }
    int ready = wait_many(entries, count, bad ? 0 : deadline);
    if (ready < 0)
        return ready;
    for (unsigned i = 0; i < count; i++)
        if (entries[i].file)
            fds[i].revents = (int16_t)entries[i].ready;
    return ready + bad;
}

long sys_ppoll(struct linux_pollfd *fds, unsigned count, const struct linux_timespec *timeout,
               const void *set, size_t set_size) {
    struct wait_entry few[ON_STACK], *entries = few;
    int64_t deadline;
    uint64_t mask = signal_mask();
    int error = poll_deadline(timeout, &deadline);
    if (error || (error = signal_mask_read(set, set_size, &mask)))
        return error;
    if (count > rlimit(LINUX_RLIMIT_NOFILE))
        return -EINVAL;
    if (count && !user_range(fds, count * sizeof *fds))
        return -EFAULT;
    if (count > ON_STACK && !(entries = kmalloc(count * sizeof *entries)))
        return -ENOMEM;
    uint64_t old = signal_mask_swap(mask);
    int ready = poll_entries(fds, count, entries, deadline);
    if (entries != few)
        kfree(entries);
    signal_mask_restore(old, ready == -EINTR);
    return ready;
}

#define WORD (8 * sizeof(unsigned long))

static int in_set(const unsigned long *set, int fd) {
    return set && set[(size_t)fd / WORD] >> ((size_t)fd % WORD) & 1;
}

static void put(unsigned long *set, int fd, int value) {
    unsigned long bit = 1ul << ((size_t)fd % WORD);
    if (set)
        set[(size_t)fd / WORD] =
            value ? set[(size_t)fd / WORD] | bit : set[(size_t)fd / WORD] & ~bit;
}

static unsigned wanted(const unsigned long *in, const unsigned long *out,
                       const unsigned long *except, int fd) {
    return (in_set(in, fd) ? SELECT_IN : 0) | (in_set(out, fd) ? SELECT_OUT : 0) |
           (in_set(except, fd) ? SELECT_EXCEPT : 0);
}

// Entries in descriptor order; how many, or -EBADF.
static int select_entries(int count, const unsigned long *in, const unsigned long *out,
                          const unsigned long *except, struct wait_entry *entries) {
    int used = 0;
    for (int fd = 0; fd < count; fd++) {
        unsigned events = wanted(in, out, except, fd);
        if (!events)
            continue;
        struct file *file = fd_file(fd);
        if (!file)
            return -EBADF;
        entries[used++] = (struct wait_entry){.file = file, .events = events};
    }
    return used;
}

static int select_results(int count, unsigned long *in, unsigned long *out, unsigned long *except,
                          const struct wait_entry *entry) {
    int bits = 0;
    for (int fd = 0; fd < count; fd++) {
        if (!wanted(in, out, except, fd))
            continue;
        int readable = in_set(in, fd) && (entry->ready & SELECT_IN);
        int writable = in_set(out, fd) && (entry->ready & SELECT_OUT);
        int exceptional = in_set(except, fd) && (entry->ready & SELECT_EXCEPT);
        put(in, fd, readable);
        put(out, fd, writable);
        put(except, fd, exceptional);
        bits += readable + writable + exceptional;
        entry++;
    }
    return bits;
}

static int set_usable(const unsigned long *set, int count) {
    return !set || user_range(set, ((size_t)count + WORD - 1) / WORD * sizeof *set);
}

static int wait_select(int count, unsigned long *in, unsigned long *out, unsigned long *except,
                       int64_t deadline) {
    struct wait_entry few[ON_STACK], *entries = few;
    if (count > ON_STACK && !(entries = kmalloc((size_t)count * sizeof *entries)))
        return -ENOMEM;
    int used = select_entries(count, in, out, except, entries);
    int ready = used < 0 ? used : wait_many(entries, (unsigned)used, deadline);
    if (ready >= 0)
        ready = select_results(count, in, out, except, entries);
    if (entries != few)
        kfree(entries);
    return ready;
}

static void remaining(struct linux_timespec *timeout, int64_t deadline) {
    int64_t left = deadline ? deadline - clock_monotonic() : 0;
    ns_timespec(left > 0 ? left : 0, timeout);
}

long sys_pselect6(int count, unsigned long *in, unsigned long *out, unsigned long *except,
                  struct linux_timespec *timeout, const void *mask_and_size) {
    int64_t deadline;
    uint64_t mask = signal_mask();
    unsigned long pair[2] = {0, sizeof mask};
    if (mask_and_size && !user_range(mask_and_size, sizeof pair))
        return -EFAULT;
    if (mask_and_size)
        memcpy(pair, mask_and_size, sizeof pair);
    int error = poll_deadline(timeout, &deadline);
    if (error || (error = signal_mask_read((const void *)pair[0], pair[1], &mask)))
        return error;
    if (count < 0)
        return -EINVAL;
    uint64_t most = current->process->limits[LINUX_RLIMIT_NOFILE].hard;
    if ((uint64_t)count > most)
        count = (int)most; // no descriptor lies beyond
    if (!set_usable(in, count) || !set_usable(out, count) || !set_usable(except, count))
        return -EFAULT;
    uint64_t old = signal_mask_swap(mask);
    int ready = wait_select(count, in, out, except, deadline);
    signal_mask_restore(old, ready == -EINTR);
    if (timeout)
        remaining(timeout, deadline);
    return ready;
}
