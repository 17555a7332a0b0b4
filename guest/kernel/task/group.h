// Process groups, sessions, and terminals that control one: credentials(7), setpgid(2), job
// control.
#ifndef KERNEL_TASK_GROUP_H
#define KERNEL_TASK_GROUP_H

#include <stdint.h>

struct linux_siginfo;
struct process;

// What a terminal is to a session. session 0: it controls none.
struct controlling {
    uint32_t session, foreground;
};

// 0 or -errno, as the system calls of these names.
long group_set(uint32_t pid, uint32_t pgid);
long group_new_session(void);
int group_exists(uint32_t pgid, uint32_t session); // session 0: in any
// Whether nobody in its session, but outside the group, is the parent of one of its members.
int group_is_orphaned(uint32_t pgid);
// To each member, as the kernel. How many there were.
int group_signal(uint32_t pgid, int signo);

// Terminals. Becoming: the session leader's first terminal controls its session from then on.
void controlling_begin(struct controlling *);
int controlling_take(struct controlling *, int by_force); // TIOCSCTTY: 0 or -EPERM
void controlling_leave(void);                             // TIOCNOTTY, or the session leader's end
void controlling_forget(struct controlling *);            // the terminal is gone: SIGHUP
// 0; -EIO; -EINTR: a signal was sent to the process's group, as it is in the background. writing:
// with TOSTOP, or a change of settings.
int controlling_may_use(struct controlling *, int writing);
long controlling_set_foreground(struct controlling *, uint32_t pgid);

#endif
