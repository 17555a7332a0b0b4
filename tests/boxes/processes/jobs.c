// Job control through a pseudo-terminal.
#include "said.h"
#include <pty.h>
#include <sys/ioctl.h>

static int other;

static void wait_for_state(pid_t pid, int options) {
    int status;
    waitpid(pid, &status, options);
    say_end("job", status);
}

// The leader of a session with the terminal: runs a job in the foreground, then in the background.
static int leader(void) {
    signal(SIGTTOU, SIG_IGN);
    setvbuf(stdout, NULL, _IONBF, 0);
    say("controls", tcgetsid(0) == getpid());
    say("foreground", tcgetpgrp(0) == getpgrp());
    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        char byte;
        for (;;)
            if (read(0, &byte, 1) > 0)
                _exit(byte);
    }
    setpgid(job, job);
    wait_for_state(job, WUNTRACED); // it reads in the background: SIGTTIN
    tcsetpgrp(0, job);
    kill(-job, SIGCONT);
    puts("ready for the terminal");
    wait_for_state(job, WUNTRACED); // ^Z
    tcsetpgrp(0, getpgrp());
    tcsetpgrp(0, job);
    kill(-job, SIGCONT);
    puts("ready again");
    wait_for_state(job, 0); // ^C
    tcsetpgrp(0, getpgrp());
    say("back", tcgetpgrp(0) == getpgrp());
    return 0;
}

static void read_until(const char *what) {
    static char text[4096];
    static size_t size;
    const char *at;
    while (!(at = strstr(text, what)) || !strchr(at, '\n')) { // the whole line
        long got = read(other, text + size, sizeof text - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
        text[size] = 0;
    }
    printf("%s", text);
    fflush(stdout);
    size = 0;
    text[0] = 0;
}

int main(void) {
    fflush(stdout);
    pid_t pid = forkpty(&other, NULL, NULL, NULL);
    if (pid == 0)
        _exit(leader());
    read_until("ready for the terminal");
    write(other, "\032", 1);
    read_until("ready again");
    write(other, "\003", 1);
    read_until("back: 1");
    say_end("leader", end_of(pid));
    return 0;
}
