// Starting processes: a subshell is a copy of this one, a program gets a process by vfork.
#include "process.h"

#include "jobs.h"
#include "shell.h"
#include "traps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Said where a process could not be made: the shell ends.
static void cannot_fork(int error) {
    if (error == ENOSYS)
        psh_refuse("this runtime cannot start a second process");
    else
        psh_fail(2, "Cannot fork: %s", strerror(error));
}

// Where too many run, some may be about to end: bash waits half a minute too.
static int may_try_again(pid_t pid, int error, int *tries) {
    static const struct timespec pause = {.tv_nsec = 10000000};
    if (pid >= 0 || error != EAGAIN || ++*tries > 3000)
        return 0;
    nanosleep(&pause, NULL);
    psh_jobs_collect();
    return 1;
}

// In the child: before anything else runs, and with all signals blocked.
static void join_job(const struct psh_job *job, enum psh_place place) {
    if (psh_controls() && place != PSH_ASIDE) {
        pid_t group = job->count ? job->processes[0].pid : getpid();
        setpgid(0, group);
        if (place == PSH_FRONT)
            psh_give_terminal(group);
    }
}

static void leave_keyboard(const struct psh_job *job) {
    psh_ignore_signal(SIGINT);
    psh_ignore_signal(SIGQUIT);
    if (!job->count) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing >= 0)
            psh_move(nothing, 0);
    }
}

static void begin_child(struct psh_job *job, enum psh_place place) {
    int controls = psh_controls();
    join_job(job, place);
    if (place == PSH_BACK && !controls)
        leave_keyboard(job);
    psh.subshell = 1;
    psh.interactive = 0;
    psh.exit_trap = NULL;
    if (!psh.errtrace)
        psh.error_trap = NULL;
    psh_signals_in_child();
    psh_jobs_forget();
}

static void add_to_job(struct psh_job *job, pid_t pid, const struct psh_node *node) {
    if (job->grouped)
        setpgid(pid, job->count ? job->processes[0].pid : pid); // whoever of the two comes first
    int known = node && node->text;
    psh_job_add(job, pid, known ? node->text : "", known ? node->length : 0);
}

int psh_alone(void) {
    static int alone = -1;
    if (alone >= 0)
        return alone;
    pid_t pid = vfork();
    if (!pid)
        _exit(0);
    alone = pid < 0 && errno == ENOSYS;
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return alone;
}

pid_t psh_fork(struct psh_job *job, enum psh_place place, const struct psh_node *node) {
    int error, tries = 0;
    pid_t pid;
    sigset_t all, old;
    job->aside = place == PSH_ASIDE;
    job->grouped = psh_controls() && !job->aside;
    psh_jobs_collect();
    fflush(NULL);
    sigfillset(&all);
    do {
        sigprocmask(SIG_BLOCK, &all, &old);
        pid = fork();
        error = errno;
        if (!pid)
            begin_child(job, place);
        sigprocmask(SIG_SETMASK, &old, NULL);
    } while (may_try_again(pid, error, &tries));
    if (pid < 0)
        cannot_fork(error);
    else if (pid > 0)
        add_to_job(job, pid, node);
    return pid;
}

void psh_run_child(struct psh_node *node) {
    psh_run(node, 1);
    psh_finish();
}

// As execvp(3): what is no program is a script of this shell, unless it is no text.
static int is_text(const char *path) {
    char head[80];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, head, sizeof head);
    close(fd);
    const char *line = size > 0 ? memchr(head, '\n', size) : NULL;
    return size <= 0 || !memchr(head, 0, line ? (size_t)(line - head) : (size_t)size);
}

static char **script_arguments(const char *path, char **argv) {
    struct psh_words words = {0};
    psh_add(&words, "/bin/sh");
    psh_add(&words, (char *)path);
    while (*argv && *++argv)
        psh_add(&words, *argv);
    return words.items;
}

int psh_execute(const char *path, char **argv, char **environment) {
    execve(path, argv, environment);
    if (errno == ENOEXEC && is_text(path)) {
        execve("/bin/sh", script_arguments(path, argv), environment);
        errno = ENOEXEC;
    }
    return errno;
}

int psh_cannot_run(const char *name, int error) {
    int missing = error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
    if (error == ENOENT || error == ENOTDIR)
        psh_warn("%s: not found", name);
    else
        psh_warn("%s: %s", name, strerror(error));
    return missing ? 127 : 126;
}

int psh_become(const char *path, char **argv, const char *name) {
    char **environment = psh_environment();
    fflush(NULL);
    psh_signals_of_program();
    int status = psh_cannot_run(name, psh_execute(path, argv, environment));
    psh_signals_update();
    return status;
}

// In what vfork made.
static _Noreturn void run_program(const struct psh_job *job, const char *path, char **argv,
                                  char **environment, const sigset_t *mask) {
    join_job(job, PSH_FRONT);
    psh_signals_of_program();
    sigprocmask(SIG_SETMASK, mask, NULL);
    _exit(psh_cannot_run(argv[0], psh_execute(path, argv, environment)));
}

int psh_launch(const char *path, char **argv, const struct psh_builtin *stand_in) {
    char **environment = psh_environment();
    struct psh_job *job = psh_job_new();
    int error, tries = 0;
    pid_t pid;
    sigset_t all, old;
    psh_jobs_collect();
    fflush(NULL);
    job->grouped = psh_controls();
    sigfillset(&all);
    do {
        sigprocmask(SIG_BLOCK, &all, &old);
        pid = vfork();
        if (!pid)
            run_program(job, path, argv, environment, &old);
        error = errno;
        sigprocmask(SIG_SETMASK, &old, NULL);
    } while (may_try_again(pid, error, &tries));
    if (pid < 0) {
        psh_job_drop(job);
        if (stand_in && error == ENOSYS)
            return psh_run_builtin(stand_in, argv);
        cannot_fork(error);
        return psh.status;
    }
    add_to_job(job, pid, psh.command);
    return psh_job_wait(job);
}
