// wait4(2), waitid(2): every option.
#include "said.h"

static pid_t sleeper(long ms) {
    pid_t pid = fork();
    if (pid)
        return pid;
    nap(ms);
    _exit(4);
}

static void no_hang(void) {
    int status = 77;
    pid_t pid = sleeper(100);
    say("WNOHANG", waitpid(pid, &status, WNOHANG));
    say("untouched", status);
    say_end("later", end_of(pid));
}

static void told_twice(void) {
    pid_t pid = sleeper(0);
    siginfo_t info = {0};
    for (int i = 0; i < 2; i++) {
        say("waitid", waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
        say("code", info.si_code == CLD_EXITED);
        say("status", info.si_status);
        say("pid", info.si_pid == pid);
        say("signo", info.si_signo == SIGCHLD);
    }
    say("taken", waitid(P_ALL, 0, &info, WEXITED));
    say("gone", waitid(P_PID, pid, &info, WEXITED) == -1 && errno == ECHILD);
}

static void stops(void) {
    int status;
    pid_t pid = sleeper(200);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    say_end("WUNTRACED", status);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    say_end("WCONTINUED", status);
    say_end("end", end_of(pid));
}

static void groups(void) {
    pid_t first = sleeper(50), second = sleeper(0);
    setpgid(first, first);
    setpgid(second, first);
    int status;
    pid_t got = waitpid(-first, &status, 0);
    say("second first", got == second);
    got = waitpid(-first, &status, 0);
    say("then first", got == first);
    say("none", waitpid(-first, &status, 0) == -1 && errno == ECHILD);
}

static void usage(void) {
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    pid_t pid = fork();
    if (pid == 0) {
        clock_t start = clock();
        while (clock() - start < CLOCKS_PER_SEC / 20)
            ;
        _exit(0);
    }
    wait4(pid, NULL, 0, &after);
    say("wait4 has usage", after.ru_utime.tv_usec + after.ru_stime.tv_usec > 20000);
    getrusage(RUSAGE_CHILDREN, &after);
    say("children have usage", after.ru_utime.tv_usec + after.ru_stime.tv_usec >
                                   before.ru_utime.tv_usec + before.ru_stime.tv_usec);
}

int main(void) {
    no_hang();
    told_twice();
    stops();
    groups();
    usage();
    say("EINVAL", waitpid(-1, NULL, 0x100) == -1 && errno == EINVAL);
    return 0;
}
