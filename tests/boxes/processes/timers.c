// timer_create(2): a timer's signal is pending once, and says how often it was missed.
#include "said.h"

static timer_t armed(int signo, long ms) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signo};
    struct itimerspec often = {{0, ms * 1000000}, {0, ms * 1000000}};
    timer_t timer;
    event.sigev_value.sival_int = signo;
    say("created", timer_create(CLOCK_MONOTONIC, &event, &timer));
    say("set", timer_settime(timer, 0, &often, NULL));
    return timer;
}

static void missed(int signo) {
    struct itimerspec never = {{0, 0}, {0, 0}};
    struct timespec no_time = {0, 0};
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    timer_t timer = armed(signo, 10), none;
    nap(100);
    say("before it is taken", timer_getoverrun(timer));
    say("taken", sigtimedwait(&set, &info, &no_time) == signo);
    say("by a timer", info.si_code == SI_TIMER);
    say("its value", info.si_value.sival_int == signo);
    say("missed", info.si_overrun >= 5);
    say("as it says", timer_getoverrun(timer) == info.si_overrun);
    nap(50);
    say("disarmed", timer_settime(timer, 0, &never, NULL));
    say("not asked since", timer_getoverrun(timer));
    sigtimedwait(&set, &info, &no_time);
    say("no more than one", sigtimedwait(&set, &info, &no_time));
    say("deleted", timer_delete(timer));
    say("once", timer_delete(timer));
    struct sigevent silent = {.sigev_notify = SIGEV_NONE};
    struct itimerspec often = {{0, 1000000}, {0, 1000000}};
    timer_create(CLOCK_MONOTONIC, &silent, &none);
    timer_settime(none, 0, &often, NULL);
    nap(20);
    say("of one that is silent", timer_getoverrun(none));
    timer_delete(none);
}

static void shared(void) {
    // Another one's signal of the same number is pending: the timer's is lost.
    struct timespec no_time = {0, 0};
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    kill(getpid(), SIGALRM);
    timer_t timer = armed(SIGALRM, 10);
    nap(50);
    timer_delete(timer);
    say("taken", sigtimedwait(&set, &info, &no_time) == SIGALRM);
    say("by kill", info.si_code == SI_USER);
    say("no more", sigtimedwait(&set, &info, &no_time));
}

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    missed(SIGALRM);
    missed(SIGRTMIN + 2);
    shared();
    return 0;
}
