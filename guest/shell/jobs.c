// The table of jobs, and waiting for them.
//
// Invariants
// 1. Every child of the shell is in the table from its fork on; who waits for any, finds its job.
// 2. The list is ordered as POSIX's `%+` and `%-`: stopped jobs before running ones, the newest
//    first.
#include "jobs.h"

#include "shell.h"
#include "text.h"
#include "traps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct psh_job *psh_jobs;

static void take_out(const struct psh_job *job) {
    struct psh_job **at = &psh_jobs;
    while (*at && *at != job)
        at = &(*at)->next;
    if (*at)
        *at = job->next;
}

void psh_job_to_front(struct psh_job *job) {
    struct psh_job **at = &psh_jobs;
    take_out(job);
    while (job->state != PSH_STOPPED && *at && (*at)->state == PSH_STOPPED)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
}

// One whose end is known gives its number away.
static void drop_known(void) {
    for (struct psh_job *job = psh_jobs, *next; job; job = next) {
        next = job->next;
        if (job->state == PSH_DONE && (job->waited || (job->shown && !psh.bash)))
            psh_job_drop(job);
    }
}

static int is_number_taken(int number) {
    for (const struct psh_job *job = psh_jobs; job; job = job->next)
        if (job->number == number)
            return 1;
    return 0;
}

struct psh_job *psh_job_new(void) {
    struct psh_job *job = psh_room(sizeof *job);
    drop_known();
    for (job->number = 1; is_number_taken(job->number);)
        job->number++;
    psh_job_to_front(job);
    return job;
}

void psh_job_add(struct psh_job *job, pid_t pid, const char *text, int length) {
    struct psh_process *grown = psh_room((job->count + 1) * sizeof *grown);
    if (job->count)
        memcpy(grown, job->processes, job->count * sizeof *grown);
    free(job->processes);
    job->processes = grown;
    job->state = PSH_RUNNING; // those before it may have ended
    grown[job->count++] = (struct psh_process){.pid = pid, .text = psh_copy(text, length)};
}

void psh_job_drop(struct psh_job *job) {
    take_out(job);
    for (size_t i = 0; i < job->count; i++)
        free(job->processes[i].text);
    free(job->processes);
    free(job);
}

static struct psh_job *parents_jobs;

void psh_jobs_forget(void) {
    parents_jobs = psh_jobs;
    psh_jobs = NULL; // whoever forked holds on to one of them
}

struct psh_job *psh_jobs_shown(void) {
    return psh_jobs || !psh.bash ? psh_jobs : parents_jobs;
}

static void judge(struct psh_job *job) {
    enum psh_job_state state = PSH_DONE;
    for (size_t i = 0; i < job->count; i++)
        if (job->processes[i].state == PSH_RUNNING)
            state = PSH_RUNNING;
        else if (job->processes[i].state == PSH_STOPPED && state == PSH_DONE)
            state = PSH_STOPPED;
    if (job->state == state)
        return;
    job->state = state;
    job->changed = state != PSH_RUNNING;
    if (state == PSH_STOPPED)
        psh_job_to_front(job);
}

static struct psh_process *process_of(struct psh_job *job, pid_t pid) {
    for (size_t i = 0; i < job->count; i++)
        if (job->processes[i].pid == pid && job->processes[i].state != PSH_DONE)
            return &job->processes[i];
    return NULL;
}

static void note(pid_t pid, int status, const struct psh_job *watched) {
    for (struct psh_job *job = psh_jobs; job; job = job->next) {
        struct psh_process *process = process_of(job, pid);
        if (!process)
            continue;
        if (!WIFCONTINUED(status))
            process->status = status;
        process->state = WIFSTOPPED(status)     ? PSH_STOPPED
                         : WIFCONTINUED(status) ? PSH_RUNNING
                                                : PSH_DONE;
        if (job == watched)
            psh_job_died(job, process, 1);
        judge(job);
        return;
    }
}

// The process that has changed; 0: none has. -1 with errno.
static pid_t collect(int flags, const struct psh_job *watched) {
    int status;
    pid_t pid = waitpid(-1, &status, flags | (psh_controls() ? WUNTRACED | WCONTINUED : 0));
    if (pid > 0)
        note(pid, status, watched);
    return pid;
}

void psh_jobs_collect(void) {
    while (psh_jobs && collect(WNOHANG, NULL) > 0)
        ;
}

static int status_of(const struct psh_process *process) {
    int status = process->status;
    return WIFEXITED(status)    ? WEXITSTATUS(status)
           : WIFSTOPPED(status) ? 128 + WSTOPSIG(status)
                                : 128 + WTERMSIG(status);
}

int psh_job_status(const struct psh_job *job) {
    int status = job->count ? status_of(&job->processes[job->count - 1]) : 0;
    for (size_t i = job->count; psh.pipefail && !status && i-- > 0;)
        status = status_of(&job->processes[i]);
    return status;
}

static int was_interrupted(const struct psh_job *job) {
    for (size_t i = 0; i < job->count; i++)
        if (WIFSIGNALED(job->processes[i].status) && WTERMSIG(job->processes[i].status) == SIGINT)
            return 1;
    return 0;
}

static void add_status(struct psh_words *statuses, int status) {
    const char *number = psh_decimal(status);
    psh_add(statuses, psh_copy(number, strlen(number)));
}

struct psh_words psh_pipe_statuses(void) {
    struct psh_words one = {0};
    add_status(&one, psh.alone);
    return psh.statuses.count ? psh.statuses : one;
}

int psh_job_wait(struct psh_job *job) {
    while (job->state == PSH_RUNNING && job->count)
        if (collect(0, job) < 0 && errno != EINTR)
            break;
    if (job->grouped)
        psh_take_terminal();
    int status = psh_job_status(job);
    if (job->state == PSH_STOPPED)
        return status;
    if (job->grouped && psh.interactive && was_interrupted(job))
        raise(SIGINT); // the key was pressed at all that runs here
    psh.statuses = (struct psh_words){0};
    for (size_t i = 0; i < job->count; i++)
        add_status(&psh.statuses, status_of(&job->processes[i]));
    psh_job_drop(job);
    return status;
}

static void on_child(int number) {
    (void)number; // sigsuspend() returns
}

int psh_jobs_await(void) {
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART}, old;
    sigset_t all, mask;
    int result = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    sigaction(SIGCHLD, NULL, &old);
    if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN)
        sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        if ((result = psh_trapped()))
            break;
        pid_t pid = collect(WNOHANG, NULL);
        if (pid) {
            result = pid < 0 ? -1 : 0;
            break;
        }
        sigsuspend(&mask);
    }
    sigaction(SIGCHLD, &old, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return result;
}

void psh_job_restart(struct psh_job *job, int foreground) {
    for (size_t i = 0; i < job->count; i++)
        if (job->processes[i].state == PSH_STOPPED)
            job->processes[i].state = PSH_RUNNING;
    judge(job);
    job->changed = 0;
    psh_job_to_front(job);
    if (foreground)
        psh_give_terminal(job->processes[0].pid);
    killpg(job->processes[0].pid, SIGCONT);
}
