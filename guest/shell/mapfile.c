// mapfile, and readarray: the lines of standard input as an array.
#include "shell.h"

#include "builtins.h"

#include <string.h>
#include <unistd.h>

// A line with what ends it; null: there is none.
static char *next_line(char delimiter) {
    size_t length = 0, size = 64;
    char *line = psh_room(size);
    while (read(0, line + length, 1) == 1) {
        if (line[length++] == delimiter)
            break;
        if (length + 1 == size)
            line = memcpy(psh_room(2 * size), line, length), size *= 2;
    }
    line[length] = 0;
    return length ? line : NULL;
}

int psh_mapfile(char **argv) {
    int trims = 0;
    char delimiter = '\n', *line;
    for (argv++; *argv && **argv == '-'; argv++) {
        if (strcmp(*argv, "-t") == 0) {
            trims = 1;
        } else if (strcmp(*argv, "-d") == 0 && argv[1]) {
            delimiter = **++argv;
        } else {
            psh_refuse("mapfile: %s is not understood here", *argv);
            return 2;
        }
    }
    const char *name = *argv ? *argv : "MAPFILE";
    struct psh_array *array = psh_room(sizeof *array);
    while ((line = next_line(delimiter))) {
        size_t length = strlen(line);
        if (trims && delimiter && length && line[length - 1] == delimiter)
            line[length - 1] = 0;
        psh_append(array, line);
    }
    psh_set_array(psh_variable(name), array);
    return 0;
}
