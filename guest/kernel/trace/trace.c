// Prints system calls.
#include "trace/trace.h"
#include "host/host.h"
#include "host/line.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "trace/calls.h"
#include "trace/names.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_syscalls.h>
#include <string.h>

KERNEL_STATE syscall_trace boxer_trace;

#define SHOWN 32 // bytes of a string or buffer, as strace -s 32

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

static void put_result(struct line *line, const struct trace_call *call, long result) {
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

// As strace -f has it, once there has been more than the first thread.
static void put_task(struct line *line) {
    if (!schedule_has_others() && current->tid == current->process->pid &&
        process_is_first(current->process))
        return;
    line_put(line, "[pid ");
    line_number(line, current->tid, 10, 0);
    line_put(line, "] ");
}

static void show(long number, const long arguments[6], long result) {
    struct line line = {.size = 0};
    const struct trace_call *call = trace_call(number);
    put_task(&line);
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

static KERNEL_STATE syscall_trace watching;
static KERNEL_STATE int pauses;

static void tell(long number, const long arguments[6], long result) {
    if (!pauses)
        watching(number, arguments, result);
}

void kernel_watch(syscall_trace watcher) {
    watching = watcher;
    boxer_trace = watcher ? tell : NULL;
}

void kernel_watch_pause(int more) {
    pauses += more;
}
