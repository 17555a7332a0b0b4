// What cp, mv and ln share.
#ifndef PSH_COPY_H
#define PSH_COPY_H

#include <sys/stat.h>

struct copying {
    const char *command;
    int recursive, keep, force, none; // none: what is there stays
    int itself;                       // ln: a link to a folder is no folder
    int symbolic;
    int moving; // permissions that cannot be kept are told, and no failure
    mode_t mask;
    struct stat top; // the first folder made, which is not copied into itself
    int made;
};

// Each of them 1, with the reason said.
int psh_copy_failed(const struct copying *how, const char *what, const char *path);
int psh_same_file(const struct copying *how, const char *from, const char *to);

int psh_same(const struct stat *one, const struct stat *other);
// What is at `from` copied to the name `to`; `inside` a folder that is copied.
int psh_copy_entry(struct copying *how, const char *from, const char *to, int inside);

#endif
