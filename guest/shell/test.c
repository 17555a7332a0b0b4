// test and [ (XCU test, with -a, -o and parentheses as dash has them).
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char **at;
static const char *problem;

static int either(void);

static long long number(const char *text) {
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end)
        problem = "a number was expected";
    return value;
}

static int is_file(char kind, const char *path) {
    struct stat found;
    if ((kind == 'h' || kind == 'L') ? lstat(path, &found) : stat(path, &found))
        return 0;
    switch (kind) {
    case 'e':
        return 1;
    case 'f':
        return S_ISREG(found.st_mode);
    case 'd':
        return S_ISDIR(found.st_mode);
    case 's':
        return found.st_size > 0;
    case 'h':
    case 'L':
        return S_ISLNK(found.st_mode);
    case 'p':
        return S_ISFIFO(found.st_mode);
    case 'S':
        return S_ISSOCK(found.st_mode);
    case 'b':
        return S_ISBLK(found.st_mode);
    case 'c':
        return S_ISCHR(found.st_mode);
    case 'g':
        return (found.st_mode & S_ISGID) != 0;
    case 'u':
        return (found.st_mode & S_ISUID) != 0;
    case 'r':
        return access(path, R_OK) == 0;
    case 'w':
        return access(path, W_OK) == 0;
    default:
        return access(path, X_OK) == 0;
    }
}

static int unary(char kind, const char *word) {
    if (kind == 'n')
        return *word != 0;
    if (kind == 'z')
        return *word == 0;
    if (kind == 'v')
        return psh_parameter(word) != NULL;
    if (kind == 't')
        return isatty((int)number(word));
    return is_file(kind, word);
}

int psh_test_unary(char kind, const char *word) {
    return unary(kind, word);
}

static int newer(const char *one, const char *other) {
    struct stat a, b;
    if (stat(one, &a) < 0)
        return 0;
    if (stat(other, &b) < 0)
        return 1;
    return a.st_mtim.tv_sec > b.st_mtim.tv_sec ||
           (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec > b.st_mtim.tv_nsec);
}

static int same_file(const char *one, const char *other) {
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

// The place of the operator in this list, -1 for none.
static int binary_operator(const char *word) {
    static const char *const names[] = {"=",   "!=",  "<",   ">",   "-eq", "-ne", "-lt",
                                        "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "=="};
    for (int i = 0; word && i < (int)(sizeof names / sizeof *names); i++)
        if (strcmp(word, names[i]) == 0)
            return i;
    return -1;
}

static int binary(const char *a, int operator, const char *b) {
    switch (operator) {
    case 0:
    case 13:
        return strcmp(a, b) == 0;
    case 1:
        return strcmp(a, b) != 0;
    case 2:
        return strcmp(a, b) < 0;
    case 3:
        return strcmp(a, b) > 0;
    case 4:
        return number(a) == number(b);
    case 5:
        return number(a) != number(b);
    case 6:
        return number(a) < number(b);
    case 7:
        return number(a) <= number(b);
    case 8:
        return number(a) > number(b);
    case 9:
        return number(a) >= number(b);
    case 10:
        return newer(a, b);
    case 11:
        return newer(b, a);
    default:
        return same_file(a, b);
    }
}

// -nt, -ot, -ef
int psh_test_files(const char *one, const char *operator, const char *other) {
    return binary(one, binary_operator(operator), other);
}

static int primary(void) {
    char *word = at[0];
    if (!word) {
        problem = "an argument was expected";
        return 0;
    }
    int operator = binary_operator(at[1]);
    if (operator >= 0 && at[2]) {
        at += 3;
        return binary(word, operator, at[-1]);
    }
    if (strcmp(word, "!") == 0 && at[1]) {
        at++;
        return !primary();
    }
    if (strcmp(word, "(") == 0 && at[1]) {
        at++;
        int value = either();
        if (!*at || strcmp(*at, ")") != 0)
            problem = "`)` was expected";
        else
            at++;
        return value;
    }
    if (word[0] == '-' && word[1] && !word[2] &&
        strchr(psh.bash ? "nzvterwxfdshLpSbcgu" : "nzterwxfdshLpSbcgu", word[1]) && at[1]) {
        at += 2;
        return unary(word[1], at[-1]);
    }
    at++;
    return *word != 0;
}

static int both(void) {
    int value = primary();
    while (*at && strcmp(*at, "-a") == 0) {
        at++;
        int right = primary();
        value = value && right;
    }
    return value;
}

static int either(void) {
    int value = both();
    while (*at && strcmp(*at, "-o") == 0) {
        at++;
        int right = both();
        value = value || right;
    }
    return value;
}

int psh_test(char **argv) {
    size_t count = 0;
    while (argv[count])
        count++;
    if (strcmp(argv[0], "[") == 0) {
        if (strcmp(argv[count - 1], "]") != 0) {
            psh_warn("[: `]` is missing");
            return 2;
        }
        argv[--count] = NULL;
    }
    if (count == 1)
        return 1;
    at = argv + 1;
    problem = NULL;
    int value = either();
    if (*at && !problem)
        problem = "an operator is not known";
    if (problem)
        psh_warn("%s: %s", argv[0], problem);
    return problem ? 2 : !value;
}
