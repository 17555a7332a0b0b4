// sched(7): policies and priorities; waitid(2) by a process's descriptor.
#include "said.h"
#include <pthread.h>
#include <sys/syscall.h>

static void tell(const char *what, int result) {
    printf("%s: %d %s\n", what, result, result < 0 ? strerror(errno) : "");
    fflush(stdout);
}

// The field of proc_pid_stat(5).
static int policy_in_proc(void) {
    char text[1024] = "";
    FILE *file = fopen("/proc/self/stat", "r");
    int size = file ? (int)fread(text, 1, sizeof text - 1, file) : 0, policy = -1;
    char *at = size > 0 ? strrchr(text, ')') : NULL;
    for (int field = 2; at && field < 41; field++)
        at = strchr(at + 1, ' ');
    if (at)
        policy = atoi(at);
    if (file)
        fclose(file);
    return policy;
}

static void asking(void) {
    struct sched_param param = {.sched_priority = 7};
    tell("own policy", sched_getscheduler(0));
    tell("by number", sched_getscheduler(getpid()));
    tell("the parent's", sched_getscheduler(getppid()));
    tell("of nobody", sched_getscheduler(0x3ffffff));
    tell("of -1", sched_getscheduler(-1));
    tell("own priority", sched_getparam(0, &param));
    say("is", param.sched_priority);
    tell("nobody's", sched_getparam(0x3ffffff, &param));
    tell("-1's", sched_getparam(-1, &param));
    for (int policy = 0; policy < 6; policy++) {
        tell("highest", sched_get_priority_max(policy));
        tell("lowest", sched_get_priority_min(policy));
    }
    tell("highest of -1", sched_get_priority_max(-1));
}

static void setting(void) {
    static const int policies[] = {SCHED_OTHER, SCHED_BATCH, SCHED_FIFO, SCHED_RR, 4, 7, -1};
    struct sched_param none = {0}, one = {.sched_priority = 1}, many = {.sched_priority = 100};
    for (unsigned i = 0; i < sizeof policies / sizeof *policies; i++) {
        tell("set, without a priority", sched_setscheduler(0, policies[i], &none));
        tell("with one", sched_setscheduler(0, policies[i], &one));
        tell("with too high a one", sched_setscheduler(0, policies[i], &many));
        tell("is", sched_getscheduler(0));
        say("and in /proc", policy_in_proc());
    }
    tell("nobody's", sched_setscheduler(0x3ffffff, SCHED_OTHER, &none));
    tell("nobody's, unknown", sched_setscheduler(0x3ffffff, -1, &none));
    tell("-1's", sched_setscheduler(-1, SCHED_OTHER, &none));
    tell("init's", sched_setscheduler(1, SCHED_OTHER, &none));
    tell("init's priority", sched_setparam(1, &none));
    tell("a priority alone", sched_setparam(0, &one));
    tell("none alone", sched_setparam(0, &none));
    tell("is", sched_getscheduler(0));
    tell("nobody's", sched_setparam(0x3ffffff, &none));
    tell("-1's", sched_setparam(-1, &none));
}

static void *in_thread(void *unused) {
    struct sched_param param;
    int policy;
    say("thread asks", pthread_getschedparam(pthread_self(), &policy, &param));
    say("has", policy);
    param.sched_priority = 0;
    say("thread sets", pthread_setschedparam(pthread_self(), SCHED_OTHER, &param));
    say("has", sched_getscheduler(syscall(SYS_gettid)));
    return NULL;
}

static void inheriting(void) {
    struct sched_param none = {0};
    tell("batch", sched_setscheduler(0, SCHED_BATCH, &none));
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    tell("main still", sched_getscheduler(0));
    if (fork() == 0) {
        tell("child", sched_getscheduler(0));
        tell("its parent", sched_getscheduler(getppid()));
        _exit(0);
    }
    wait(NULL);
    tell("not to be inherited", sched_setscheduler(0, SCHED_BATCH | 0x40000000, &none));
    tell("is", sched_getscheduler(0) == (SCHED_BATCH | 0x40000000));
    tell("and stays so", sched_setscheduler(0, SCHED_BATCH, &none));
    if (fork() == 0) {
        tell("child", sched_getscheduler(0));
        _exit(0);
    }
    wait(NULL);
    pid_t ended = fork();
    if (ended == 0)
        _exit(0);
    siginfo_t info;
    waitid(P_PID, ended, &info, WEXITED | WNOWAIT);
    tell("one that has ended", sched_getscheduler(ended) < 0);
    wait(NULL);
    tell("and was waited for", sched_getscheduler(ended));
    if (fork() == 0) {
        tell("idle", sched_setscheduler(0, SCHED_IDLE, &none));
        tell("for ever", sched_setscheduler(0, SCHED_OTHER, &none));
        tell("is", sched_getscheduler(0));
        _exit(0);
    }
    wait(NULL);
}

int main(void) {
    // What root may have is a machine's matter.
    if (getuid() == 0 && (setgid(65534) || setuid(65534)))
        return 1;
    asking();
    setting();
    inheriting();
    int status;
    siginfo_t info = {0};
    pid_t pid = fork();
    if (pid == 0)
        _exit(5);
    int fd = syscall(434, pid, 0); // pidfd_open(2)
    tell("by its descriptor", waitid(3, fd, &info, WEXITED));
    say("status", info.si_status);
    say("code", info.si_code == CLD_EXITED);
    tell("again", waitid(3, fd, &info, WEXITED));
    tell("by none", waitid(3, 99, &info, WEXITED));
    close(fd);
    return 0;
}
