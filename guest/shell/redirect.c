// Redirections, and putting them back.
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_DESCRIPTORS 10 // and up: a script may use the ones below

// Of two descriptors that a script might mean, neither is the shell's.
static int move_up(int fd) {
    if (fd < 0 || fd >= OWN_DESCRIPTORS)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, OWN_DESCRIPTORS);
    close(fd);
    return moved;
}

int psh_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    ends[0] = move_up(ends[0]);
    ends[1] = move_up(ends[1]);
    return 0;
}

void psh_move(int from, int to) {
    if (from == to) {
        fcntl(to, F_SETFD, 0);
        return;
    }
    dup2(from, to);
    close(from);
}

static char *line_of(const char *word) {
    char *text = psh_expand_text(word), *line = psh_room(strlen(text) + 2);
    strcpy(line, text);
    return strcat(line, "\n");
}

static int write_all(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t wrote = write(fd, text, length);
        if (wrote < 0)
            return -1;
        text += wrote;
        length -= wrote;
    }
    return 0;
}

int psh_scratch_file(void) {
    return move_up(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

// What fits into a pipe waits in one; more, in a file that nobody else has.
static int document(const struct psh_redirect *redirect) {
    const char *text = redirect->operator[2] ? line_of(redirect->word)
                       : redirect->literal   ? redirect->word
                                             : psh_expand_document(redirect->word);
    size_t length = strlen(text);
    int ends[2];
    if (length <= PIPE_BUF && psh_pipe(ends) == 0) {
        write_all(ends[1], text, length);
        close(ends[1]);
        return ends[0];
    }
    int fd = psh_scratch_file();
    if (fd < 0 || write_all(fd, text, length) < 0)
        psh_warn("cannot write a here-document: %s", strerror(errno));
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int open_file(const char *operator, const char *path) {
    int flags = O_RDONLY;
    if (strcmp(operator, ">") == 0 || strcmp(operator, ">|") == 0)
        flags = O_WRONLY | O_CREAT | O_TRUNC;
    else if (strcmp(operator, ">>") == 0)
        flags = O_WRONLY | O_CREAT | O_APPEND;
    else if (strcmp(operator, "<>") == 0)
        flags = O_RDWR | O_CREAT;
    int fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0)
        psh_warn("cannot %s %s: %s", flags & O_CREAT ? "create" : "open", path, strerror(errno));
    return move_up(fd);
}

void psh_save(int fd, struct psh_saved **saved) {
    struct psh_saved *entry = psh_room(sizeof *entry);
    entry->fd = fd;
    entry->copy = fcntl(fd, F_DUPFD_CLOEXEC, OWN_DESCRIPTORS);
    entry->next = *saved;
    *saved = entry;
}

static int redirect_one(const struct psh_redirect *redirect, struct psh_saved **saved);

// Bash's `&>file`, `&>>file` and `>&file`: output and errors.
static int redirect_both(const struct psh_redirect *redirect, struct psh_saved **saved) {
    struct psh_redirect output = *redirect, errors = {.fd = 2, .operator = ">&", .word = "1"};
    output.fd = 1;
    output.operator = strcmp(redirect->operator, "&>>") == 0 ? ">>" : ">";
    return redirect_one(&output, saved) < 0 ? -1 : redirect_one(&errors, saved);
}

static int redirect_one(const struct psh_redirect *redirect, struct psh_saved **saved) {
    int duplicate = redirect->operator[1] == '&', from;
    if (redirect->operator[0] == '&')
        return redirect_both(redirect, saved);
    if (strncmp(redirect->operator, "<<", 2) == 0) {
        from = document(redirect);
    } else {
        char *word = psh_expand_text(redirect->word);
        if (psh.leaving)
            return -1;
        if (duplicate && strcmp(word, "-") == 0) {
            if (saved)
                psh_save(redirect->fd, saved);
            close(redirect->fd);
            return 0;
        }
        int number = word[0] >= '0' && word[0] <= '9';
        if (duplicate && psh.bash && !number && redirect->fd == 1)
            return redirect_both(redirect, saved);
        if (duplicate) {
            from = number ? atoi(word) : -1;
            if (fcntl(from, F_GETFD) < 0) {
                psh_warn("%s: bad descriptor", word);
                return -1;
            }
        } else {
            from = open_file(redirect->operator, word);
        }
    }
    if (from < 0)
        return -1;
    if (saved)
        psh_save(redirect->fd, saved);
    if (from != redirect->fd)
        dup2(from, redirect->fd);
    if (!duplicate)
        close(from);
    return 0;
}

// saved: null for what stays (`exec >file`). -1: said, with what was done kept in `saved`.
int psh_redirect(struct psh_redirect *list, struct psh_saved **saved) {
    fflush(NULL);
    for (; list; list = list->next)
        if (redirect_one(list, saved) < 0)
            return -1;
    return 0;
}

void psh_restore(struct psh_saved *saved) {
    fflush(NULL);
    for (; saved; saved = saved->next) {
        if (saved->copy < 0) {
            close(saved->fd);
        } else {
            dup2(saved->copy, saved->fd);
            close(saved->copy);
        }
    }
}
