// Which names setlocale(3) and newlocale(3) know: C, POSIX and C.UTF-8, as Debian has them where no package of locales is installed. Any other
// name is an error; upstream takes every name and does the same for all.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fork_impl.h"
#include "libc.h"
#include "locale_impl.h"
#include "lock.h"

#define malloc __libc_malloc

volatile int __locale_lock[1];
volatile int *const __locale_lockptr = __locale_lock;

// glibc's twelve categories; upstream has places for six. LC_ALL is 6 in both.
const char *const __locale_categories[] = {
    "LC_CTYPE", "LC_NUMERIC", "LC_TIME",    "LC_COLLATE",   "LC_MONETARY",    "LC_MESSAGES",       "LC_ALL",
    "LC_PAPER", "LC_NAME",    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
};

static const char *from_environment(int category) {
    const char *names[] = {"LC_ALL", __locale_categories[category], "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return "C";
}

// "C.UTF-8", with the name of the encoding in any spelling glibc takes for it.
static int is_utf8(const char *name) {
    if (strncmp(name, "C.", 2))
        return 0;
    size_t length = strcspn(name + 2, "@");
    return (length == 5 && !strncasecmp(name + 2, "utf-8", 5)) || (length == 4 && !strncasecmp(name + 2, "utf8", 4));
}

// NULL stands for C. A name is kept as it was spelled.
const struct __locale_map *__get_locale(int category, const char *name) {
    static struct __locale_map *spellings;
    if (!*name)
        name = from_environment(category);
    if (!strcmp(name, "C") || !strcmp(name, "POSIX"))
        return NULL;
    if (!strcmp(name, __c_dot_utf8.name))
        return &__c_dot_utf8;
    for (const struct __locale_map *known = spellings; known; known = known->next)
        if (!strcmp(known->name, name))
            return known;
    struct __locale_map *new = NULL;
    if (is_utf8(name) && strlen(name) <= LOCALE_NAME_MAX && (new = malloc(sizeof *new))) {
        *new = __c_dot_utf8;
        strcpy(new->name, name);
        new->next = spellings;
        spellings = new;
        return new;
    }
    errno = ENOENT;
    return LOC_MAP_FAILED;
}
