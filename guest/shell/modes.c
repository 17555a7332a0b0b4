// Permissions and owners of files: chmod, chown, chgrp.
#include "shell.h"

#include "builtins.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALL_BITS = 07777, SET_IDS = S_ISUID | S_ISGID };

struct change {
    const char *command, *mode;
    int recursive, quiet, links; // links: what is a link is changed itself
    int surprises;               // the mode stood where options do
    mode_t mask;
    uid_t user;
    gid_t group;
};

static mode_t bits_of_who(char who) {
    return who == 'u'   ? S_ISUID | S_IRWXU
           : who == 'g' ? S_ISGID | S_IRWXG
           : who == 'o' ? S_ISVTX | S_IRWXO
           : who == 'a' ? ALL_BITS
                        : 0;
}

static mode_t bits_of_letter(char letter, mode_t old, int folder) {
    switch (letter) {
    case 'r':
        return 0444;
    case 'w':
        return 0222;
    case 'x':
        return 0111;
    case 'X':
        return folder || (old & 0111) ? 0111 : 0;
    case 's':
        return SET_IDS;
    case 't':
        return S_ISVTX;
    }
    return 0;
}

// As gnulib's mode_adjust: set-id bits of folders stay unless they are mentioned.
static mode_t adjust(mode_t old, char operator, mode_t affected, mode_t value, mode_t kept) {
    value &= ~kept;
    if (operator == '+')
        return old | value;
    if (operator == '-')
        return old & ~value;
    return (old & ((affected ? ~affected : 0) | kept)) | value;
}

// One operator and what it takes, of `u=rw,go-w`; null: no mode.
static const char *apply_operator(const char *at, mode_t affected, mode_t mask, int folder,
                                  mode_t *mode) {
    char operator = *at++;
    mode_t value = 0;
    if (*at && strchr("ugo", *at)) {
        int shift = *at == 'u' ? 6 : *at == 'g' ? 3 : 0;
        value = (*mode >> shift & 7) * 0111;
        at++;
    } else
        for (; *at && strchr("rwxXst", *at); at++)
            value |= bits_of_letter(*at, *mode, folder);
    mode_t mentioned = affected ? affected & value : value;
    value &= affected ? affected : ~mask;
    *mode = adjust(*mode, operator, affected, value, folder ? SET_IDS & ~mentioned : 0);
    return at;
}

static int apply_mode(const char *text, mode_t mask, int folder, mode_t *mode) {
    size_t digits = strspn(text, "01234567");
    if (digits && !text[digits]) {
        unsigned long value = strtoul(text, NULL, 8);
        mode_t mentioned = digits < 5 ? value & SET_IDS : SET_IDS;
        *mode = adjust(*mode, '=', ALL_BITS, value, folder ? SET_IDS & ~mentioned : 0);
        return value > ALL_BITS ? -1 : 0;
    }
    for (;; text++) {
        mode_t affected = 0;
        for (; bits_of_who(*text); text++)
            affected |= bits_of_who(*text);
        if (!*text || !strchr("+-=", *text))
            return -1;
        while (*text && strchr("+-=", *text))
            text = apply_operator(text, affected, mask, folder, mode);
        if (*text != ',')
            return *text ? -1 : 0;
    }
}

static int failed(const struct change *change, const char *what, const char *path) {
    if (!change->quiet)
        psh_warn("%s: %s '%s': %s", change->command, what, path, strerror(errno));
    return 1;
}

static int change_mode(const struct change *change, const char *path, const struct stat *found) {
    mode_t mode = found->st_mode & ALL_BITS, plain = mode;
    apply_mode(change->mode, change->mask, S_ISDIR(found->st_mode), &mode);
    apply_mode(change->mode, 0, S_ISDIR(found->st_mode), &plain);
    if (chmod(path, mode) < 0)
        return failed(change, "changing permissions of", path);
    if (!change->surprises || !(mode & ~plain))
        return 0;
    psh_warn("chmod: %s: new permissions are %04o, not %04o", path, mode, plain);
    return 1;
}

static int change_owner(const struct change *change, const char *path) {
    int status = (change->links ? lchown : chown)(path, change->user, change->group);
    return status < 0 ? failed(change, "changing ownership of", path) : 0;
}

static int change_path(const struct change *change, const char *path, int inside);

static int change_entries(const struct change *change, const char *path) {
    DIR *folder = opendir(path);
    if (!folder)
        return failed(change, "cannot read directory", path);
    int status = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status |= change_path(change, psh_within(path, entry->d_name), 1);
    closedir(folder);
    return status;
}

static int change_path(const struct change *change, const char *path, int inside) {
    struct stat found;
    int itself = inside || change->links;
    if ((itself ? lstat : stat)(path, &found) < 0)
        return failed(change, "cannot access", path);
    if (change->mode && S_ISLNK(found.st_mode))
        return 0;
    int status = change->mode ? change_mode(change, path, &found) : change_owner(change, path);
    if (change->recursive && S_ISDIR(found.st_mode))
        status |= change_entries(change, path);
    return status;
}

static int change_all(const struct change *change, char **paths) {
    int status = 0;
    if (!*paths) {
        psh_warn("%s: missing operand", change->command);
        return 1;
    }
    for (; *paths; paths++)
        status |= change_path(change, *paths, 0);
    return status;
}

// `-x` and the like are modes that stand where options do.
static char *take_mode(char **argv) {
    while (*++argv && strcmp(*argv, "--") != 0) {
        char *word = *argv;
        if (word[0] != '-' || !word[1] || !strchr("rwxXstugo", word[1]))
            continue;
        for (; *argv; argv++)
            argv[0] = argv[1];
        return word;
    }
    return NULL;
}

int psh_chmod(char **argv) {
    struct change change = {.command = "chmod", .mask = umask(0)};
    umask(change.mask);
    change.mode = take_mode(argv);
    change.surprises = change.mode != NULL;
    const char *given = psh_options(argv, "Rf");
    if (!given)
        return 2;
    argv++;
    if (!change.mode && *argv)
        change.mode = *argv++;
    mode_t mode = 0;
    if (change.mode && apply_mode(change.mode, 0, 0, &mode) < 0) {
        psh_warn("chmod: invalid mode: '%s'", change.mode);
        return 1;
    }
    change.recursive = strchr(given, 'R') != NULL;
    change.quiet = strchr(given, 'f') != NULL;
    return change_all(&change, argv);
}

static int find_user(const char *name, int login, struct change *change) {
    struct passwd *entry = getpwnam(name);
    if (!entry && (login || !psh_number(name, &change->user)))
        return -1;
    if (entry)
        change->user = entry->pw_uid;
    if (login)
        change->group = entry->pw_gid;
    return 0;
}

static int find_group(const char *name, struct change *change) {
    struct group *entry = getgrnam(name);
    if (entry)
        change->group = entry->gr_gid;
    return entry || psh_number(name, &change->group) ? 0 : -1;
}

// `user`, `user:group`, `user:` and `:group`.
static int find_owner(const char *text, struct change *change) {
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    int login = colon && length && !colon[1];
    if (length && find_user(psh_copy(text, length), login, change) < 0) {
        psh_warn("chown: invalid user: '%s'", text);
        return -1;
    }
    if (colon && colon[1] && find_group(colon + 1, change) < 0) {
        psh_warn("chown: invalid group: '%s'", text);
        return -1;
    }
    return 0;
}

int psh_chown(char **argv) {
    struct change change = {.command = argv[0], .user = (uid_t)-1, .group = (gid_t)-1};
    const char *given = psh_options(argv, "Rhf");
    if (!given)
        return 2;
    change.recursive = strchr(given, 'R') != NULL;
    change.links = change.recursive || strchr(given, 'h');
    change.quiet = strchr(given, 'f') != NULL;
    if (argv[1] && strcmp(change.command, "chown") == 0 && find_owner(argv[1], &change) < 0)
        return 1;
    if (argv[1] && strcmp(change.command, "chgrp") == 0 && *argv[1] &&
        find_group(argv[1], &change) < 0) {
        psh_warn("chgrp: invalid group: '%s'", argv[1]);
        return 1;
    }
    return change_all(&change, argv[1] ? argv + 2 : argv + 1);
}
