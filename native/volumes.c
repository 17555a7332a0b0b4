// `-v SOURCE:TARGET[:ro|:rw]` of folders that are there; see volumes.h. Files, volumes with names,
// folders that are to be made and all other options are the Python program's
// (src/boxer/cli/grants.py), and so is every complaint.
#define _GNU_SOURCE
#include "volumes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char mark[] = "modes:"; // MODES_MARK of src/boxer/runtime/mounts.py

static int is_folder(const char *path) {
    struct stat status;
    int is_path = strchr(path, '/') || strcmp(path, ".") == 0 || strcmp(path, "..") == 0;
    return is_path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

// Slashes between the names of a path.
static int depth_of(const char *path) {
    int depth = 0;
    path += strspn(path, "/");
    for (const char *at = path; *at; at++)
        depth += *at == '/' && at[strspn(at, "/")] ? 1 : 0;
    return depth;
}

static int is_taken(const struct volumes *volumes, const char *name) {
    for (uint32_t i = 0; i < volumes->count; i++)
        if (strcmp(volumes->list[i].name, name) == 0)
            return 1;
    return 0;
}

static void insert(struct volumes *volumes, struct boxer_folder folder) {
    uint32_t at = volumes->count++;
    int depth = depth_of(folder.name + strlen(mark));
    for (; at && depth_of(volumes->list[at - 1].name + strlen(mark)) > depth; at--)
        volumes->list[at] = volumes->list[at - 1];
    volumes->list[at] = folder;
}

int volumes_add(struct volumes *volumes, const char *text) {
    char *words = strdup(text), *name = NULL;
    char *target = words ? strchr(words, ':') : NULL;
    if (!target || volumes->count == MOST_VOLUMES)
        return -1;
    *target++ = 0;
    char *option = strchr(target, ':');
    if (option)
        *option++ = 0;
    int read_only = option && strcmp(option, "ro") == 0;
    if (option && !read_only && strcmp(option, "rw") != 0)
        return -1;
    if (!is_folder(words) || *target != '/' || !(name = malloc(sizeof mark + strlen(target))))
        return -1;
    strcat(strcpy(name, mark), target);
    if (is_taken(volumes, name))
        return -1;
    insert(volumes, (struct boxer_folder){words, name, (uint32_t)read_only});
    return 0; // what was made stays until the process ends, or becomes another program
}
