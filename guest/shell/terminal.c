// The terminal, and which group of processes may read it.
#include "jobs.h"
#include "shell.h"
#include "traps.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int terminal = -1;
static pid_t first_group; // that had the terminal before this shell

int psh_controls(void) {
    return psh.monitor && !psh.subshell;
}

static int open_terminal(void) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    for (int other = 2; fd < 0 && other >= 0; other--)
        if (isatty(other))
            fd = fcntl(other, F_DUPFD_CLOEXEC, 10);
    if (fd < 0 || fd >= 10)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return moved;
}

// Waits until the terminal is this group's. -1: there is none, or none that tells.
static int await_turn(void) {
    pid_t group;
    while ((group = tcgetpgrp(terminal)) >= 0 && group != getpgrp())
        killpg(0, SIGTTIN);
    return group < 0 ? -1 : 0;
}

static void close_terminal(void) {
    if (terminal >= 0)
        close(terminal);
    terminal = -1;
}

static int begin(void) {
    terminal = open_terminal();
    if (terminal < 0 || await_turn() < 0) {
        close_terminal();
        if (psh.bash && !psh.interactive)
            return 0; // groups without a terminal
        psh_warn("can't access tty; job control turned off");
        psh.monitor = 0;
        return 0;
    }
    first_group = getpgrp();
    psh_signals_update();
    setpgid(0, 0);
    psh_give_terminal(getpgrp());
    return 0;
}

static void end(void) {
    if (terminal >= 0) {
        psh_give_terminal(first_group);
        setpgid(0, first_group);
    }
    close_terminal();
    psh_signals_update();
}

int psh_set_monitor(int on) {
    if (on == psh.monitor || psh.subshell) {
        psh.monitor = on;
        return 0;
    }
    psh.monitor = on;
    if (on)
        return begin();
    end();
    return 0;
}

void psh_give_terminal(pid_t group) {
    if (terminal >= 0)
        tcsetpgrp(terminal, group);
}

void psh_take_terminal(void) {
    if (psh_controls())
        psh_give_terminal(getpgrp());
}
