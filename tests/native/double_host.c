// A host without a world: virtual time, stdio in memory, entropy that counts.
#include "check.h"
#include "double_network.h"
#include "host/host.h"

#include <stdlib.h>
#include <string.h>

int64_t host_now = 1000000000;
char host_output[3][65536];
size_t host_output_size[3];
const char *host_input;
int host_terminal, host_polls;

int64_t host_clock(int realtime) {
    return realtime ? 1700000000ll * 1000000000 + host_now : host_now;
}

int64_t host_clock_resolution(int realtime) {
    (void)realtime;
    return 1000;
}

int host_random(void *buffer, size_t size) {
    static unsigned char next;
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)buffer)[i] = ++next;
    return 0;
}

void host_exit(int status) {
    _exit(status);
}

void host_abort(void) {
    printf("host_abort: a broken invariant\n");
    abort();
}

static int is_ready(const struct host_poll *poll) {
    if (poll->hfd > 2)
        return network_ready(poll->hfd, poll->want_write);
    return poll->want_write ? poll->hfd > 0 : poll->hfd == 0 && host_input != NULL;
}

int host_poll(struct host_poll *polls, size_t count, int64_t timeout_ns) {
    int ready = 0;
    for (size_t i = 0; i < count; i++)
        ready += polls[i].ready = is_ready(&polls[i]);
    if (!ready && timeout_ns < 0) {
        printf("host_poll: would wait for ever\n");
        abort();
    }
    if (!ready && timeout_ns > 0) {
        host_now += timeout_ns;
        host_polls++;
    }
    return ready;
}

long host_read(int hfd, void *buffer, size_t size) {
    if (hfd != 0)
        return network_has(hfd) ? network_events(buffer, size) : -EBADF;
    if (!host_input)
        return 0;
    size_t left = strlen(host_input);
    size = size < left ? size : left;
    memcpy(buffer, host_input, size);
    host_input = left == size ? NULL : host_input + size;
    return (long)size;
}

long host_write(int hfd, const void *buffer, size_t size) {
    if (hfd < 1 || hfd > 2)
        return -EBADF;
    size_t room = sizeof host_output[hfd] - host_output_size[hfd];
    size_t part = size < room ? size : room;
    memcpy(host_output[hfd] + host_output_size[hfd], buffer, part);
    host_output_size[hfd] += part;
    return (long)size;
}

int host_fdkind(int hfd, enum host_kind *kind, int *append_nonblock) {
    *append_nonblock = 0;
    if (hfd > 2 && network_has(hfd)) {
        *kind = network_kind(hfd) == 5 ? HOST_DATAGRAMS : HOST_SOCKET;
        return 0;
    }
    if (hfd < 0 || hfd > 2)
        return -EBADF;
    *kind = host_terminal ? HOST_CHARACTER : HOST_UNKNOWN;
    *append_nonblock = 0;
    return 0;
}

static const char *const arguments[] = {"box", "first", ""};

int host_args_sizes(size_t *count, size_t *bytes) {
    *count = 3;
    *bytes = sizeof "box" + sizeof "first" + sizeof "";
    return 0;
}

int host_args(char **argv, char *buffer) {
    for (int i = 0; i < 3; i++) {
        argv[i] = buffer;
        strcpy(buffer, arguments[i]);
        buffer += strlen(buffer) + 1;
    }
    return 0;
}

int host_environ_sizes(size_t *count, size_t *bytes) {
    *count = *bytes = 0;
    return 0;
}

int host_environ(char **envp, char *buffer) {
    (void)envp, (void)buffer;
    return 0;
}

struct boxer_boot boxer_boot = {.magic = BOXER_BOOT_MAGIC, .abi = BOXER_KERNEL_ABI};
