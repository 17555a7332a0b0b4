// Time as the riscv32 system calls pass it (include/uapi/linux/time.h, time64 only).
#ifndef BOXER_LINUX_TIME_H
#define BOXER_LINUX_TIME_H

#include <stdint.h>

// Only 32 bits of the nanoseconds are read: callers leave the padding as it was.
struct linux_timespec {
    int64_t sec;
    int32_t nsec;
    int32_t pad;
};

struct linux_itimerspec {
    struct linux_timespec interval, value;
};

// setitimer(2) and getrusage(2) keep the machine word.
struct linux_timeval {
    long sec, usec;
};

struct linux_itimerval {
    struct linux_timeval interval, value;
};

struct linux_tms {
    long utime, stime, cutime, cstime;
};

enum {
    LINUX_CLOCK_REALTIME = 0,
    LINUX_CLOCK_MONOTONIC = 1,
    LINUX_CLOCK_PROCESS_CPUTIME = 2,
    LINUX_CLOCK_THREAD_CPUTIME = 3,
    LINUX_CLOCK_MONOTONIC_RAW = 4,
    LINUX_CLOCK_REALTIME_COARSE = 5,
    LINUX_CLOCK_MONOTONIC_COARSE = 6,
    LINUX_CLOCK_BOOTTIME = 7,
    LINUX_CLOCK_REALTIME_ALARM = 8,
    LINUX_CLOCK_BOOTTIME_ALARM = 9,
    LINUX_CLOCK_TAI = 11,
};

enum { LINUX_TIMER_ABSTIME = 1, LINUX_TFD_TIMER_CANCEL_ON_SET = 2 };
enum { LINUX_ITIMER_REAL = 0, LINUX_ITIMER_VIRTUAL = 1, LINUX_ITIMER_PROF = 2 };
enum {
    LINUX_SIGEV_SIGNAL = 0,
    LINUX_SIGEV_NONE = 1,
    LINUX_SIGEV_THREAD = 2,
    LINUX_SIGEV_THREAD_ID = 4
};

// USER_HZ of every Linux port but alpha: what times(2) counts in.
#define LINUX_TICKS_PER_SECOND 100
#define NSEC_PER_SEC 1000000000LL

_Static_assert(sizeof(struct linux_timespec) == 16, "timespec");

#endif
