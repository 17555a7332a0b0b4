// Pipelines, background jobs and subshells.
#include "process.h"

#include "jobs.h"
#include "shell.h"
#include "traps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// In the child: its side of the pipe, and the pipe to the next part.
static void connect(int input, const int *output) {
    if (input >= 0)
        psh_move(input, 0);
    if (output[1] >= 0) {
        close(output[0]);
        psh_move(output[1], 1);
    }
}

// One part of a pipeline. The read end of what it writes; -1: it is the last one, or could not be.
static int start_part(struct psh_job *job, struct psh_node *part, int input, int is_last,
                      enum psh_place place) {
    int output[2] = {-1, -1};
    if (!is_last && psh_pipe(output) < 0) {
        psh_fail(2, "Pipe call failed: %s", strerror(errno));
    } else {
        pid_t pid = psh_fork(job, place, part);
        if (!pid) {
            connect(input, output);
            if (part->kind == PSH_SIMPLE && (input >= 0 || !is_last))
                psh.error_trap = NULL; // as in bash
            psh_run_child(part);
        }
    }
    if (input >= 0)
        close(input);
    if (output[1] >= 0)
        close(output[1]);
    return output[0];
}

static void start_parts(struct psh_job *job, struct psh_node *node, enum psh_place place) {
    int input = -1;
    for (; node->kind == PSH_PIPE && !psh.leaving; node = node->second)
        input = start_part(job, node->first, input, 0, place);
    if (!psh.leaving)
        start_part(job, node, input, 1, place);
    else if (input >= 0)
        close(input);
}

void psh_run_pipe(struct psh_node *node) {
    struct psh_job *job = psh_job_new();
    start_parts(job, node, PSH_FRONT);
    int status = psh_job_wait(job);
    if (!psh.leaving)
        psh.status = status;
}

void psh_run_background(struct psh_node *node) {
    struct psh_job *job = psh_job_new();
    start_parts(job, node->first, PSH_BACK);
    if (!job->count) {
        psh_job_drop(job);
        return;
    }
    psh.background = job->processes[job->count - 1].pid;
    if (psh.bash && psh.interactive)
        fprintf(stderr, "[%d] %d\n", job->number, (int)psh.background);
    if (!psh.leaving)
        psh.status = 0;
}

// Where nothing follows, this process may end as the subshell.
void psh_run_subshell(struct psh_node *node, int last) {
    if (last && !psh_has_traps()) {
        psh_run(node->first, 1);
        return;
    }
    struct psh_job *job = psh_job_new();
    if (psh_fork(job, PSH_FRONT, node) == 0)
        psh_run_child(node->first);
    int status = psh_job_wait(job);
    if (!psh.leaving)
        psh.status = status;
}
