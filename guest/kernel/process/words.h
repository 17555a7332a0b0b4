// Lists of strings in the kernel's memory: what execve(2) is given.
#ifndef KERNEL_PROCESS_WORDS_H
#define KERNEL_PROCESS_WORDS_H

#include <stddef.h>

struct words {
    char *bytes; // one behind the other, each with its NUL
    size_t size, room, count;
};

// All of a program's list, null: none. 0, -E2BIG, -EFAULT or -ENOMEM.
int words_read(struct words *, char *const list[]);
int words_add(struct words *, const char *word);
// Puts the words in place of the first `skipped` ones.
int words_begin(struct words *, const struct words *first, size_t skipped);
void words_free(struct words *);
// Fills in pointers to copies of the words, which go to `bytes`, and a null behind them. Where the
// bytes end.
char *words_place(const struct words *, char **pointers, char *bytes);

#endif
