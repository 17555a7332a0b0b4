// kill, and the names of signals.
#include "jobs.h"
#include "shell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = {
    [0] = "EXIT",           [SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT",
    [SIGILL] = "ILL",       [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",
    [SIGFPE] = "FPE",       [SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV",
    [SIGUSR2] = "USR2",     [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM",
    [SIGSTKFLT] = "STKFLT", [SIGCHLD] = "CHLD", [SIGCONT] = "CONT",     [SIGSTOP] = "STOP",
    [SIGTSTP] = "TSTP",     [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",     [SIGURG] = "URG",
    [SIGXCPU] = "XCPU",     [SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF",
    [SIGWINCH] = "WINCH",   [SIGIO] = "IO",     [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};
enum { NAMES = sizeof names / sizeof *names };

const char *psh_signal_name(int number) {
    return number >= 0 && number < NAMES ? names[number] : NULL;
}

static int is_digits(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text);
}

int psh_signal_number(const char *name) {
    if (is_digits(name))
        return strlen(name) < 4 && atoi(name) < _NSIG ? atoi(name) : -1;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 0; i < NAMES; i++)
        if (names[i] && strcasecmp(names[i], name) == 0)
            return i;
    return -1;
}

static int list(char **argv) {
    for (int i = 1; !*argv && i < NAMES; i++)
        puts(names[i]);
    for (; *argv; argv++) {
        int number = psh_signal_number(*argv);
        const char *name = psh_signal_name(number > 128 || number < 0 ? atoi(*argv) - 128 : number);
        if (is_digits(*argv) && name)
            puts(name);
        else if (number > 0)
            printf("%d\n", number);
        else
            return psh_warn("kill: invalid signal number or exit status: %s", *argv), 2;
    }
    return 0;
}

static int send(const char *target, int number) {
    struct psh_job *job = *target == '%' ? psh_job_named(target) : NULL;
    char *end;
    long pid = strtol(target, &end, 10);
    if (*target == '%' && !job)
        return psh_warn("kill: No such job: %s", target), psh.bash ? 1 : 2;
    if (!job && (*end || end == target))
        return psh_warn("kill: Illegal number: %s", target), psh.bash ? 1 : 2;
    if (job && job->grouped)
        pid = -job->processes[0].pid;
    else if (job)
        pid = job->processes[job->count - 1].pid;
    if (kill((pid_t)pid, number) < 0)
        return psh_warn("kill: %s", strerror(errno)), 1;
    if (job && psh.bash && job->state == PSH_STOPPED && (number == SIGTERM || number == SIGHUP))
        kill((pid_t)pid, SIGCONT); // so that it takes notice
    return 0;
}

// The signal of `-s NAME`, `-n 9`, `-NAME` or `-9`, behind it. -1: said.
static int read_signal(char ***argv) {
    char *word = **argv, *name = word + 1;
    if (strcmp(word, "-s") == 0 || strcmp(word, "-n") == 0)
        name = *++*argv;
    int number = name ? psh_signal_number(name) : -1;
    if (number < 0)
        psh_warn("kill: invalid signal: %s", name ? name : word);
    else
        ++*argv;
    return number;
}

int psh_kill(char **argv) {
    int number = SIGTERM, status = 0;
    argv++;
    if (*argv && strcmp(*argv, "-l") == 0)
        return list(argv + 1);
    if (*argv && **argv == '-' && strcmp(*argv, "--") != 0 && (number = read_signal(&argv)) < 0)
        return psh.bash ? 1 : 2;
    if (*argv && strcmp(*argv, "--") == 0)
        argv++;
    if (!*argv)
        return psh_warn("kill: usage: kill [-s sigspec | -signum] pid ... or kill -l"), 2;
    for (; *argv; argv++)
        status |= send(*argv, number);
    return status;
}
