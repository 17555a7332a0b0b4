// Prints system calls.
//
// A call's arguments are described by letters, one each:
//   d decimal  x hexadecimal  o octal  p pointer  s string  a directory descriptor  n size
//   w bytes going in (the next argument is their size)  r bytes coming out (the result is their
//   size) l L the halves of a 64-bit number
#include "trace.h"
#include "host.h"
#include "memory.h"
#include "syscall.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_syscalls.h>
#include <string.h>

#define LINE 512
#define SHOWN 32 // bytes of a string or buffer, as strace -s 32

struct line {
    char text[LINE];
    size_t size;
};

struct call {
    int number;
    const char *name, *arguments;
};

static const struct call known[] = {
    {NR_openat, "openat", "asxo"},
    {NR_close, "close", "d"},
    {NR_read, "read", "drn"},
    {NR_write, "write", "dwn"},
    {NR_pread64, "pread64", "drnlL"},
    {NR_pwrite64, "pwrite64", "dwnlL"},
    {NR_readv, "readv", "dpd"},
    {NR_writev, "writev", "dpd"},
    {NR__llseek, "_llseek", "dddpd"},
    {NR_statx, "statx", "asxxp"},
    {NR_getdents64, "getdents64", "dpn"},
    {NR_getcwd, "getcwd", "rn"},
    {NR_chdir, "chdir", "s"},
    {NR_mkdirat, "mkdirat", "aso"},
    {NR_unlinkat, "unlinkat", "asx"},
    {NR_renameat2, "renameat2", "asasx"},
    {NR_linkat, "linkat", "asasx"},
    {NR_symlinkat, "symlinkat", "sas"},
    {NR_readlinkat, "readlinkat", "asrn"},
    {NR_faccessat, "faccessat", "aso"},
    {NR_faccessat2, "faccessat2", "asox"},
    {NR_fchmodat, "fchmodat", "aso"},
    {NR_fchmod, "fchmod", "do"},
    {NR_fchownat, "fchownat", "asddx"},
    {NR_ftruncate64, "ftruncate64", "dlL"},
    {NR_fcntl64, "fcntl64", "ddx"},
    {NR_ioctl, "ioctl", "dxp"},
    {NR_dup, "dup", "d"},
    {NR_dup3, "dup3", "ddx"},
    {NR_pipe2, "pipe2", "px"},
    {NR_mmap2, "mmap2", "pnxxdx"},
    {NR_munmap, "munmap", "pn"},
    {NR_mremap, "mremap", "pnnxp"},
    {NR_mprotect, "mprotect", "pnx"},
    {NR_madvise, "madvise", "pnd"},
    {NR_brk, "brk", "p"},
    {NR_socket, "socket", "ddd"},
    {NR_bind, "bind", "dpd"},
    {NR_connect, "connect", "dpd"},
    {NR_listen, "listen", "dd"},
    {NR_accept4, "accept4", "dppx"},
    {NR_sendto, "sendto", "dwnxpd"},
    {NR_recvfrom, "recvfrom", "drnxpp"},
    {NR_shutdown, "shutdown", "dd"},
    {NR_setsockopt, "setsockopt", "dddpd"},
    {NR_getsockopt, "getsockopt", "dddpp"},
    {NR_ppoll_time64, "ppoll_time64", "pdppd"},
    {NR_pselect6_time64, "pselect6_time64", "dppppp"},
    {NR_epoll_create1, "epoll_create1", "x"},
    {NR_epoll_ctl, "epoll_ctl", "dddp"},
    {NR_epoll_pwait, "epoll_pwait", "dpddpd"},
    {NR_eventfd2, "eventfd2", "dx"},
    {NR_clock_gettime64, "clock_gettime64", "dp"},
    {NR_clock_nanosleep_time64, "clock_nanosleep_time64", "dxpp"},
    {NR_rt_sigaction, "rt_sigaction", "dppd"},
    {NR_rt_sigprocmask, "rt_sigprocmask", "dppd"},
    {NR_kill, "kill", "dd"},
    {NR_tkill, "tkill", "dd"},
    {NR_getrandom, "getrandom", "pnx"},
    {NR_futex_time64, "futex_time64", "pxdp"},
    {NR_umask, "umask", "o"},
    {NR_getpid, "getpid", ""},
    {NR_gettid, "gettid", ""},
    {NR_getuid, "getuid", ""},
    {NR_geteuid, "geteuid", ""},
    {NR_getgid, "getgid", ""},
    {NR_getegid, "getegid", ""},
};

static void put(struct line *line, const char *text) {
    for (; *text && line->size < LINE - 2; text++)
        line->text[line->size++] = *text;
}

static void put_number(struct line *line, uint64_t value, unsigned base, int negative) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base));
    if (negative)
        digits[--at] = '-';
    put(line, digits + at);
}

static void put_signed(struct line *line, int64_t value) {
    put_number(line, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0);
}

static void put_prefixed(struct line *line, const char *prefix, uint64_t value, unsigned base) {
    put(line, value ? prefix : "");
    put_number(line, value, base, 0);
}

// Control characters never reach the host's terminal.
static void put_bytes(struct line *line, const char *bytes, size_t size) {
    put(line, "\"");
    for (size_t i = 0; i < size && i < SHOWN; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\n' || c == '\\' || c == '"') {
            put(line, c == '\n' ? "\\n" : c == '"' ? "\\\"" : "\\\\");
        } else if (c < ' ' || c > '~') {
            put(line, "\\x");
            put_number(line, c >> 4, 16, 0);
            put_number(line, c & 15, 16, 0);
        } else {
            put(line, (char[]){(char)c, 0});
        }
    }
    put(line, size > SHOWN ? "\"..." : "\"");
}

static void put_pointer(struct line *line, long value) {
    if (value)
        put_prefixed(line, "0x", (unsigned long)value, 16);
    else
        put(line, "NULL");
}

static void put_argument(struct line *line, char kind, const long *arguments, int i, long result) {
    long value = arguments[i];
    const char *bytes = (const char *)value;
    switch (kind) {
    case 'd':
        put_signed(line, (int)value);
        break;
    case 'n':
        put_number(line, (unsigned long)value, 10, 0);
        break;
    case 'o':
        put_prefixed(line, "0", (uint32_t)value, 8);
        break;
    case 'a':
        (int)value == AT_FDCWD ? put(line, "AT_FDCWD") : put_signed(line, (int)value);
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
    case 'p':
        put_pointer(line, value);
        break;
    default:
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
    put(line, ") = ");
    if (result < 0 && result >= -4095) {
        put(line, "-1 ");
        put(line, error_name(-result));
    } else if (call &&
               (call->number == NR_mmap2 || call->number == NR_mremap || call->number == NR_brk)) {
        put_pointer(line, result);
    } else {
        put_signed(line, result);
    }
}

static void show(long number, const long arguments[6], long result) {
    struct line line = {.size = 0};
    const struct call *call = NULL;
    for (size_t i = 0; !call && i < sizeof known / sizeof *known; i++)
        if (known[i].number == number)
            call = &known[i];
    put(&line, call ? call->name : any_name(number));
    put(&line, "(");
    const char *kinds = call ? call->arguments : "xxxxxx";
    for (int i = 0; kinds[i]; i++) {
        if (kinds[i] == 'L')
            continue;
        put(&line, i ? ", " : "");
        put_argument(&line, kinds[i], arguments, i, result);
    }
    put_result(&line, call, result);
    line.text[line.size++] = '\n';
    host_write(2, line.text, line.size);
}

void trace_start(void) {
    boxer_trace = show;
}

void trace_stop(void) {
    boxer_trace = NULL;
}
