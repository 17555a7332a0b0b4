// Commands other systems have as programs, and scripts that start a program cannot do without.
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int problem(const char *command, const char *path) {
    psh_warn("%s: %s: %s", command, path, strerror(errno));
    return 1;
}

// In every base but that of C programs.
int toybox_program(int argc, char **argv) __attribute__((weak));

void psh_refuse_option(const char *command, const char *option) {
    int count = 0;
    while (psh.given && psh.given[count])
        count++;
    if (count && toybox_program)
        exit(toybox_program(count, psh.given));
    psh_warn("%s: %s: not an option here", command, option);
}

// The letters given, all of them known; null: said.
static const char *letters(char ***argv, const char *known) {
    static char given[16];
    size_t count = 0;
    char *command = *(*argv)++;
    for (; **argv && (**argv)[0] == '-' && (**argv)[1]; (*argv)++) {
        if (strcmp(**argv, "--") == 0) {
            (*argv)++;
            break;
        }
        for (const char *letter = **argv + 1; *letter; letter++) {
            if (!strchr(known, *letter) || count == sizeof given - 1) {
                psh_refuse_option(command, **argv);
                return NULL;
            }
            given[count++] = *letter;
        }
    }
    given[count] = 0;
    return given;
}

// As GNU's getopt: options from anywhere before `--`, and argv keeps what is none.
const char *psh_options(char **argv, const char *known) {
    static char given[16];
    size_t count = 0;
    char *command = argv[0], **kept = argv + 1;
    int ended = 0;
    while (*++argv) {
        if (ended || (*argv)[0] != '-' || !(*argv)[1]) {
            *kept++ = *argv;
            continue;
        }
        ended = strcmp(*argv, "--") == 0;
        for (const char *letter = *argv + 1; !ended && *letter; letter++) {
            if (!strchr(known, *letter) || count == sizeof given - 1) {
                psh_refuse_option(command, *argv);
                return NULL;
            }
            given[count++] = *letter;
        }
    }
    *kept = NULL;
    given[count] = 0;
    return given;
}

int psh_number(const char *text, unsigned *number) {
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long long value = strtoull(text, &end, 10);
    *number = (unsigned)value;
    return !*end && value < (unsigned)-1;
}

char *psh_within(const char *folder, const char *name) {
    size_t length = strlen(folder);
    char *path = psh_room(length + strlen(name) + 2);
    sprintf(path, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
    return path;
}

static int copy_out(int fd) {
    size_t room = 65536; // what a pipe holds
    char *block = malloc(room);
    ssize_t size = -1, wrote = 0;
    fflush(stdout);
    while (block && wrote >= 0 && (size = read(fd, block, room)) > 0)
        for (ssize_t done = 0; done < size && wrote >= 0; done += wrote)
            wrote = write(1, block + done, size - done);
    free(block);
    return size < 0 || wrote < 0 ? -1 : 0;
}

int psh_cat(char **argv) {
    int status = 0;
    if (!psh_options(argv, "u"))
        return 1;
    if (!argv[1])
        return copy_out(0) < 0;
    while (*++argv) {
        int fd = strcmp(*argv, "-") == 0 ? dup(0) : open(*argv, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || copy_out(fd) < 0)
            status = problem("cat", *argv);
        if (fd >= 0)
            close(fd);
    }
    return status;
}

static int make_folder(char *path, int parents) {
    for (char *slash = path + 1; parents && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        int failed = mkdir(path, 0777) < 0 && errno != EEXIST;
        *slash = '/';
        if (failed)
            return -1;
    }
    if (mkdir(path, 0777) == 0)
        return 0;
    struct stat found;
    return parents && errno == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode) ? 0 : -1;
}

int psh_mkdir(char **argv) {
    const char *given = letters(&argv, "pv");
    int status = given ? 0 : 2;
    for (; given && *argv; argv++)
        if (make_folder(psh_copy(*argv, strlen(*argv)), strchr(given, 'p') != NULL) < 0)
            status = problem("mkdir", *argv);
    return status;
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *place) {
    (void)found, (void)kind, (void)place;
    return remove(path);
}

int psh_remove(char **argv) {
    const char *given = letters(&argv, "rRfv");
    if (!given)
        return 2;
    int force = strchr(given, 'f') != NULL, status = 0;
    int recursive = strchr(given, 'r') || strchr(given, 'R');
    for (; *argv; argv++) {
        struct stat found;
        if (lstat(*argv, &found) < 0) {
            if (!force || errno != ENOENT)
                status = problem("rm", *argv);
            continue;
        }
        if (recursive ? nftw(*argv, remove_entry, 16, FTW_DEPTH | FTW_PHYS) : unlink(*argv))
            status = problem("rm", *argv);
    }
    return status;
}

int psh_touch(char **argv) {
    int status = 0;
    if (!psh_options(argv, ""))
        return 1;
    while (*++argv) {
        int fd = open(*argv, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0 || futimens(fd, NULL) < 0)
            status = problem("touch", *argv);
        if (fd >= 0)
            close(fd);
    }
    return status;
}

int psh_sleep(char **argv) {
    char *end;
    double seconds = argv[1] ? strtod(argv[1], &end) : -1;
    if (seconds < 0) {
        psh_warn("sleep: it takes a number of seconds");
        return 2;
    }
    seconds *= *end == 'm' ? 60 : *end == 'h' ? 3600 : 1;
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    return nanosleep(&time, NULL) < 0;
}

int psh_basename(char **argv) {
    if (!psh_options(argv, "") || !argv[1])
        return 2;
    char *name = basename(psh_copy(argv[1], strlen(argv[1])));
    size_t length = strlen(name), suffix = argv[2] ? strlen(argv[2]) : 0;
    if (suffix && suffix < length && strcmp(name + length - suffix, argv[2]) == 0)
        name[length - suffix] = 0;
    return puts(name) < 0;
}

int psh_dirname(char **argv) {
    return psh_options(argv, "") && argv[1] ? puts(dirname(psh_copy(argv[1], strlen(argv[1])))) < 0
                                            : 2;
}
