// Lines of a trace: what a number is called.
//
// A kind is a table. Of flags the first row whose mask is wider than one bit is a field
// (O_ACCMODE); the rest are bits; what has no name follows in hexadecimal.
#include "trace/names.h"
#include "host/line.h"

#include <boxer/linux_file.h>

struct named {
    uint32_t mask, value;
    const char *name;
};
#define BIT(flag) {flag, flag, #flag}
#define EXACTLY(value) {UINT32_MAX, value, #value}
#define CALLED(value, name) {UINT32_MAX, value, name}
#define END {0, 0, NULL}

// 0100000, O_LARGEFILE, is in all of musl's calls: shown, it would only be noise.
static const struct named open_flags[] = {{O_ACCMODE, O_RDONLY, "O_RDONLY"},
                                          {O_ACCMODE, O_WRONLY, "O_WRONLY"},
                                          {O_ACCMODE, O_RDWR, "O_RDWR"},
                                          BIT(O_CREAT),
                                          BIT(O_EXCL),
                                          BIT(O_NOCTTY),
                                          BIT(O_TRUNC),
                                          BIT(O_APPEND),
                                          BIT(O_NONBLOCK),
                                          BIT(O_DIRECT),
                                          {0100000, 0100000, ""},
                                          BIT(O_TMPFILE),
                                          BIT(O_DIRECTORY),
                                          BIT(O_NOFOLLOW),
                                          BIT(O_NOATIME),
                                          BIT(O_CLOEXEC),
                                          BIT(O_PATH),
                                          END};
static const struct named path_flags[] = {
    BIT(AT_SYMLINK_NOFOLLOW), {0x200, 0x200, "AT_REMOVEDIR"},    BIT(AT_SYMLINK_FOLLOW),
    BIT(AT_EMPTY_PATH),       {0x800, 0x800, "AT_NO_AUTOMOUNT"}, END};
static const struct named access_modes[] = {
    CALLED(0, "F_OK"), {4, 4, "R_OK"}, {2, 2, "W_OK"}, {1, 1, "X_OK"}, END};
static const struct named protections[] = {
    CALLED(0, "PROT_NONE"), {1, 1, "PROT_READ"}, {2, 2, "PROT_WRITE"}, {4, 4, "PROT_EXEC"}, END};
static const struct named map_flags[] = {
    {15, 1, "MAP_SHARED"},           {15, 2, "MAP_PRIVATE"},
    {15, 3, "MAP_SHARED_VALIDATE"},  {16, 16, "MAP_FIXED"},
    {32, 32, "MAP_ANONYMOUS"},       {0x4000, 0x4000, "MAP_NORESERVE"},
    {0x20000, 0x20000, "MAP_STACK"}, END};
static const struct named whences[] = {EXACTLY(SEEK_SET),  EXACTLY(SEEK_CUR),  EXACTLY(SEEK_END),
                                       EXACTLY(SEEK_DATA), EXACTLY(SEEK_HOLE), END};
static const struct named file_commands[] = {EXACTLY(F_DUPFD),
                                             EXACTLY(F_GETFD),
                                             EXACTLY(F_SETFD),
                                             EXACTLY(F_GETFL),
                                             EXACTLY(F_SETFL),
                                             CALLED(F_GETLK64, "F_GETLK"),
                                             CALLED(F_SETLK64, "F_SETLK"),
                                             CALLED(F_SETLKW64, "F_SETLKW"),
                                             EXACTLY(F_OFD_GETLK),
                                             EXACTLY(F_OFD_SETLK),
                                             EXACTLY(F_OFD_SETLKW),
                                             EXACTLY(F_DUPFD_CLOEXEC),
                                             EXACTLY(F_GETPIPE_SZ),
                                             EXACTLY(F_SETPIPE_SZ),
                                             EXACTLY(F_ADD_SEALS),
                                             EXACTLY(F_GET_SEALS),
                                             END};
static const struct named signals[] = {CALLED(1, "SIGHUP"),
                                       CALLED(2, "SIGINT"),
                                       CALLED(3, "SIGQUIT"),
                                       CALLED(4, "SIGILL"),
                                       CALLED(5, "SIGTRAP"),
                                       CALLED(6, "SIGABRT"),
                                       CALLED(7, "SIGBUS"),
                                       CALLED(8, "SIGFPE"),
                                       CALLED(9, "SIGKILL"),
                                       CALLED(10, "SIGUSR1"),
                                       CALLED(11, "SIGSEGV"),
                                       CALLED(12, "SIGUSR2"),
                                       CALLED(13, "SIGPIPE"),
                                       CALLED(14, "SIGALRM"),
                                       CALLED(15, "SIGTERM"),
                                       CALLED(17, "SIGCHLD"),
                                       CALLED(18, "SIGCONT"),
                                       CALLED(19, "SIGSTOP"),
                                       CALLED(20, "SIGTSTP"),
                                       CALLED(21, "SIGTTIN"),
                                       CALLED(22, "SIGTTOU"),
                                       CALLED(23, "SIGURG"),
                                       CALLED(24, "SIGXCPU"),
                                       CALLED(25, "SIGXFSZ"),
                                       CALLED(26, "SIGVTALRM"),
                                       CALLED(27, "SIGPROF"),
                                       CALLED(28, "SIGWINCH"),
                                       CALLED(29, "SIGIO"),
                                       CALLED(30, "SIGPWR"),
                                       CALLED(31, "SIGSYS"),
                                       END};
static const struct named mask_changes[] = {CALLED(0, "SIG_BLOCK"), CALLED(1, "SIG_UNBLOCK"),
                                            CALLED(2, "SIG_SETMASK"), END};
static const struct named clocks[] = {CALLED(0, "CLOCK_REALTIME"),
                                      CALLED(1, "CLOCK_MONOTONIC"),
                                      CALLED(2, "CLOCK_PROCESS_CPUTIME_ID"),
                                      CALLED(3, "CLOCK_THREAD_CPUTIME_ID"),
                                      CALLED(4, "CLOCK_MONOTONIC_RAW"),
                                      CALLED(7, "CLOCK_BOOTTIME"),
                                      END};
static const struct named families[] = {CALLED(0, "AF_UNSPEC"),   CALLED(1, "AF_UNIX"),
                                        CALLED(2, "AF_INET"),     CALLED(10, "AF_INET6"),
                                        CALLED(16, "AF_NETLINK"), END};
static const struct named socket_types[] = {{15, 1, "SOCK_STREAM"},
                                            {15, 2, "SOCK_DGRAM"},
                                            {15, 3, "SOCK_RAW"},
                                            {15, 5, "SOCK_SEQPACKET"},
                                            {O_CLOEXEC, O_CLOEXEC, "SOCK_CLOEXEC"},
                                            {O_NONBLOCK, O_NONBLOCK, "SOCK_NONBLOCK"},
                                            END};
static const struct named watches[] = {CALLED(1, "EPOLL_CTL_ADD"), CALLED(2, "EPOLL_CTL_DEL"),
                                       CALLED(3, "EPOLL_CTL_MOD"), END};

static const struct {
    char kind;
    const struct named *names;
} kinds[] = {{'O', open_flags},   {'T', path_flags}, {'A', access_modes},  {'P', protections},
             {'M', map_flags},    {'W', whences},    {'C', file_commands}, {'G', signals},
             {'Q', mask_changes}, {'K', clocks},     {'D', families},      {'Y', socket_types},
             {'E', watches}};

static void put_names(struct line *line, const struct named *at, uint32_t value) {
    uint32_t left = value;
    size_t start = line->size;
    for (; at->mask; at++) {
        // A row for no bits at all is for the whole value; a field's zero is a name.
        int hit = (value & at->mask) == at->value &&
                  (at->mask == UINT32_MAX || !at->value || (left & at->value) == at->value);
        if (!hit)
            continue;
        left &= ~at->mask;
        if (at->name[0] && line->size > start)
            line_put(line, "|");
        line_put(line, at->name);
    }
    if (left || line->size == start) {
        line_put(line, line->size > start ? "|" : "");
        line_put(line, left ? "0x" : "");
        line_number(line, left, 16, 0);
    }
}

int line_names(struct line *line, char kind, uint32_t value) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind) {
            put_names(line, kinds[i].names, value);
            return 1;
        }
    return 0;
}
