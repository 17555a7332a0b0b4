// Jobs: the processes this shell has started, and what became of them.
#ifndef SHELL_JOBS_H
#define SHELL_JOBS_H

#include <stddef.h>
#include <sys/types.h>

enum psh_job_state { PSH_RUNNING, PSH_STOPPED, PSH_DONE };

struct psh_process {
    pid_t pid;
    int status; // as waitpid(2) gives it
    enum psh_job_state state;
    char *text;
};

struct psh_job {
    struct psh_job *next; // the current job stands first
    int number;
    struct psh_process *processes;
    size_t count;
    enum psh_job_state state;
    int grouped; // its processes are a group of their own
    int aside;   // a substitution: no command shows it
    int changed; // and nobody has been told
    int waited;  // its status has been asked for
    int shown;   // and its end has been seen
};

extern struct psh_job *psh_jobs;

struct psh_job *psh_job_new(void);
void psh_job_add(struct psh_job *job, pid_t pid, const char *text, int length);
void psh_job_drop(struct psh_job *job);
void psh_job_to_front(struct psh_job *job); // the current one from now on
void psh_jobs_forget(void);                 // in a child: they are its parent's
struct psh_job *psh_jobs_shown(void);       // and bash shows them
void psh_jobs_collect(void);                // what has ended, without waiting
int psh_job_status(const struct psh_job *job);
// Waits in the foreground, then has the terminal again. The status of the job, which is gone
// unless it has stopped.
int psh_job_wait(struct psh_job *job);
// Waits for any change, or a signal with a trap: its number. -1: there is nothing to wait for.
int psh_jobs_await(void);
void psh_job_restart(struct psh_job *job, int foreground);
struct psh_job *psh_job_named(const char *name); // %1, %+, %text; null: none
struct psh_job *psh_job_of(pid_t pid);

// jobtext.c
enum { PSH_WITH_PIDS = 1, PSH_ONLY_PIDS = 2, PSH_ONLY_CHANGED = 4 };
int psh_status_text(char *text, size_t size, int status, int only_signals);
void psh_job_print(struct psh_job *job, int how);
void psh_jobs_print(int how);
void psh_jobs_notify(void); // of an interactive shell, on its error output
// Says what ended one of its processes, where that was a signal.
void psh_job_died(const struct psh_job *job, const struct psh_process *process, int foreground);

// terminal.c: whose turn it is at the terminal
int psh_set_monitor(int on);
int psh_controls(void); // this process gives its jobs groups of their own
void psh_give_terminal(pid_t group);
void psh_take_terminal(void);

// jobcommands.c
int psh_jobs_command(char **argv);
int psh_foreground(char **argv); // fg and bg
int psh_wait(char **argv);

// kill.c
int psh_kill(char **argv);
int psh_signal_number(const char *name); // -1: there is none
const char *psh_signal_name(int number); // null: there is none

#endif
