// Processes, limits and system facts as the riscv32 system calls pass them.
#ifndef BOXER_LINUX_PROCESS_H
#define BOXER_LINUX_PROCESS_H

#include <boxer/linux_time.h>

#include <stdint.h>

struct linux_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct linux_sysinfo {
    long uptime;
    unsigned long loads[3];
    unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad;
    unsigned long totalhigh, freehigh;
    uint32_t mem_unit;
};

struct linux_rusage {
    struct linux_timeval utime, stime;
    long maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv,
        nsignals, nvcsw, nivcsw;
};

enum { LINUX_RUSAGE_SELF = 0, LINUX_RUSAGE_CHILDREN = -1, LINUX_RUSAGE_THREAD = 1 };

struct linux_rlimit64 {
    uint64_t soft, hard;
};

#define LINUX_RLIM_INFINITY UINT64_MAX

enum {
    LINUX_RLIMIT_CPU,
    LINUX_RLIMIT_FSIZE,
    LINUX_RLIMIT_DATA,
    LINUX_RLIMIT_STACK,
    LINUX_RLIMIT_CORE,
    LINUX_RLIMIT_RSS,
    LINUX_RLIMIT_NPROC,
    LINUX_RLIMIT_NOFILE,
    LINUX_RLIMIT_MEMLOCK,
    LINUX_RLIMIT_AS,
    LINUX_RLIMIT_LOCKS,
    LINUX_RLIMIT_SIGPENDING,
    LINUX_RLIMIT_MSGQUEUE,
    LINUX_RLIMIT_NICE,
    LINUX_RLIMIT_RTPRIO,
    LINUX_RLIMIT_RTTIME,
    LINUX_RLIMITS,
};

enum {
    LINUX_PR_SET_PDEATHSIG = 1,
    LINUX_PR_GET_PDEATHSIG = 2,
    LINUX_PR_GET_DUMPABLE = 3,
    LINUX_PR_SET_DUMPABLE = 4,
    LINUX_PR_GET_KEEPCAPS = 7,
    LINUX_PR_SET_KEEPCAPS = 8,
    LINUX_PR_SET_NAME = 15,
    LINUX_PR_GET_NAME = 16,
    LINUX_PR_GET_SECCOMP = 21,
    LINUX_PR_CAPBSET_READ = 23,
    LINUX_PR_CAPBSET_DROP = 24,
    LINUX_PR_SET_TIMERSLACK = 29,
    LINUX_PR_GET_TIMERSLACK = 30,
    LINUX_PR_SET_CHILD_SUBREAPER = 36,
    LINUX_PR_GET_CHILD_SUBREAPER = 37,
    LINUX_PR_SET_NO_NEW_PRIVS = 38,
    LINUX_PR_GET_NO_NEW_PRIVS = 39,
};

enum {
    LINUX_SCHED_OTHER = 0,
    LINUX_SCHED_FIFO = 1,
    LINUX_SCHED_RR = 2,
    LINUX_SCHED_BATCH = 3,
    LINUX_SCHED_IDLE = 5,
    LINUX_SCHED_RESET_ON_FORK = 0x40000000,
};

// _LINUX_CAPABILITY_VERSION_3; version 2 has the same layout.
#define LINUX_CAPABILITY_1 0x19980330u
#define LINUX_CAPABILITY_2 0x20071026u
#define LINUX_CAPABILITY_3 0x20080522u
#define LINUX_CAP_LAST 40

struct linux_cap_header {
    uint32_t version;
    int pid;
};

struct linux_cap_data {
    uint32_t effective, permitted, inheritable;
};

enum {
    LINUX_FUTEX_WAIT = 0,
    LINUX_FUTEX_WAKE = 1,
    LINUX_FUTEX_REQUEUE = 3,
    LINUX_FUTEX_CMP_REQUEUE = 4,
    LINUX_FUTEX_WAKE_OP = 5,
    LINUX_FUTEX_LOCK_PI = 6,
    LINUX_FUTEX_UNLOCK_PI = 7,
    LINUX_FUTEX_WAIT_BITSET = 9,
    LINUX_FUTEX_WAKE_BITSET = 10,
    LINUX_FUTEX_PRIVATE = 128,
    LINUX_FUTEX_CLOCK_REALTIME = 256,
};

#define LINUX_FUTEX_WAITERS 0x80000000u
#define LINUX_FUTEX_OWNER_DIED 0x40000000u
#define LINUX_FUTEX_TID_MASK 0x3fffffffu

// clone(2). The low byte of the flags is the signal at the child's end.
#define LINUX_CSIGNAL 0xfful
#define LINUX_CLONE_VM 0x100ul
#define LINUX_CLONE_FS 0x200ul
#define LINUX_CLONE_FILES 0x400ul
#define LINUX_CLONE_SIGHAND 0x800ul
#define LINUX_CLONE_VFORK 0x4000ul
#define LINUX_CLONE_THREAD 0x10000ul
#define LINUX_CLONE_SETTLS 0x80000ul
#define LINUX_CLONE_PARENT_SETTID 0x100000ul
#define LINUX_CLONE_CHILD_CLEARTID 0x200000ul
#define LINUX_CLONE_CHILD_SETTID 0x1000000ul

#endif
