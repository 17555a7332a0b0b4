// head and wc: the begin of a text, and how long it is.
#include "shell.h"

#include "builtins.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 65536 };

static int problem(const char *command, const char *path) {
    psh_warn("%s: %s: %s", command, path, strerror(errno));
    return 1;
}

static int open_input(const char *path) {
    return strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
}

// 10, 1k, 2M. -1: it is no number.
static long long number_of(const char *text) {
    static const char units[] = "kMGT";
    char *end;
    long long value = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
    if (value < 0)
        return -1;
    const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    if (*end && (!unit || end[1]))
        return *end == 'b' && !end[1] ? value * 512 : -1;
    return unit ? value << (10 * (unit - units + 1)) : value;
}

// How much of a block belongs to what is wanted, which gets less.
static size_t take(const char *block, size_t size, int lines, long long *wanted) {
    size_t taken = 0;
    if (!lines) {
        taken = (long long)size < *wanted ? size : (size_t)*wanted;
        *wanted -= (long long)taken;
        return taken;
    }
    while (*wanted && taken < size) {
        const char *end = memchr(block + taken, '\n', size - taken);
        *wanted -= end != NULL;
        taken = end ? (size_t)(end + 1 - block) : size;
    }
    return taken;
}

static int write_head(int fd, int lines, long long wanted, char *block) {
    while (wanted > 0) {
        size_t room = lines || wanted > BLOCK ? BLOCK : (size_t)wanted;
        ssize_t size = read(fd, block, room);
        if (size <= 0)
            return size < 0 ? -1 : 0;
        size_t taken = take(block, size, lines, &wanted);
        if (fwrite(block, 1, taken, stdout) < taken || fflush(stdout))
            return 0; // told by whoever runs this
        if (taken < (size_t)size)
            lseek(fd, (off_t)taken - size, SEEK_CUR); // the rest is for others
    }
    return 0;
}

// -n 5, -n5, -5, -c 1k, -q, -v. Behind them; null: said.
static char **read_options(char **argv, int *lines, long long *wanted, int *names) {
    for (argv++; *argv && **argv == '-' && (*argv)[1]; argv++) {
        char *word = *argv, kind = word[1];
        if (strcmp(word, "--") == 0)
            return argv + 1;
        const char *value = isdigit((unsigned char)kind) ? word + 1 : word[2] ? word + 2 : argv[1];
        if ((kind == 'q' || kind == 'v') && !word[2]) {
            *names = kind == 'v' ? 1 : -1;
            continue;
        }
        if (!value || (!isdigit((unsigned char)kind) && kind != 'n' && kind != 'c') ||
            (*wanted = number_of(value)) < 0) {
            psh_refuse_option("head", word);
            return NULL;
        }
        *lines = kind != 'c';
        argv += value == argv[1];
    }
    return argv;
}

int psh_head(char **argv) {
    int lines = 1, names = 0, status = 0;
    long long wanted = 10;
    char *input[] = {"-", NULL}, **files = read_options(argv, &lines, &wanted, &names);
    if (!files)
        return 1;
    char *block = psh_room(BLOCK), **first = *files ? files : input;
    for (char **file = first; *file; file++) {
        int fd = open_input(*file);
        if (fd >= 0 && (names > 0 || (names == 0 && first[1])))
            printf("%s==> %s <==\n", file == first ? "" : "\n",
                   strcmp(*file, "-") == 0 ? "standard input" : *file);
        if (fd < 0 || write_head(fd, lines, wanted, block) < 0)
            status = problem("head", *file);
        if (fd >= 0)
            close(fd);
    }
    free(block);
    return status;
}

struct counts {
    unsigned long long lines, words, characters, bytes;
};

static int count(int fd, struct counts *counts, int only_bytes, char *block) {
    int within = 0;
    ssize_t size;
    while ((size = read(fd, block, BLOCK)) > 0) {
        counts->bytes += size;
        for (ssize_t i = 0; i < size && !only_bytes; i++) {
            int blank = isspace((unsigned char)block[i]);
            counts->lines += block[i] == '\n';
            counts->words += !blank && !within;
            counts->characters += (block[i] & 0xc0) != 0x80; // of UTF-8
            within = !blank;
        }
    }
    return (int)size;
}

static void print_counts(const struct counts *counts, const char *given, int width,
                         const char *name) {
    struct {
        char letter;
        unsigned long long value;
    } all[] = {{'l', counts->lines},
               {'w', counts->words},
               {'m', counts->characters},
               {'c', counts->bytes}};
    const char *separator = "";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strchr(*given ? given : "lwc", all[i].letter)) {
            printf("%s%*llu", separator, width, all[i].value);
            separator = " ";
        }
    printf(*name ? " %s\n" : "\n", name);
}

int psh_wc(char **argv) {
    const char *given = psh_options(argv, "lwmc");
    int status = 0, files = 0;
    if (!given)
        return 1;
    given = psh_copy(given, strlen(given));
    char *block = psh_room(BLOCK), *input[] = {"-", NULL};
    char **names = argv[1] ? argv + 1 : input;
    int width = given[0] && !given[1] && (!argv[1] || !argv[2]) ? 1 : 7;
    struct counts total = {0};
    for (; *names; names++, files++) {
        struct counts counts = {0};
        int fd = open_input(*names);
        if (fd < 0 || count(fd, &counts, strcmp(given, "c") == 0, block) < 0)
            status = problem("wc", *names);
        if (fd < 0)
            continue;
        close(fd);
        print_counts(&counts, given, width, argv[1] ? *names : "");
        total.lines += counts.lines, total.words += counts.words;
        total.characters += counts.characters, total.bytes += counts.bytes;
    }
    if (files > 1)
        print_counts(&total, given, width, "total");
    free(block);
    return status;
}
