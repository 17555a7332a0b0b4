// What the C library keeps for each thread, and locks between them.
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *writes(void *file) {
    for (int i = 0; i < 200; i++) {
        fprintf(file, "%s %d\n", "a line of the file", 12345);
        if (i % 10 == 0) fflush(file), sched_yield();
    }
    return 0;
}
static void *locales(void *p) {
    locale_t c = newlocale(LC_ALL_MASK, "C", 0);
    uselocale(c);
    sched_yield();
    long fine = uselocale(0) == c;
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(c);
    return (void *)fine;
}
static void *errors(void *p) {
    long n = (long)p, fine = 1;
    for (int i = 0; i < 100; i++) { errno = n; sched_yield(); fine &= errno == n; }
    return (void *)fine;
}
static void *allocates(void *p) {
    char *held[64] = {0};
    unsigned seed = (long)p;
    for (int i = 0; i < 5000; i++) {
        int at = rand_r(&seed) % 64;
        if (held[at] && held[at][0] != (char)at) return 0;
        free(held[at]);
        if (!(held[at] = malloc(1 + rand_r(&seed) % 5000))) return 0;
        held[at][0] = (char)at;
        if (i % 50 == 0) sched_yield();
    }
    for (int i = 0; i < 64; i++) free(held[i]);
    return (void *)1;
}
int main(void) {
    pthread_t t[6];
    FILE *file = tmpfile();
    char line[100];
    int whole = 0, fine = 0;
    for (int i = 0; i < 6; i++) pthread_create(&t[i], 0, writes, file);
    for (int i = 0; i < 6; i++) pthread_join(t[i], 0);
    rewind(file);
    while (fgets(line, sizeof line, file)) whole += !strcmp(line, "a line of the file 12345\n");
    printf("lines %d\n", whole);
    void *(*kinds[])(void *) = {locales, errors, allocates};
    for (int k = 0; k < 3; k++) {
        for (long i = 0; i < 6; i++) pthread_create(&t[i], 0, kinds[k], (void *)(i + 1));
        for (int i = 0; i < 6; i++) { void *r; pthread_join(t[i], &r); fine += r != 0; }
    }
    printf("fine %d\n", fine);
    return 0;
}
