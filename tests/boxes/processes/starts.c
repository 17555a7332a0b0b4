// What a program finds as it begins, by itself and by execve(2).
#include "said.h"

static int errno_first = -1;
static char *folder;

__attribute__((constructor)) static void first(void) {
    errno_first = errno;
    folder = getenv("PATH");
    printf("constructed\n");
    fflush(stdout);
}

__attribute__((destructor)) static void last(void) {
    printf("destroyed\n");
}

int main(int argc, char **argv) {
    say("errno in main", errno);
    say("errno in a constructor", errno_first);
    say("an environment", folder && strcmp(folder, getenv("PATH")) == 0);
    if (argc > 1)
        return 3;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        errno = EINTR;
        execl("/proc/self/exe", argv[0], "again", NULL);
        _exit(99);
    }
    say_end("again", end_of(pid));
    return 0;
}
