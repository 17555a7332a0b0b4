// Commands from standard input: a line at a time, since what they run reads there too.
#include "shell.h"

#include "jobs.h"
#include "traps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int lines; // of the command that is being read

static void prompt(void) {
    if (!psh.interactive)
        return;
    if (!lines)
        psh_jobs_notify();
    const char *text = psh_get(lines ? "PS2" : "PS1");
    fputs(psh_expand_document(text ? text : ""), stderr);
    fflush(stderr);
}

struct line {
    char *text;
    size_t length, size;
};

static void put(struct line *line, const char *text, size_t length) {
    if (line->length + length + 1 > line->size) {
        line->size = 2 * (line->length + length + 1);
        line->text = line->length ? memcpy(psh_room(line->size), line->text, line->length)
                                  : psh_room(line->size);
    }
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = 0;
}

// Of a file: as far as the line goes, and back.
static int read_block(struct line *line) {
    char block[1024];
    ssize_t got = read(0, block, sizeof block);
    char *end = got > 0 ? memchr(block, '\n', got) : NULL;
    if (end && end + 1 < block + got)
        lseek(0, end + 1 - block - got, SEEK_CUR);
    if (got > 0)
        put(line, block, end ? (size_t)(end + 1 - block) : (size_t)got);
    return got > 0 && !end;
}

// 1: the line goes on. -1: it is void, SIGINT has come.
static int read_character(struct line *line) {
    char character;
    ssize_t got = read(0, &character, 1);
    if (got < 0 && errno == EINTR) {
        psh_run_traps();
        return psh.interrupted ? -1 : 1;
    }
    if (got == 1 && character)
        put(line, &character, 1);
    return got == 1 && character != '\n';
}

static char *next_line(void) {
    struct line line = {0};
    int is_file = lseek(0, 0, SEEK_CUR) >= 0, more;
    prompt();
    while ((more = is_file ? read_block(&line) : read_character(&line)) > 0)
        ;
    lines++;
    return more < 0 ? NULL : line.text;
}

// An interactive shell goes on after what ends another one.
static int goes_on(void) {
    if (!psh.interrupted)
        return !psh.leaving;
    fputc('\n', stderr);
    psh.interrupted = 0;
    psh.leaving = PSH_STAY;
    psh.loops = psh.calls = psh.tested = 0;
    return 1;
}

static int has_stopped_jobs(void) {
    for (struct psh_job *job = psh_jobs; job; job = job->next)
        if (job->state == PSH_STOPPED)
            return 1;
    return 0;
}

// The end of the input, or `exit`. 0: the shell stays, once, since jobs have stopped.
static int may_leave(int *warned) {
    if (!psh.interactive || *warned || !psh_controls() || !has_stopped_jobs())
        return 1;
    fputs("You have stopped jobs.\n", stderr);
    psh.leaving = PSH_STAY;
    *warned = 1;
    return 0;
}

void psh_run_input(void) {
    int warned = 0;
    for (;;) {
        int failed, ended;
        lines = 0;
        struct psh_node *node = psh_parse_line(next_line, &failed, &ended);
        if (failed) {
            psh.status = 2;
            if (!psh.interactive)
                psh.leaving = PSH_EXIT;
        } else if (node) {
            psh_run(node, 0);
        }
        psh_run_traps();
        if (!psh.interrupted && (psh.leaving || ended)) {
            if (may_leave(&warned))
                break;
        } else if (node) {
            warned = 0;
        }
        if (!goes_on())
            break;
    }
    if (psh.interactive && !psh.leaving)
        fputc('\n', stderr);
}
