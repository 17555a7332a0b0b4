// Scripts within scripts: eval, `.` and source.
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int psh_eval(char **argv) {
    size_t length = 1;
    for (char **word = argv + 1; *word; word++)
        length += strlen(*word) + 1;
    char *script = psh_room(length);
    for (char **word = argv + 1; *word; word++) {
        strcat(script, *word);
        strcat(script, " ");
    }
    return psh_run_text(script, 0);
}

char *psh_file(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t length = 0, size = 4096, got;
    char *text = psh_room(size);
    while ((got = fread(text + length, 1, size - length - 1, file)) > 0) {
        length += got;
        if (length + 1 == size) {
            char *larger = psh_room(2 * size);
            memcpy(larger, text, length);
            text = larger;
            size *= 2;
        }
    }
    fclose(file);
    text[length] = 0;
    return text;
}

// In PATH, then in this folder.
static char *sourced_file(const char *name) {
    char *text = psh_file(name), candidate[4096];
    const char *path = strchr(name, '/') ? "" : psh_get("PATH");
    while (!text && path && *path) {
        size_t length = strcspn(path, ":");
        snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, path, name);
        text = psh_file(candidate);
        path += length + (path[length] == ':');
    }
    return text;
}

// With arguments, which dash does not look at, bash gives the file parameters of its own.
int psh_dot(char **argv) {
    char *text = argv[1] ? sourced_file(argv[1]) : NULL;
    if (!text)
        return psh_error("%s: cannot open %s: %s", argv[0], argv[1] ? argv[1] : "",
                         strerror(errno));
    struct psh_words outer = psh.arguments;
    const char *source = psh.source;
    int own = argv[2] && (psh.bash || argv[0][0] == 's');
    if (own)
        psh.arguments = (struct psh_words){0};
    for (char **word = argv + 2; own && *word; word++)
        psh_add(&psh.arguments, *word);
    psh.source = argv[1];
    psh.calls++;
    psh_run_text(text, 0);
    psh.calls--;
    psh.source = source;
    if (own)
        psh.arguments = outer;
    if (psh.leaving == PSH_RETURN)
        psh.leaving = PSH_STAY;
    return psh.status;
}
