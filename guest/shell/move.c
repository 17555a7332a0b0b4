// cp, mv and ln: their options, and which name goes where.
#include "copy.h"
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*one_file)(struct copying *how, const char *from, const char *to);

static int is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static int copy_one(struct copying *how, const char *from, const char *to) {
    return psh_copy_entry(how, from, to, 0);
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *place) {
    (void)found, (void)kind, (void)place;
    return remove(path);
}

static int move_across(struct copying *how, const char *from, const char *to) {
    struct copying copy = *how;
    copy.recursive = copy.keep = copy.moving = 1;
    if (psh_copy_entry(&copy, from, to, 0))
        return 1;
    return nftw(from, remove_entry, 16, FTW_DEPTH | FTW_PHYS)
               ? psh_copy_failed(how, "cannot remove", from)
               : 0;
}

static int move_one(struct copying *how, const char *from, const char *to) {
    struct stat found, old;
    if (lstat(from, &found) < 0)
        return psh_copy_failed(how, "cannot stat", from);
    int exists = lstat(to, &old) == 0;
    if (exists && how->none)
        return 0;
    if (exists && psh_same(&found, &old))
        return psh_same_file(how, from, to);
    if (exists && S_ISDIR(found.st_mode) != S_ISDIR(old.st_mode)) {
        if (S_ISDIR(old.st_mode))
            psh_warn("mv: cannot overwrite directory '%s' with non-directory", to);
        else
            psh_warn("mv: cannot overwrite non-directory '%s' with directory '%s'", to, from);
        return 1;
    }
    if (rename(from, to) == 0)
        return 0;
    if (errno == EXDEV)
        return move_across(how, from, to);
    int why = errno;
    if (why == EINVAL)
        psh_warn("mv: cannot move '%s' to a subdirectory of itself, '%s'", from, to);
    else
        psh_warn("mv: cannot move '%s' to '%s': %s", from, to, strerror(why));
    return 1;
}

// One entry of one folder, and no other hard link.
static int same_name(const char *one, const char *other) {
    struct stat first, second;
    char *names[] = {psh_copy(one, strlen(one)), psh_copy(other, strlen(other))};
    char *folders[] = {psh_copy(one, strlen(one)), psh_copy(other, strlen(other))};
    return strcmp(basename(names[0]), basename(names[1])) == 0 &&
           stat(dirname(folders[0]), &first) == 0 && stat(dirname(folders[1]), &second) == 0 &&
           psh_same(&first, &second);
}

static int link_one(struct copying *how, const char *from, const char *to) {
    struct stat found, old;
    int exists = lstat(to, &old) == 0;
    if (!how->symbolic && lstat(from, &found) < 0)
        return psh_copy_failed(how, "failed to access", from);
    if (!how->symbolic && S_ISDIR(found.st_mode)) {
        psh_warn("ln: %s: hard link not allowed for directory", from);
        return 1;
    }
    if (exists && how->force && S_ISDIR(old.st_mode)) {
        psh_warn("ln: %s: cannot overwrite directory", to);
        return 1;
    }
    if (exists && how->force && stat(from, &found) == 0 && psh_same(&found, &old)) {
        if (found.st_nlink == 1 || same_name(from, to))
            return psh_same_file(how, from, to);
        if (!how->symbolic)
            return 0;
    }
    if (exists && how->force && unlink(to) < 0)
        return psh_copy_failed(how, "cannot remove", to);
    if (how->symbolic)
        return symlink(from, to) < 0 ? psh_copy_failed(how, "failed to create symbolic link", to)
                                     : 0;
    return link(from, to) < 0 ? psh_copy_failed(how, "failed to create hard link", to) : 0;
}

static const char *place_in(const char *folder, const char *path) {
    return psh_within(folder, basename(psh_copy(path, strlen(path))));
}

// `from to`, `from.. folder`, and of ln one name alone.
static int each_file(struct copying *how, char **paths, one_file run) {
    size_t count = 0;
    while (paths[count])
        count++;
    if (count < 2 && !(count == 1 && run == link_one)) {
        psh_warn(count ? "%s: missing destination file operand after '%s'"
                       : "%s: missing file operand",
                 how->command, paths[0]);
        return 1;
    }
    const char *last = count == 1 ? "." : paths[count - 1];
    struct stat found;
    int into = is_folder(last);
    if (into && how->itself && lstat(last, &found) == 0 && S_ISLNK(found.st_mode))
        into = 0;
    if (!into && count > 2) {
        errno = stat(last, &found) < 0 ? errno : ENOTDIR;
        psh_warn("%s: target '%s': %s", how->command, last, strerror(errno));
        return 1;
    }
    int status = 0;
    for (size_t i = 0; i < count - (count > 1); i++)
        status |= run(how, paths[i], into ? place_in(last, paths[i]) : last);
    return status;
}

static int start(struct copying *how, char **argv, const char *known, one_file run) {
    *how = (struct copying){.command = argv[0], .mask = umask(0)};
    umask(how->mask);
    const char *given = psh_options(argv, known);
    if (!given)
        return 2;
    int archive = strchr(given, 'a') != NULL;
    how->recursive = archive || strchr(given, 'r') || strchr(given, 'R');
    how->keep = archive || strchr(given, 'p');
    const char *force = strrchr(given, 'f'), *none = strrchr(given, 'n');
    how->force = force != NULL;
    how->none = run != link_one && none && (run == copy_one || !force || none > force);
    how->itself = run == link_one && none;
    how->symbolic = strchr(given, 's') != NULL;
    return each_file(how, argv + 1, run);
}

int psh_cp(char **argv) {
    struct copying how;
    return start(&how, argv, "rRapfn", copy_one);
}

int psh_mv(char **argv) {
    struct copying how;
    return start(&how, argv, "fn", move_one);
}

int psh_ln(char **argv) {
    struct copying how;
    return start(&how, argv, "sfn", link_one);
}
