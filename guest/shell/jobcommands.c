// jobs, fg, bg and wait.
#include "jobs.h"
#include "shell.h"

#include "builtins.h"
#include "traps.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct psh_job *psh_job_of(pid_t pid) {
    for (struct psh_job *job = psh_jobs; job; job = job->next)
        for (size_t i = 0; i < job->count; i++)
            if (job->processes[i].pid == pid)
                return job;
    return NULL;
}

static struct psh_job *shown_job(int place) {
    for (struct psh_job *job = psh_jobs; job; job = job->next)
        if (!job->aside && job->count && place-- == 0)
            return job;
    return NULL;
}

static int is_named(const struct psh_job *job, const char *text) {
    if (job->aside || !job->count)
        return 0;
    if (*text >= '0' && *text <= '9')
        return job->number == atoi(text);
    if (*text == '?')
        return strstr(job->processes[0].text, text + 1) != NULL;
    return strncmp(job->processes[0].text, text, strlen(text)) == 0;
}

struct psh_job *psh_job_named(const char *name) {
    if (!name || strcmp(name, "%") == 0 || strcmp(name, "%%") == 0 || strcmp(name, "%+") == 0)
        return shown_job(0);
    if (strcmp(name, "%-") == 0)
        return shown_job(1) ? shown_job(1) : shown_job(0);
    for (struct psh_job *job = *name == '%' ? psh_jobs : NULL; job; job = job->next)
        if (is_named(job, name + 1))
            return job;
    return NULL;
}

int psh_jobs_command(char **argv) {
    static const int hows[] = {PSH_WITH_PIDS, PSH_ONLY_PIDS};
    const char *given = psh_options(argv, "lp");
    int how = 0;
    if (!given)
        return 2;
    for (; *given; given++)
        how |= hows[*given == 'p'];
    if (!argv[1])
        psh_jobs_print(how);
    for (argv++; *argv; argv++) {
        struct psh_job *job = psh_job_named(*argv);
        if (!job)
            return psh_warn("jobs: No such job: %s", *argv), psh.bash ? 1 : 2;
        psh_job_print(job, how);
    }
    return 0;
}

int psh_foreground(char **argv) {
    int front = argv[0][0] == 'f', status = 0;
    char **name = argv + 1;
    if (!psh_controls())
        return psh_warn("%s: No job control", argv[0]), psh.bash ? 1 : 2;
    do {
        struct psh_job *job = psh_job_named(*name);
        if (!job || job->state == PSH_DONE)
            return psh_warn("%s: No such job: %s", argv[0], *name ? *name : "%+"), psh.bash ? 1 : 2;
        if (!job->grouped)
            return psh_warn("%s: job %d was not created under job control", argv[0], job->number),
                   psh.bash ? 1 : 2;
        if (!front)
            printf("[%d] ", job->number);
        for (size_t i = 0; i < job->count; i++)
            printf("%s%s", i ? " | " : "", job->processes[i].text);
        putchar('\n');
        fflush(stdout);
        psh_job_restart(job, front);
        status = front ? psh_job_wait(job) : 0;
    } while (*name && *++name);
    return status;
}

static int interrupted(int number) {
    return 128 + number;
}

// Until what can end has ended. 0, or the status of a signal that came.
static int wait_for_all(void) {
    for (;;) {
        struct psh_job *job = psh_jobs;
        while (job && job->state != PSH_RUNNING)
            job = job->next;
        if (!job)
            break;
        int number = psh_jobs_await();
        if (number > 0)
            return interrupted(number);
        if (number < 0)
            break;
    }
    for (struct psh_job *job = psh_jobs; job; job = job->next)
        job->waited |= job->state == PSH_DONE;
    return 0;
}

static int finish_waiting(struct psh_job *job) {
    int status = psh_job_status(job);
    job->waited |= job->state == PSH_DONE;
    return status;
}

static int wait_for(const char *name) {
    struct psh_job *job = *name == '%' ? psh_job_named(name) : psh_job_of(atoi(name));
    if (!job && *name == '%')
        return psh_warn("wait: No such job: %s", name), psh.bash ? 127 : 2;
    if (!job) {
        if (strspn(name, "0123456789") != strlen(name) || !*name)
            return psh_warn("wait: Illegal number: %s", name), psh.bash ? 1 : 2;
        if (psh.bash)
            psh_warn("wait: pid %s is not a child of this shell", name);
        return 127;
    }
    int running = job->state == PSH_RUNNING;
    while (job->state == PSH_RUNNING) {
        int number = psh_jobs_await();
        if (number > 0)
            return interrupted(number);
        if (number < 0)
            break;
    }
    for (size_t i = 0; running && i < job->count; i++)
        psh_job_died(job, &job->processes[i], 0);
    return finish_waiting(job);
}

static struct psh_job *ended_job(char **names, int *running) {
    *running = 0;
    for (struct psh_job *job = psh_jobs; job; job = job->next) {
        int wanted = !*names && !job->aside;
        for (char **name = names; *name; name++)
            wanted |= job == (**name == '%' ? psh_job_named(*name) : psh_job_of(atoi(*name)));
        if (wanted && job->state == PSH_DONE && !job->waited)
            return job;
        *running |= wanted && job->state == PSH_RUNNING;
    }
    return NULL;
}

// Bash's `wait -n`: for the next one that ends.
static int wait_for_next(char **names) {
    for (;;) {
        int running;
        struct psh_job *job = ended_job(names, &running);
        if (job)
            return finish_waiting(job);
        int number = running ? psh_jobs_await() : -1;
        if (number)
            return number > 0 ? interrupted(number) : 127;
    }
}

int psh_wait(char **argv) {
    int status = 0;
    if (argv[1] && strcmp(argv[1], "--") == 0)
        argv++;
    else if (argv[1] && strcmp(argv[1], "-n") == 0)
        return wait_for_next(argv + 2);
    if (!argv[1])
        return wait_for_all();
    while (*++argv && !psh_trapped())
        status = wait_for(*argv);
    return status;
}
