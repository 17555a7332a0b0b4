// Signals between processes.
#include "said.h"

static volatile sig_atomic_t seen, value, code, sender_is_child;
static pid_t child;

static void on_signal(int signo, siginfo_t *info, void *context) {
    (void)context;
    seen = signo;
    code = info->si_code;
    value = info->si_value.sival_int;
    sender_is_child = info->si_pid == child;
}

static void handle(int signo, int flags) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};
    sigaction(signo, &action, NULL);
}

static void a_child_signals(void) {
    handle(SIGUSR1, 0);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    if ((child = fork()) == 0) {
        sigqueue(getppid(), SIGUSR1, (union sigval){.sival_int = 42});
        _exit(0);
    }
    while (!seen)
        sigsuspend(&before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    say("seen", seen == SIGUSR1);
    say("queued", code == SI_QUEUE);
    say("value", value);
    say("by the child", sender_is_child);
    say_end("child", end_of(child));
}

static void killed_while_it_waits(int signo) {
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(9);
    }
    nap(20);
    kill(pid, signo);
    say_end("killed", end_of(pid));
}

static void a_handler_in_the_child(void) {
    int ready[2];
    pipe(ready);
    pid_t pid = fork();
    if (pid == 0) {
        handle(SIGTERM, 0);
        write(ready[1], "", 1);
        while (!seen || seen == SIGUSR1)
            nap(5);
        _exit(seen);
    }
    char byte;
    read(ready[0], &byte, 1);
    kill(pid, SIGTERM);
    say_end("handled", end_of(pid));
}

static void to_a_group(void) {
    pid_t pids[3];
    for (int i = 0; i < 3; i++)
        if ((pids[i] = fork()) == 0) {
            pause();
            _exit(0);
        }
    for (int i = 0; i < 3; i++)
        setpgid(pids[i], pids[0]);
    kill(-pids[0], SIGINT);
    for (int i = 0; i < 3; i++)
        say_end("of the group", end_of(pids[i]));
    say("nobody left", kill(-pids[0], 0) == -1 && errno == ESRCH);
}

static void child_ends_are_told(void) {
    handle(SIGCHLD, SA_RESTART);
    seen = 0;
    if ((child = fork()) == 0)
        _exit(5);
    while (seen != SIGCHLD)
        nap(5);
    say("exited", code == CLD_EXITED);
    say_end("child", end_of(child));
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (child == 0)
        _exit(0);
    say("not to be waited for", waitpid(child, NULL, 0) == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void an_interrupted_read(void) {
    handle(SIGALRM, 0);
    int ends[2];
    pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        nap(30);
        kill(getppid(), SIGALRM);
        _exit(0);
    }
    char byte;
    say("read", read(ends[0], &byte, 1));
    say("EINTR", errno == EINTR);
    say_end("child", end_of(pid));
}

static void pending_is_not_inherited(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    pid_t pid = fork();
    if (pid == 0) {
        sigpending(&set);
        _exit(sigismember(&set, SIGUSR2));
    }
    say_end("pending in the child", end_of(pid));
    sigpending(&set);
    say("in the parent", sigismember(&set, SIGUSR2));
}

int main(void) {
    a_child_signals();
    killed_while_it_waits(SIGTERM);
    killed_while_it_waits(SIGKILL);
    killed_while_it_waits(SIGHUP);
    a_handler_in_the_child();
    to_a_group();
    child_ends_are_told();
    an_interrupted_read();
    pending_is_not_inherited();
    return 0;
}
