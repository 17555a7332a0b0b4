// bench/file_calls.py in C: the same work, the same names, one JSON object on standard output.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MEGABYTES = 64, BLOCK = 65536, ENTRIES = 10000, FILES = 100000, AT_ONCE = 1000 };

static char path[4096], buffer[BLOCK];
static const char *folder;
static int next_file;

static void must(long result) {
    if (result < 0) {
        perror(path);
        exit(1);
    }
}

static void within(const char *format, int number) {
    int used = snprintf(path, sizeof path, "%s/", folder);
    snprintf(path + used, sizeof path - (size_t)used, format, number);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void measure(const char *name, void (*work)(void), int times, int operations) {
    static int some;
    printf("%s\"%s\": [", some++ ? ", " : "{", name);
    for (int i = 0; i < times; i++) {
        double began = now();
        work();
        printf("%s%.9f", i ? ", " : "", (now() - began) / operations);
    }
    printf("]");
}

static void create(const char *format, int number) {
    within(format, number);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    must(fd);
    close(fd);
}

static void read_small(void) {
    for (int i = 0; i < 20; i++) {
        int fd = open(path, O_RDONLY);
        must(fd);
        must(read(fd, buffer, 4096));
        close(fd);
    }
}

static void stat_small(void) {
    struct stat status;
    for (int i = 0; i < 20; i++)
        must(stat(path, &status));
}

static void list(void) {
    DIR *stream = opendir(path);
    int count = 0;
    while (readdir(stream))
        count++;
    closedir(stream);
    must(count - ENTRIES);
}

static void write_large(void) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    must(fd);
    for (int i = 0; i < MEGABYTES * 16; i++)
        must(write(fd, buffer, BLOCK));
    close(fd);
}

static void read_large(void) {
    int fd = open(path, O_RDONLY);
    long got;
    must(fd);
    while ((got = read(fd, buffer, BLOCK)) > 0)
        ;
    must(got);
    close(fd);
}

static void create_some(void) {
    for (int i = 0; i < AT_ONCE; i++)
        create("f%d", next_file++);
}

static void unlink_some(void) {
    for (int i = 0; i < AT_ONCE; i++) {
        within("f%d", next_file++);
        must(unlink(path));
    }
}

int main(int count, char **arguments) {
    if (count < 2)
        return 2;
    folder = arguments[1];
    memset(buffer, 'x', sizeof buffer);
    create("small", 0);
    int fd = open(path, O_WRONLY);
    must(write(fd, buffer, 100));
    close(fd);
    measure("open, read, close", read_small, 2000, 20);
    measure("stat", stat_small, 2000, 20);
    within("many", 0);
    must(mkdir(path, 0755));
    for (int i = 0; i < ENTRIES; i++)
        create("many/entry%d", i);
    within("many", 0);
    measure("readdir of 10,000", list, 20, 1);
    for (int i = 0; i < ENTRIES; i++) {
        within("many/entry%d", i);
        must(unlink(path));
    }
    within("large", 0);
    measure("write of 64 MB", write_large, 6, 1);
    measure("read of 64 MB", read_large, 6, 1);
    must(unlink(path));
    measure("create, of 100,000", create_some, FILES / AT_ONCE, AT_ONCE);
    next_file = 0;
    measure("unlink, of 100,000", unlink_some, FILES / AT_ONCE, AT_ONCE);
    printf("}\n");
    return 0;
}
