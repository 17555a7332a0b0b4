// Lists of strings in the kernel's memory.
#include "process/words.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <string.h>

#define WORD_MOST (128u << 10) // MAX_ARG_STRLEN
#define ALL_LEAST (128u << 10) // ARG_MAX, whatever RLIMIT_STACK says
#define ALL_MOST (6u << 20)

static size_t most(void) {
    uint64_t quarter = rlimit(LINUX_RLIMIT_STACK) / 4;
    return quarter < ALL_LEAST ? ALL_LEAST : quarter > ALL_MOST ? ALL_MOST : (size_t)quarter;
}

int words_add(struct words *words, const char *word) {
    size_t length = strlen(word) + 1, wanted = words->size + length;
    if (length > WORD_MOST || wanted + (words->count + 1) * sizeof(char *) > most())
        return -E2BIG;
    if (wanted > words->room) {
        size_t room = wanted < 256 ? 256 : wanted * 2;
        char *bytes = krealloc(words->bytes, room);
        if (!bytes)
            return -ENOMEM;
        words->bytes = bytes;
        words->room = room;
    }
    memcpy(words->bytes + words->size, word, length);
    words->size = wanted;
    words->count++;
    return 0;
}

int words_read(struct words *words, char *const list[]) {
    for (size_t i = 0; list; i++) {
        if (!user_range(&list[i], sizeof *list))
            return -EFAULT;
        if (!list[i])
            break;
        if (!user_range(list[i], 1))
            return -EFAULT;
        int error = words_add(words, list[i]);
        if (error)
            return error;
    }
    return 0;
}

int words_begin(struct words *words, const struct words *first, size_t skipped) {
    struct words all = {0};
    size_t at = 0, index = 0;
    int error = 0;
    for (size_t from = 0; from < first->size && !error; from += strlen(first->bytes + from) + 1)
        error = words_add(&all, first->bytes + from);
    for (; at < words->size && !error; at += strlen(words->bytes + at) + 1)
        if (index++ >= skipped)
            error = words_add(&all, words->bytes + at);
    if (error) {
        words_free(&all);
        return error;
    }
    words_free(words);
    *words = all;
    return 0;
}

void words_free(struct words *words) {
    kfree(words->bytes);
    *words = (struct words){0};
}

char *words_place(const struct words *words, char **pointers, char *bytes) {
    memcpy(bytes, words->bytes ? words->bytes : "", words->size);
    for (size_t i = 0, at = 0; i < words->count; i++) {
        pointers[i] = bytes + at;
        at += strlen(bytes + at) + 1;
    }
    pointers[words->count] = NULL;
    return bytes + words->size;
}
