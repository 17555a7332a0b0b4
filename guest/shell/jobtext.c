// Jobs as they are shown: their state, and their commands as they were written.
#include "jobs.h"

#include "shell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define STATE_WIDTH 33

int psh_status_text(char *text, size_t size, int status, int only_signals) {
    int number = WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status);
    text[0] = 0;
    if (WIFEXITED(status)) {
        if (only_signals)
            return 0;
        return WEXITSTATUS(status) ? snprintf(text, size, "Done(%d)", WEXITSTATUS(status))
                                   : snprintf(text, size, "Done");
    }
    if (only_signals && (WIFSTOPPED(status) || number == SIGINT || number == SIGPIPE))
        return 0;
    return snprintf(text, size, "%s%s", strsignal(number),
                    !WIFSTOPPED(status) && WCOREDUMP(status) ? " (core dumped)" : "");
}

// Bash tells of the last process of a command alone, and of SIGTERM less.
static int bash_tells(const struct psh_job *job, const struct psh_process *process,
                      int foreground) {
    int is_last = process == &job->processes[job->count - 1];
    return !job->aside && is_last && (foreground || WTERMSIG(process->status) != SIGTERM);
}

void psh_job_died(const struct psh_job *job, const struct psh_process *process, int foreground) {
    char text[64];
    if (!psh_status_text(text, sizeof text, process->status, 1) ||
        (psh.bash && !bash_tells(job, process, foreground)))
        return;
    int errors = psh.errors ? psh.errors : 2;
    if (psh.bash && !psh.interactive && WTERMSIG(process->status) != SIGTERM)
        dprintf(errors, "%s: line %d: %5d %-23s %s\n", psh.name, psh.line, (int)process->pid, text,
                process->text);
    else
        dprintf(errors, "%s\n", text);
}

static const char *previous_mark(const struct psh_job *job) {
    const struct psh_job *shown = NULL;
    for (const struct psh_job *other = psh_jobs_shown(); other; other = other->next)
        if (!other->aside && other->count) {
            if (other == job)
                return !shown ? "+" : "-";
            if (shown)
                return " ";
            shown = other;
        }
    return " ";
}

static void put_state(char *text, size_t size, const struct psh_job *job) {
    if (job->state == PSH_RUNNING)
        snprintf(text, size, "Running");
    else
        psh_status_text(text, size, job->processes[job->count - 1].status, 0);
}

static void print_with_commands(const struct psh_job *job, int how, FILE *output) {
    char line[96], state[64];
    const char *mark = previous_mark(job);
    int width = snprintf(line, sizeof line, psh.bash ? "[%d]%s  " : "[%d] %s ", job->number, mark);
    int indent = width;
    put_state(state, sizeof state, job);
    if (how & PSH_WITH_PIDS)
        width += snprintf(line + width, sizeof line - width, "%d ", (int)job->processes[0].pid);
    snprintf(line + width, sizeof line - width, "%s", state);
    for (size_t i = 0; i < job->count; i++) {
        const char *text = psh.bash || psh.monitor ? job->processes[i].text : "";
        if (i && how & PSH_WITH_PIDS)
            snprintf(line, sizeof line, "%*s%d", indent, "", (int)job->processes[i].pid);
        else if (i)
            line[0] = 0;
        if (i && !(how & PSH_WITH_PIDS))
            fprintf(output, " | %s", text);
        else
            fprintf(output, "%s%-*s%s%s", i ? "\n" : "", STATE_WIDTH - (psh.bash ? 3 : 0), line,
                    i ? "| " : "", text);
    }
    fprintf(output, "%s\n", psh.bash && job->state == PSH_RUNNING ? " &" : "");
}

static void print_job(struct psh_job *job, int how, FILE *output) {
    job->changed = 0;
    if (how & PSH_ONLY_PIDS)
        fprintf(output, "%d\n", (int)job->processes[0].pid);
    else
        print_with_commands(job, how, output);
    job->shown = job->state == PSH_DONE;
}

// The list's order is of currency; bash's is of numbers.
static struct psh_job *next_of(const struct psh_job *job, int number) {
    if (!psh.bash)
        return job ? job->next : psh_jobs_shown();
    struct psh_job *best = NULL;
    for (struct psh_job *other = psh_jobs_shown(); other; other = other->next)
        if (other->number > number && (!best || other->number < best->number))
            best = other;
    return best;
}

static int is_shown(const struct psh_job *job) {
    return !job->aside && job->count && !job->shown && !(psh.bash && job->waited);
}

static void print_jobs(int how, FILE *output) {
    psh_jobs_collect();
    for (struct psh_job *job = next_of(NULL, 0); job; job = next_of(job, job->number))
        if (is_shown(job) && (!(how & PSH_ONLY_CHANGED) || job->changed))
            print_job(job, how, output);
}

void psh_job_print(struct psh_job *job, int how) {
    print_job(job, how, stdout);
}

void psh_jobs_print(int how) {
    print_jobs(how, stdout);
}

void psh_jobs_notify(void) {
    print_jobs(PSH_ONLY_CHANGED, stderr);
}
