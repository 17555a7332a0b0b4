// $(..), <(..) and >(..): what a subshell writes or reads.
#include "process.h"

#include "jobs.h"
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Bash's `$(<file)`: a redirection alone gives what is in the file.
static void read_file(struct psh_node *node) {
    struct psh_node *command = node && !node->second ? node->first : NULL;
    if (command && command->kind == PSH_SIMPLE && !command->words.count &&
        strcmp(command->redirects->operator, "<") == 0) {
        psh_add(&command->words, "command");
        psh_add(&command->words, "cat");
    }
}

static struct psh_node *parse(const char *script) {
    int failed;
    struct psh_node *node = psh_parse(script, &failed);
    if (failed)
        psh_fail(2, "a substitution cannot be run");
    return node;
}

// A subshell with one end of a pipe as its descriptor `own`. The other end; -1: said.
static int start(struct psh_node *node, int own, struct psh_job **job) {
    int ends[2];
    if (psh.leaving)
        return -1;
    if (psh_pipe(ends) < 0) {
        psh_fail(2, "a substitution cannot be run: %s", strerror(errno));
        return -1;
    }
    *job = psh_job_new();
    pid_t pid = psh_fork(*job, PSH_ASIDE, node);
    if (!pid) {
        close(ends[!own]);
        psh_close_process_files(0);
        psh_move(ends[own], own);
        psh.tested &= psh.bash;
        psh.errexit &= !psh.bash || psh.inherit;
        psh_run_child(node);
    }
    close(ends[own]);
    if (pid > 0)
        return ends[!own];
    close(ends[!own]);
    psh_job_drop(*job);
    return -1;
}

char *psh_read_output(int fd) {
    size_t length = 0, size = 256;
    char *text = psh_room(size);
    ssize_t got;
    while ((got = read(fd, text + length, size - 1 - length)) > 0 || (got < 0 && errno == EINTR)) {
        size_t end = length + (got > 0 ? got : 0);
        for (size_t i = length; i < end; i++)
            if (text[i])
                text[length++] = text[i];
        if (length + 1 == size) {
            char *larger = psh_room(4 * size);
            memcpy(larger, text, length);
            text = larger;
            size *= 4;
        }
    }
    while (length && text[length - 1] == '\n')
        length--;
    text[length] = 0;
    return text;
}

char *psh_output_of(const char *script) {
    struct psh_job *job;
    struct psh_node *node = parse(script);
    char *text;
    if (psh.bash)
        read_file(node);
    if (psh_lone_output(node, &text))
        return text;
    int fd = start(node, 1, &job);
    if (fd < 0)
        return "";
    text = psh_read_output(fd);
    close(fd);
    psh.substituted = psh_job_wait(job) + 1;
    return text;
}

static struct {
    int fds[64], count;
} files;

char *psh_process_file(const char *script, int writes) {
    struct psh_job *job;
    if (files.count == sizeof files.fds / sizeof *files.fds) {
        psh_fail(2, "there are too many <(..) in one command");
        return "";
    }
    int fd = start(parse(script), !writes, &job);
    if (fd < 0)
        return "";
    psh.background = job->processes[0].pid;
    fcntl(fd, F_SETFD, 0); // programs open it too
    files.fds[files.count++] = fd;
    char *name = psh_room(32);
    snprintf(name, 32, "/dev/fd/%d", fd);
    return name;
}

int psh_process_files(void) {
    return files.count;
}

void psh_close_process_files(int down_to) {
    while (files.count > down_to)
        close(files.fds[--files.count]);
}
