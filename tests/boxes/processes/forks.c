// Trees of processes: each has its own memory, all have the same files.
#include "said.h"

static int global = 1;

static void memory_is_copied(void) {
    int local = 1, *heap = malloc(400000 * sizeof *heap);
    for (int i = 0; i < 400000; i++)
        heap[i] = i;
    pid_t pid = fork();
    if (pid == 0) {
        global = local = heap[7] = 2;
        char *more = malloc(3 << 20);
        memset(more, 9, 3 << 20);
        _exit(global + local + heap[7] + (heap[399999] == 399999));
    }
    say_end("child", end_of(pid));
    say("parent's own", global + local + heap[7]);
    free(heap);
}

static int tree(int depth) {
    if (!depth)
        return 1;
    int leaves = 0;
    pid_t pids[3];
    for (int i = 0; i < 3; i++)
        if ((pids[i] = fork()) == 0)
            _exit(tree(depth - 1));
    for (int i = 0; i < 3; i++)
        leaves += WEXITSTATUS(end_of(pids[i]));
    return leaves;
}

static void offsets_are_shared(void) {
    int fd = open("/tmp/shared-offset", O_RDWR | O_CREAT | O_TRUNC, 0600);
    pid_t pid = fork();
    if (pid == 0) {
        write(fd, "child", 5);
        _exit(0);
    }
    end_of(pid);
    write(fd, "parent", 6);
    char text[20] = "";
    pread(fd, text, 19, 0);
    puts(text);
    unlink("/tmp/shared-offset");
}

static void ids(void) {
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        _exit((getppid() == self) + 2 * (getpid() != self) + 4 * (getpgrp() == getpgid(self)));
    say_end("ids", end_of(pid));
    say("pid is the child's", pid > 0 && pid != self);
}

static void in_a_row(void) {
    int bad = 0;
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(i % 100);
        bad += WEXITSTATUS(end_of(pid)) != i % 100;
    }
    say("bad of 200", bad);
}

static void at_exit_of_child(void) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        printf("buffered by the child\n");
        exit(3);
    }
    say_end("exit", end_of(pid));
}

int main(void) {
    memory_is_copied();
    say("leaves", tree(3));
    offsets_are_shared();
    ids();
    in_a_row();
    at_exit_of_child();
    say("no more", waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
    return 0;
}
