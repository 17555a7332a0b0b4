// Bash's stack of folders: dirs, pushd and popd.
#include "shell.h"

#include "builtins.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct psh_words left; // the last one stands last

static char *here(void) {
    char folder[4096];
    return getcwd(folder, sizeof folder) ? psh_copy(folder, strlen(folder)) : "";
}

static void show(const char *folder) {
    const char *home = psh_get("HOME");
    size_t length = home ? strlen(home) : 0;
    int inside = length > 1 && strncmp(folder, home, length) == 0 && strchr("/", folder[length]);
    printf("%s%s", inside ? "~" : "", folder + (inside ? length : 0));
}

int psh_dirs(char **argv) {
    if (argv[1] && argv[0][0] == 'd') {
        psh_refuse("dirs: %s is not understood here", argv[1]);
        return 126;
    }
    show(here());
    for (size_t i = left.count; i-- > 0;)
        putchar(' '), show(left.items[i]);
    putchar('\n');
    return 0;
}

static int change(char *folder) {
    return psh_cd((char *[]){"cd", folder, NULL});
}

int psh_pushd(char **argv) {
    char *from = here(), *to = argv[1];
    if (to && (strchr("+-", *to) || argv[2])) {
        psh_refuse("pushd: %s is not understood here", to);
        return 126;
    }
    if (!to && !left.count)
        return psh_warn("pushd: no other directory"), 1;
    if (change(to ? to : left.items[left.count - 1]))
        return 1;
    if (to)
        psh_add(&left, from);
    else
        left.items[left.count - 1] = from;
    return psh_dirs(argv);
}

int psh_popd(char **argv) {
    if (argv[1]) {
        psh_refuse("popd: %s is not understood here", argv[1]);
        return 126;
    }
    if (!left.count)
        return psh_warn("popd: directory stack empty"), 1;
    if (change(left.items[left.count - 1]))
        return 1;
    left.count--;
    return psh_dirs(argv);
}
