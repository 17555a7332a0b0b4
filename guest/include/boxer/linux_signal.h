// Signals as the riscv32 system calls pass them (include/uapi/asm-generic/signal.h).
#ifndef BOXER_LINUX_SIGNAL_H
#define BOXER_LINUX_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

#define LINUX_NSIG 64

enum {
    LINUX_SIGHUP = 1,
    LINUX_SIGINT = 2,
    LINUX_SIGQUIT = 3,
    LINUX_SIGILL = 4,
    LINUX_SIGTRAP = 5,
    LINUX_SIGABRT = 6,
    LINUX_SIGBUS = 7,
    LINUX_SIGFPE = 8,
    LINUX_SIGKILL = 9,
    LINUX_SIGUSR1 = 10,
    LINUX_SIGSEGV = 11,
    LINUX_SIGUSR2 = 12,
    LINUX_SIGPIPE = 13,
    LINUX_SIGALRM = 14,
    LINUX_SIGTERM = 15,
    LINUX_SIGSTKFLT = 16,
    LINUX_SIGCHLD = 17,
    LINUX_SIGCONT = 18,
    LINUX_SIGSTOP = 19,
    LINUX_SIGTSTP = 20,
    LINUX_SIGTTIN = 21,
    LINUX_SIGTTOU = 22,
    LINUX_SIGURG = 23,
    LINUX_SIGXCPU = 24,
    LINUX_SIGXFSZ = 25,
    LINUX_SIGVTALRM = 26,
    LINUX_SIGPROF = 27,
    LINUX_SIGWINCH = 28,
    LINUX_SIGIO = 29,
    LINUX_SIGPWR = 30,
    LINUX_SIGSYS = 31,
    LINUX_SIGRTMIN = 32,
};

enum { LINUX_SIG_BLOCK = 0, LINUX_SIG_UNBLOCK = 1, LINUX_SIG_SETMASK = 2 };

#define LINUX_SA_NOCLDSTOP 0x1u
#define LINUX_SA_NOCLDWAIT 0x2u
#define LINUX_SA_SIGINFO 0x4u
#define LINUX_SA_ONSTACK 0x08000000u
#define LINUX_SA_RESTART 0x10000000u
#define LINUX_SA_NODEFER 0x40000000u
#define LINUX_SA_RESETHAND 0x80000000u

// Handlers 0 and 1 are not functions.
#define LINUX_SIG_DFL ((uintptr_t)0)
#define LINUX_SIG_IGN ((uintptr_t)1)

// What musl hands to rt_sigaction where SA_RESTORER is not defined: no restorer.
struct linux_sigaction {
    uintptr_t handler;
    unsigned long flags;
    uint32_t mask[2];
    void *unused;
};

enum { LINUX_SS_ONSTACK = 1, LINUX_SS_DISABLE = 2 };
#define LINUX_MINSIGSTKSZ 2048u

struct linux_sigaltstack {
    void *sp;
    int flags;
    size_t size;
};

enum {
    LINUX_SI_USER = 0,
    LINUX_SI_KERNEL = 0x80,
    LINUX_SI_QUEUE = -1,
    LINUX_SI_TIMER = -2,
    LINUX_SI_TKILL = -6,
};

union linux_sigval {
    int number;
    void *pointer;
};

struct linux_siginfo {
    int signo, error, code;
    union {
        char pad[128 - 2 * sizeof(int) - sizeof(long)];
        struct {
            uint32_t pid, uid;
            union linux_sigval value;
        } sent;
        struct {
            int id, overrun;
            union linux_sigval value;
        } timer;
        struct {
            uint32_t pid, uid;
            int status;
            long utime, stime;
        } child;
    };
};

struct linux_sigevent {
    union linux_sigval value;
    int signo, notify, tid;
};

struct linux_signalfd_siginfo {
    uint32_t signo;
    int32_t error, code;
    uint32_t pid, uid;
    int32_t fd;
    uint32_t tid, band, overrun, trapno;
    int32_t status, number;
    uint64_t pointer, utime, stime, addr;
    uint8_t pad[48];
};

_Static_assert(sizeof(struct linux_siginfo) == 128, "siginfo");
_Static_assert(sizeof(struct linux_signalfd_siginfo) == 128, "signalfd_siginfo");

// What a handler is given as its third argument (guest/libc/arch/wasm32/bits/signal.h): the machine
// has no registers to show. no_restart: set by a handler, the call it interrupted ends with EINTR.
struct linux_ucontext {
    unsigned long flags;
    void *link;
    struct linux_sigaltstack stack;
    uint32_t blocked[32];
    unsigned long no_restart;
    unsigned long reserved[32]; // where programs look for registers
};

#endif
