// Which program an executable file means: "#!boxer NAME" is one of the module's, "#!INTERPRETER
// ARGUMENT" a script.
#include "process/program.h"
#include "host/host.h"
#include "state.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/open.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define DEPTH 5 // interpreters of interpreters, as on Linux

static KERNEL_STATE int (*is_known)(const char *name);

void program_on_names(int (*is_program)(const char *)) {
    is_known = is_program;
}

static int read_head(struct dentry *entry, char head[HEAD_SIZE + 1], long *size) {
    struct inode *inode = entry->inode;
    int error =
        S_ISREG(inode->mode) && (inode->mode & 0111) ? inode_permission(inode, MAY_EXEC) : -EACCES;
    struct file *file;
    if (!error)
        error = open_to_run(entry, &file);
    if (error)
        return error;
    int64_t pos = 0;
    *size = file->ops->read ? file->ops->read(file, head, HEAD_SIZE, &pos) : -EACCES;
    file_put(file);
    if (*size < 0)
        return (int)*size;
    head[*size] = 0;
    return 0;
}

static int is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The interpreter and its one argument, or null; both end with a NUL then. 0: there is none.
static char *part(char *head, long size, char **argument) {
    char *end = memchr(head, '\n', (size_t)size), *name = head + 2;
    *argument = NULL;
    if (!end && size == HEAD_SIZE) { // cut short: only a whole name is good
        char *at = name;
        while (is_blank(*at))
            at++;
        while (*at && !is_blank(*at))
            at++;
        if (!*at)
            return NULL;
    }
    if (!end)
        end = head + size;
    while (end > name && is_blank(end[-1]))
        end--;
    *end = 0;
    while (is_blank(*name))
        name++;
    char *behind = name;
    while (*behind && !is_blank(*behind))
        behind++;
    if (*behind) {
        *behind++ = 0;
        while (is_blank(*behind))
            behind++;
        *argument = behind;
    }
    return *name ? name : NULL;
}

static int begin_with(struct words *arguments, const char *name, const char *argument,
                      const char *script) {
    struct words first = {0};
    int error = words_add(&first, name);
    if (!error && argument)
        error = words_add(&first, argument);
    if (!error)
        error = words_add(&first, script);
    if (!error)
        error = words_begin(arguments, &first, 1);
    words_free(&first);
    return error;
}

static void name_of(const struct dentry *entry, char name[16]) {
    memset(name, 0, 16);
    memcpy(name, entry->name, entry->name_len < 15 ? entry->name_len : 15);
}

// As a script whose interpreter is missing (execve(2)); not ENOEXEC, at which shells and make take
// the file for a script of theirs, which does nothing, and go on. Told once: all that is not there
// is so for one reason.
static int tell_missing(const char *path) {
    static KERNEL_STATE int is_told;
    static const char before[] = "boxer: cannot start `",
                      behind[] =
                          "`: this box's code has no such program, only that of its command\n";
    if (!is_told) {
        host_write(2, before, sizeof before - 1);
        host_write(2, path, strlen(path));
        host_write(2, behind, sizeof behind - 1);
    }
    is_told = 1;
    return -ENOENT;
}

// The file of a program, or the interpreter's path in `path` for another round (1).
static int look(struct found *found, struct dentry *entry, char path[PATH_MAX]) {
    char head[HEAD_SIZE + 1], *argument;
    long size;
    int error = read_head(entry, head, &size);
    if (error)
        return error;
    if (size < 2 || head[0] != '#' || head[1] != '!')
        return -ENOEXEC;
    char *name = part(head, size, &argument);
    if (!name)
        return -ENOEXEC;
    if (strcmp(name, "boxer") == 0 && argument) {
        argument[strcspn(argument, " \t\r")] = 0;
        if (!is_known || !is_known(argument))
            return tell_missing(path);
        memcpy(found->name, argument, strlen(argument) + 1);
        found->entry = entry;
        dentry_get(entry);
        return 0;
    }
    name[strcspn(name, "\r")] = 0;
    if (!*name)
        return -ENOEXEC;
    error = begin_with(&found->arguments, name, argument, path);
    if (error)
        return error;
    memcpy(path, name, strlen(name) + 1);
    return 1;
}

// What a script of execveat(2) is called for its interpreter.
static int script_path(int dirfd, const char *path, char to[PATH_MAX]) {
    size_t length = strlen(path);
    if (length >= PATH_MAX - 24)
        return -ENAMETOOLONG;
    if (dirfd == AT_FDCWD || *path == '/') {
        memcpy(to, path, length + 1);
        return 0;
    }
    char digits[12], *digit = digits + sizeof digits;
    *--digit = 0;
    for (unsigned rest = (unsigned)dirfd; digit == digits + 11 || rest; rest /= 10)
        *--digit = (char)('0' + rest % 10);
    size_t prefix = strlen("/dev/fd/"), count = strlen(digit);
    memcpy(to, "/dev/fd/", prefix);
    memcpy(to + prefix, digit, count + 1);
    if (length) {
        to[prefix + count] = '/';
        memcpy(to + prefix + count + 1, path, length + 1);
    }
    return 0;
}

int program_find(struct found *found, int dirfd, const char *path, int flags) {
    char *name = found->path;
    int how = flags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW;
    struct dentry *entry;
    if (flags & AT_EMPTY_PATH)
        how |= PATH_EMPTY;
    int error = path_lookup(dirfd, path, how, &entry);
    if (!error)
        error = script_path(dirfd, path, name);
    else
        return error;
    if (!error && S_ISLNK(entry->inode->mode))
        error = -ELOOP;
    if (!error)
        name_of(entry, found->script);
    for (int depth = 0; !error && (error = look(found, entry, name)) == 1; depth++) {
        dentry_put(entry);
        if (depth + 1 >= DEPTH)
            return -ELOOP;
        error = path_lookup(AT_FDCWD, name, PATH_FOLLOW, &entry);
        if (error)
            return error;
    }
    dentry_put(entry);
    return error;
}

void program_forget(struct found *found) {
    if (found->entry)
        dentry_put(found->entry);
    words_free(&found->arguments);
    *found = (struct found){0};
}
