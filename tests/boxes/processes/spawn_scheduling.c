// posix_spawn(3): the scheduler's attributes.
#include "said.h"

extern char **environ;

int main(int argc, char **argv) {
    struct sched_param param = {.sched_priority = 3}, asked = {.sched_priority = 9};
    posix_spawnattr_t attr;
    int policy = 9, failed;
    pid_t pid;
    if (argc > 1)
        return 10 + sched_getscheduler(0);
    say("init", posix_spawnattr_init(&attr));
    say("priority", posix_spawnattr_getschedparam(&attr, &asked));
    say("is", asked.sched_priority);
    say("policy", posix_spawnattr_getschedpolicy(&attr, &policy));
    say("is", policy);
    say("set to one that it has not", posix_spawnattr_setschedpolicy(&attr, SCHED_BATCH));
    say("set", posix_spawnattr_setschedpolicy(&attr, SCHED_RR));
    say("set", posix_spawnattr_setschedparam(&attr, &param));
    posix_spawnattr_getschedparam(&attr, &asked);
    posix_spawnattr_getschedpolicy(&attr, &policy);
    say("is", asked.sched_priority);
    say("is", policy == SCHED_RR);
    char *again[] = {argv[0], "again", NULL};
    param.sched_priority = 0;
    sched_setscheduler(0, SCHED_BATCH, &param);
    posix_spawnattr_setschedparam(&attr, &param);
    posix_spawnattr_setschedpolicy(&attr, SCHED_OTHER);
    for (int flags = 0; flags < 4; flags++) {
        posix_spawnattr_setflags(&attr, (flags & 1 ? POSIX_SPAWN_SETSCHEDULER : 0) |
                                            (flags & 2 ? POSIX_SPAWN_SETSCHEDPARAM : 0));
        say("spawn", posix_spawn(&pid, "/proc/self/exe", NULL, &attr, again, environ));
        say_end("child", end_of(pid));
    }
    param.sched_priority = 1;
    posix_spawnattr_setschedparam(&attr, &param);
    failed = posix_spawn(&pid, "/proc/self/exe", NULL, &attr, again, environ);
    say("a priority that it has not", failed);
    return 0;
}
