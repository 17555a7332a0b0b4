// Waiting for children: waitid(2) and wait4(2).
#ifndef KERNEL_PROCESS_CHILDREN_H
#define KERNEL_PROCESS_CHILDREN_H

#include <stdint.h>

struct linux_siginfo;
struct linux_rusage;
struct process;

enum { WAIT_ALL, WAIT_PID, WAIT_GROUP, WAIT_PIDFD };
enum { WNOHANG = 1, WSTOPPED = 2, WEXITED = 4, WCONTINUED = 8 };
#define WNOWAIT 0x01000000
#define WNOTHREAD 0x20000000
#define WALL 0x40000000
#define WCLONE 0x80000000

// What has become of a child. pid 0: of none yet (WNOHANG).
struct changed {
    uint32_t pid, uid;
    int code, status; // as siginfo says them
    int64_t cpu_ns;   // its own, and its children's
};
// 0 or -errno.
long children_wait(int which, uint32_t id, unsigned options, struct changed *);

#endif
