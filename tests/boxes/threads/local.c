#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <threads.h>
#include <sched.h>
#include <locale.h>
static __thread int mine = 7;
_Thread_local char zero[4096];
thread_local long third = -3;
static const __thread char *text = "text";
struct big { int a[20]; };
static _Thread_local struct big big = {{1, 2, 3}};
static int check(int n) {
    static _Thread_local int calls;
    int sum = 0;
    for (unsigned i = 0; i < sizeof zero; i++) sum += zero[i];
    int fine = mine == 7 && !sum && third == -3 && text[0] == 't' && big.a[2] == 3 && !calls++;
    mine = n; zero[100] = 1; third = n; text = "x"; big.a[2] = n;
    return fine;
}
static void *run(void *n) {
    long fine = check((int)(long)n);
    for (int i = 0; i < 20; i++) { sched_yield(); fine &= mine == (long)n && third == (long)n && big.a[2] == (long)n; }
    jmp_buf at;
    volatile int steps = 0;
    int code = setjmp(at);
    steps++;
    sched_yield();
    if (code < 3) longjmp(at, code + 1);
    return (void *)(fine && steps == 4 && mine == (long)n);
}
int main(void) {
    pthread_t t[10];
    int fine = check(1);
    for (long i = 0; i < 10; i++) pthread_create(&t[i], 0, run, (void *)(100 + i));
    for (int i = 0; i < 10; i++) { void *r; pthread_join(t[i], &r); fine += r != 0; }
    printf("%d %d\n", fine, mine);
    return 0;
}
