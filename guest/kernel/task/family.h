// Parents and children: what a parent is told, who becomes whose child.
#ifndef KERNEL_TASK_FAMILY_H
#define KERNEL_TASK_FAMILY_H

struct process;

// si_code of SIGCHLD.
enum {
    CHILD_EXITED = 1,
    CHILD_KILLED,
    CHILD_DUMPED,
    CHILD_TRAPPED,
    CHILD_STOPPED,
    CHILD_CONTINUED
};

// The current process has ended: its children get another parent, and its own is told. 1: nobody
// waits for it, and it is gone without having been waited for.
int family_end(void);
void family_stop(int signo); // the current process stops; it goes on when it is continued
void family_continue(struct process *);
void family_stay_stopped(void);  // until then, or until it is killed
void family_forget_others(void); // of which no task is left: nobody waits for them any more
// The child has been waited for, or nobody will.
void family_bury(struct process *);
struct linux_siginfo;
void family_describe(const struct process *, int code, int status, struct linux_siginfo *);

#endif
