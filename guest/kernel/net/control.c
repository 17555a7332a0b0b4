// Control messages: descriptors and credentials of AF_UNIX (cmsg(3), unix(7)); what IP says is
// ancillary.c's.
//
// Difference from Linux: a socket sent over itself keeps itself alive until the process ends; there
// is no collector for such cycles.
#include "net/control.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "net/ancillary.h"
#include "net/queue.h"
#include "net/socket.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

#define ALIGN(size) (((size) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define HEAD ALIGN(sizeof(struct linux_cmsghdr))

static int take_rights(const char *data, size_t size, struct message *message) {
    unsigned count = (unsigned)(size / sizeof(int));
    if (count > RIGHTS_MOST - message->file_count)
        return -EINVAL;
    if (count == 0)
        return 0;
    struct file **files = krealloc(message->files, (message->file_count + count) * sizeof *files);
    if (!files)
        return -ENOMEM;
    message->files = files;
    for (unsigned i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, data + i * sizeof fd, sizeof fd);
        struct file *file = fd_file(fd);
        if (!file)
            return -EBADF;
        file_get(file);
        files[message->file_count++] = file;
    }
    return 0;
}

// Only the truth may be said, or by root anything: the sender is the current process.
static int check_credentials(const char *data, size_t size) {
    struct linux_ucred claimed;
    if (size != sizeof claimed)
        return -EINVAL;
    memcpy(&claimed, data, sizeof claimed);
    const struct credentials *who = current_cred();
    int own = claimed.pid == current->process->pid &&
              (claimed.uid == who->ruid || claimed.uid == who->euid) &&
              (claimed.gid == who->rgid || claimed.gid == who->egid);
    return own || who->euid == 0 ? 0 : -EPERM;
}

static int read_one(struct socket *socket, const struct linux_cmsghdr *head, const char *data,
                    size_t size, struct message *message) {
    if (socket->family == LINUX_AF_INET || socket->family == LINUX_AF_INET6)
        return ancillary_read(socket, head, data, size, message);
    if (socket->family != LINUX_AF_UNIX || head->level != LINUX_SOL_SOCKET)
        return socket->family == LINUX_AF_UNIX ? 0 : -EINVAL;
    if (head->type == LINUX_SCM_RIGHTS)
        return take_rights(data, size, message);
    return head->type == LINUX_SCM_CREDENTIALS ? check_credentials(data, size) : -EINVAL;
}

int control_read(struct socket *socket, const struct linux_msghdr *header,
                 struct message *message) {
    size_t left = header->control ? header->control_size : 0;
    const char *at = header->control;
    if (left && !user_range(at, left))
        return -EFAULT;
    while (left >= sizeof(struct linux_cmsghdr)) {
        struct linux_cmsghdr head;
        memcpy(&head, at, sizeof head);
        int error = head.size < sizeof head || head.size > left
                        ? -EINVAL
                        : read_one(socket, &head, at + HEAD, head.size - HEAD, message);
        if (error) {
            message_drop_files(message);
            return error;
        }
        size_t step = ALIGN(head.size);
        if (step >= left)
            break;
        at += step;
        left -= step;
    }
    return 0;
}

// Appends one control message, cut where the room ends; 0: no room even for its head.
static size_t put(struct linux_msghdr *header, size_t used, int level, int type, const void *data,
                  size_t size, struct message *message) {
    struct linux_cmsghdr head = {.size = HEAD + size, .level = level, .type = type};
    size_t room = header->control_size > used ? header->control_size - used : 0;
    if (room < head.size)
        message->out_flags |= LINUX_MSG_CTRUNC;
    if (room < HEAD)
        return 0;
    head.size = head.size < room ? head.size : room;
    memcpy((char *)header->control + used, &head, sizeof head);
    memcpy((char *)header->control + used + HEAD, data, head.size - HEAD);
    size_t end = used + ALIGN(HEAD + size);
    return end < header->control_size ? end : header->control_size;
}

static size_t give_rights(struct linux_msghdr *header, size_t used, struct message *message) {
    size_t room = header->control_size > used + HEAD ? header->control_size - used - HEAD : 0;
    unsigned fit = room / sizeof(int) < message->file_count ? (unsigned)(room / sizeof(int))
                                                            : message->file_count;
    int fds[RIGHTS_MOST];
    unsigned given = 0;
    while (given < fit) {
        int fd =
            fd_install(message->files[given], 0, (message->flags & LINUX_MSG_CMSG_CLOEXEC) != 0);
        if (fd < 0)
            break;
        fds[given++] = fd;
    }
    if (given < message->file_count)
        message->out_flags |= LINUX_MSG_CTRUNC;
    memmove(message->files, message->files + given,
            (message->file_count - given) * sizeof *message->files);
    message->file_count -= given;
    size_t end = given ? put(header, used, LINUX_SOL_SOCKET, LINUX_SCM_RIGHTS, fds,
                             given * sizeof *fds, message)
                       : 0;
    return end ? end : used;
}

struct writing {
    struct linux_msghdr *header;
    struct message *message;
    size_t used;
};

static void put_next(void *state, int level, int type, const void *data, size_t size) {
    struct writing *writing = state;
    size_t end = put(writing->header, writing->used, level, type, data, size, writing->message);
    writing->used = end ? end : writing->used;
}

void control_write(struct socket *socket, struct linux_msghdr *header, struct message *message) {
    if (!header->control)
        header->control_size = 0;
    struct writing writing = {header, message, 0};
    if (socket->pass_credentials)
        put_next(&writing, LINUX_SOL_SOCKET, LINUX_SCM_CREDENTIALS, &message->sender,
                 sizeof message->sender);
    if (socket->family == LINUX_AF_INET || socket->family == LINUX_AF_INET6)
        ancillary_write(socket, message, put_next, &writing);
    size_t used = writing.used;
    if (message->file_count)
        used = give_rights(header, used, message);
    if (message->flags & LINUX_MSG_CMSG_CLOEXEC)
        message->out_flags |= LINUX_MSG_CMSG_CLOEXEC;
    header->control_size = used;
}

void message_drop_files(struct message *message) {
    for (unsigned i = 0; i < message->file_count; i++)
        file_put(message->files[i]);
    kfree(message->files);
    message->files = NULL;
    message->file_count = 0;
}
