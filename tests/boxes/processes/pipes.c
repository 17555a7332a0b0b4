// Pipes between processes: data, ends, SIGPIPE.
#include "said.h"

static void much_data(void) {
    int ends[2];
    pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        static char block[10000];
        for (int i = 0; i < 500; i++) {
            memset(block, i, sizeof block);
            for (size_t done = 0; done < sizeof block;)
                done += (size_t)write(ends[1], block + done, sizeof block - done);
        }
        _exit(0);
    }
    close(ends[1]);
    char piece[7777];
    long total = 0, sum = 0, got;
    while ((got = read(ends[0], piece, sizeof piece)) > 0) {
        for (long i = 0; i < got; i++)
            sum += (unsigned char)piece[i];
        total += got;
    }
    close(ends[0]);
    say("total", total);
    say("sum", sum);
    say_end("writer", end_of(pid));
}

static void a_pipeline(void) {
    int first[2], second[2];
    pipe(first);
    pipe(second);
    pid_t a = fork();
    if (a == 0) {
        dup2(first[1], 1);
        close(first[0]), close(first[1]), close(second[0]), close(second[1]);
        for (int i = 0; i < 1000; i++)
            printf("line %d\n", i);
        exit(0);
    }
    pid_t b = fork();
    if (b == 0) {
        dup2(first[0], 0);
        dup2(second[1], 1);
        close(first[0]), close(first[1]), close(second[0]), close(second[1]);
        char line[100];
        while (fgets(line, sizeof line, stdin))
            if (strstr(line, "99"))
                fputs(line, stdout);
        exit(0);
    }
    close(first[0]), close(first[1]), close(second[1]);
    char text[1000];
    long size = 0, got;
    while ((got = read(second[0], text + size, sizeof text - 1 - (size_t)size)) > 0)
        size += got;
    text[size] = 0;
    fputs(text, stdout);
    say_end("a", end_of(a));
    say_end("b", end_of(b));
}

static void nobody_reads(void) {
    int ends[2];
    pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (;;)
            write(ends[1], "x", 1);
    }
    close(ends[1]);
    char byte;
    read(ends[0], &byte, 1);
    close(ends[0]);
    say_end("writer", end_of(pid));
}

static void ping_pong(void) {
    int there[2], back[2];
    pipe(there);
    pipe(back);
    pid_t pid = fork();
    int number;
    if (pid == 0) {
        while (read(there[0], &number, sizeof number) == sizeof number && number >= 0) {
            number++;
            write(back[1], &number, sizeof number);
        }
        _exit(0);
    }
    for (number = 0; number < 2000;) {
        write(there[1], &number, sizeof number);
        read(back[0], &number, sizeof number);
    }
    say("number", number);
    number = -1;
    write(there[1], &number, sizeof number);
    say_end("other", end_of(pid));
}

int main(void) {
    much_data();
    a_pipeline();
    nobody_reads();
    ping_pong();
    return 0;
}
