// Prints system calls.
//
// A call's arguments are described by letters, one each:
//   d decimal  x hexadecimal  o octal  p pointer  s string  a directory descriptor  n size
//   w bytes going in (the next argument is their size)  r bytes coming out (the result is their
//   size) l L the halves of a 64-bit number  v vectors going in  i two descriptors coming out
//   Capitals: names of trace_names.c.
#include "trace.h"
#include "trace_names.h"
#include "host.h"
#include "memory.h"
#include "syscall.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_syscalls.h>
#include <string.h>

#define SHOWN 32 // bytes of a string or buffer, as strace -s 32

struct call {
    int number;
    const char *name, *arguments;
};

static const struct call known[] = {
    {NR_openat, "openat", "asOo"},
    {NR_openat2, "openat2", "aspn"},
    {NR_close, "close", "d"},
    {NR_close_range, "close_range", "ddx"},
    {NR_read, "read", "drn"},
    {NR_write, "write", "dwn"},
    {NR_pread64, "pread64", "drnlL"},
    {NR_pwrite64, "pwrite64", "dwnlL"},
    {NR_readv, "readv", "dpd"},
    {NR_writev, "writev", "dvd"},
    {NR__llseek, "_llseek", "dddpW"},
    {NR_sendfile64, "sendfile64", "ddpn"},
    {NR_copy_file_range, "copy_file_range", "dpdpnx"},
    {NR_statx, "statx", "asTxp"},
    {NR_statfs64, "statfs64", "snp"},
    {NR_getdents64, "getdents64", "dpn"},
    {NR_getcwd, "getcwd", "rn"},
    {NR_chdir, "chdir", "s"},
    {NR_fchdir, "fchdir", "d"},
    {NR_mkdirat, "mkdirat", "aso"},
    {NR_mknodat, "mknodat", "asox"},
    {NR_unlinkat, "unlinkat", "asT"},
    {NR_renameat2, "renameat2", "asasx"},
    {NR_linkat, "linkat", "asasT"},
    {NR_symlinkat, "symlinkat", "sas"},
    {NR_readlinkat, "readlinkat", "asrn"},
    {NR_faccessat, "faccessat", "asA"},
    {NR_faccessat2, "faccessat2", "asAT"},
    {NR_fchmodat, "fchmodat", "aso"},
    {NR_fchmod, "fchmod", "do"},
    {NR_fchownat, "fchownat", "asddT"},
    {NR_fchown, "fchown", "ddd"},
    {NR_utimensat_time64, "utimensat_time64", "aspT"},
    {NR_truncate64, "truncate64", "slL"},
    {NR_ftruncate64, "ftruncate64", "dlL"},
    {NR_fallocate, "fallocate", "dxlLlL"},
    {NR_fsync, "fsync", "d"},
    {NR_flock, "flock", "dx"},
    {NR_fcntl64, "fcntl64", "dCx"},
    {NR_ioctl, "ioctl", "dxp"},
    {NR_dup, "dup", "d"},
    {NR_dup3, "dup3", "ddO"},
    {NR_pipe2, "pipe2", "iO"},
    {NR_mmap2, "mmap2", "pnPMdx"},
    {NR_munmap, "munmap", "pn"},
    {NR_mremap, "mremap", "pnnxp"},
    {NR_mprotect, "mprotect", "pnP"},
    {NR_madvise, "madvise", "pnd"},
    {NR_brk, "brk", "p"},
    {NR_socket, "socket", "DYd"},
    {NR_socketpair, "socketpair", "DYdi"},
    {NR_bind, "bind", "dpd"},
    {NR_connect, "connect", "dpd"},
    {NR_listen, "listen", "dd"},
    {NR_accept4, "accept4", "dppY"},
    {NR_sendto, "sendto", "dwnxpd"},
    {NR_recvfrom, "recvfrom", "drnxpp"},
    {NR_shutdown, "shutdown", "dd"},
    {NR_setsockopt, "setsockopt", "dddpd"},
    {NR_getsockopt, "getsockopt", "dddpp"},
    {NR_ppoll_time64, "ppoll_time64", "pdppd"},
    {NR_pselect6_time64, "pselect6_time64", "dppppp"},
    {NR_epoll_create1, "epoll_create1", "O"},
    {NR_epoll_ctl, "epoll_ctl", "dEdp"},
    {NR_epoll_pwait, "epoll_pwait", "dpddpd"},
    {NR_eventfd2, "eventfd2", "dO"},
    {NR_timerfd_create, "timerfd_create", "KO"},
    {NR_memfd_create, "memfd_create", "sx"},
    {NR_getxattr, "getxattr", "ssrn"},
    {NR_setxattr, "setxattr", "sswnx"},
    {NR_listxattr, "listxattr", "srn"},
    {NR_clock_gettime64, "clock_gettime64", "Kp"},
    {NR_clock_nanosleep_time64, "clock_nanosleep_time64", "Kxpp"},
    {NR_rt_sigaction, "rt_sigaction", "Gppd"},
    {NR_rt_sigprocmask, "rt_sigprocmask", "Qppd"},
    {NR_kill, "kill", "dG"},
    {NR_tkill, "tkill", "dG"},
    {NR_tgkill, "tgkill", "ddG"},
    {NR_getrandom, "getrandom", "pnx"},
    {NR_futex_time64, "futex_time64", "pxdp"},
    {NR_umask, "umask", "o"},
    {NR_uname, "uname", "p"},
    {NR_prlimit64, "prlimit64", "ddpp"},
    {NR_setuid, "setuid", "d"},
    {NR_setgid, "setgid", "d"},
    {NR_getpid, "getpid", ""},
    {NR_getppid, "getppid", ""},
    {NR_gettid, "gettid", ""},
    {NR_getuid, "getuid", ""},
    {NR_geteuid, "geteuid", ""},
    {NR_getgid, "getgid", ""},
    {NR_getegid, "getegid", ""},
    {NR_exit, "exit", "d"},
    {NR_exit_group, "exit_group", "d"},
};

static void put_signed(struct line *line, int64_t value) {
    line_number(line, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0);
}

static void put_prefixed(struct line *line, const char *prefix, uint64_t value, unsigned base) {
    line_put(line, value ? prefix : "");
    line_number(line, value, base, 0);
}

#define ESCAPED "\n\t\r\\\""
#define ESCAPES "ntr\\\""

// Control characters never reach the host's terminal.
static void put_bytes(struct line *line, const char *bytes, size_t size) {
    line_put(line, "\"");
    for (size_t i = 0; i < size && i < SHOWN; i++) {
        unsigned char c = (unsigned char)bytes[i];
        const char *escape = strchr(ESCAPED, c);
        if (c && escape) {
            line_put(line, (char[]){'\\', ESCAPES[escape - ESCAPED], 0});
        } else if (c < ' ' || c > '~') {
            line_put(line, "\\x");
            line_number(line, c >> 4, 16, 0);
            line_number(line, c & 15, 16, 0);
        } else {
            line_put(line, (char[]){(char)c, 0});
        }
    }
    line_put(line, size > SHOWN ? "\"..." : "\"");
}

static void put_pointer(struct line *line, long value) {
    if (value)
        put_prefixed(line, "0x", (unsigned long)value, 16);
    else
        line_put(line, "NULL");
}

static void put_vectors(struct line *line, const struct linux_iovec *vectors, int count) {
    if (count < 0 || !user_range(vectors, (size_t)count * sizeof *vectors)) {
        put_pointer(line, (long)vectors);
        return;
    }
    line_put(line, "[");
    for (int i = 0; i < count; i++) {
        line_put(line, i ? ", {" : "{");
        if (user_range(vectors[i].base, vectors[i].size))
            put_bytes(line, vectors[i].base, vectors[i].size);
        line_put(line, ", ");
        line_number(line, vectors[i].size, 10, 0);
        line_put(line, "}");
    }
    line_put(line, "]");
}

static void put_pair(struct line *line, const int *fds, long result) {
    if (result < 0 || !user_range(fds, 2 * sizeof *fds)) {
        put_pointer(line, (long)fds);
        return;
    }
    line_put(line, "[");
    put_signed(line, fds[0]);
    line_put(line, ", ");
    put_signed(line, fds[1]);
    line_put(line, "]");
}

static void put_argument(struct line *line, char kind, const long *arguments, int i, long result) {
    long value = arguments[i];
    const char *bytes = (const char *)value;
    switch (kind) {
    case 'd':
        put_signed(line, (int)value);
        break;
    case 'n':
        line_number(line, (unsigned long)value, 10, 0);
        break;
    case 'o':
        put_prefixed(line, "0", (uint32_t)value, 8);
        break;
    case 'a':
        (int)value == AT_FDCWD ? line_put(line, "AT_FDCWD") : put_signed(line, (int)value);
        break;
    case 's':
        user_range(bytes, 1) && bytes ? put_bytes(line, bytes, strlen(bytes))
                                      : put_pointer(line, value);
        break;
    case 'w':
    case 'r': {
        size_t size = kind == 'w' ? (size_t)arguments[i + 1] : result > 0 ? (size_t)result : 0;
        bytes &&user_range(bytes, size) ? put_bytes(line, bytes, size) : put_pointer(line, value);
        break;
    }
    case 'l':
        put_signed(line, (int64_t)((uint64_t)(uint32_t)value | (uint64_t)(uint32_t)arguments[i + 1]
                                                                   << 32));
        break;
    case 'v':
        put_vectors(line, (const struct linux_iovec *)value, (int)arguments[i + 1]);
        break;
    case 'i':
        put_pair(line, (const int *)value, result);
        break;
    case 'p':
        put_pointer(line, value);
        break;
    default:
        if (!line_names(line, kind, (uint32_t)value))
            put_prefixed(line, "0x", (uint32_t)value, 16);
    }
}

static const char *any_name(long number) {
    switch (number) {
#define NAME(name, number)                                                                         \
    case number:                                                                                   \
        return #name;
        LINUX_SYSCALLS(NAME)
#undef NAME
    default:
        return "syscall";
    }
}

static const char *error_name(long error) {
    switch (error) {
#define NAME(name, number)                                                                         \
    case number:                                                                                   \
        return #name;
        LINUX_ERRNO_NAMES(NAME)
#undef NAME
    default:
        return "?";
    }
}

static void put_result(struct line *line, const struct call *call, long result) {
    line_put(line, ") = ");
    if (call && (call->number == NR_exit_group || call->number == NR_exit)) {
        line_put(line, "?");
    } else if (result < 0 && result >= -4095) {
        line_put(line, "-1 ");
        line_put(line, error_name(-result));
        line_put(line, " (");
        line_put(line, strerror((int)-result));
        line_put(line, ")");
    } else if (call &&
               (call->number == NR_mmap2 || call->number == NR_mremap || call->number == NR_brk)) {
        put_pointer(line, result);
    } else {
        put_signed(line, result);
    }
}

// Only then has openat a mode.
static int makes(long flags) {
    return (flags & O_CREAT) || ((uint32_t)flags & O_TMPFILE) == O_TMPFILE;
}

static void show(long number, const long arguments[6], long result) {
    struct line line = {.size = 0};
    const struct call *call = NULL;
    for (size_t i = 0; !call && i < sizeof known / sizeof *known; i++)
        if (known[i].number == number)
            call = &known[i];
    line_put(&line, call ? call->name : any_name(number));
    line_put(&line, "(");
    const char *kinds = call ? call->arguments : "xxxxxx";
    for (int i = 0; kinds[i]; i++) {
        if (kinds[i] == 'L' || (number == NR_openat && i == 3 && !makes(arguments[2])))
            continue;
        line_put(&line, i ? ", " : "");
        put_argument(&line, kinds[i], arguments, i, result);
    }
    put_result(&line, call, result);
    line_put(&line, "\n");
    host_write(2, line.text, line.size);
}

void trace_start(void) {
    boxer_trace = show;
}

void trace_stop(void) {
    boxer_trace = NULL;
}
