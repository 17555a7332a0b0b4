// Finds a box's plan; see plan.h.
#define _GNU_SOURCE
#include "plan.h"

#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// $NAME/boxer, or ~/FALLBACK/boxer (XDG base directories).
static int base_folder(const char *name, const char *fallback, char path[PATH_MAX]) {
    const char *set = getenv(name), *home = getenv("HOME");
    int length;
    if (set && *set == '/')
        length = snprintf(path, PATH_MAX, "%s/boxer", set);
    else if (home && *home == '/')
        length = snprintf(path, PATH_MAX, "%s/%s/boxer", home, fallback);
    else
        return -1;
    return length < PATH_MAX ? 0 : -1;
}

static int read_text(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t length = fread(text, 1, size - 1, file);
    fclose(file);
    text[length] = 0;
    return length < size - 1 ? 0 : -1;
}

// A file's line as src/boxer/store/images.py writes it: what changes with any change of the file.
static int identity_of(const char *path, char *text, size_t size) {
    struct stat status;
    if (stat(path, &status) < 0)
        return -1;
    return snprintf(text, size, "%llx-%llx-%llx-%llx-%llx", (unsigned long long)status.st_dev,
                    (unsigned long long)status.st_ino, (unsigned long long)status.st_size,
                    (unsigned long long)status.st_mtim.tv_sec * 1000000000ull +
                        (unsigned long long)status.st_mtim.tv_nsec,
                    (unsigned long long)status.st_ctim.tv_sec * 1000000000ull +
                        (unsigned long long)status.st_ctim.tv_nsec) < (int)size
               ? 0
               : -1;
}

// Whether the files below tags/ say what the store's index says: another program may have written
// it, or somebody is writing it now.
static int tags_are_current(const char *folder) {
    char path[PATH_MAX], now[128], then[128];
    if (snprintf(path, sizeof path, "%s/images/index.json", folder) >= PATH_MAX ||
        identity_of(path, now, sizeof now) < 0)
        return 0;
    return snprintf(path, sizeof path, "%s/images/.tags", folder) < PATH_MAX &&
           read_text(path, then, sizeof then) == 0 && strcmp(now, then) == 0;
}

static int is_there(const char *folder, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX)
        return 1;
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

// Named boxes are held against a policy by the Python program (src/boxer/store/policy.py).
static int has_policy(void) {
    char folder[PATH_MAX];
    const char *named = getenv("BOXER_POLICY");
    if ((named && *named) || is_there("/etc/boxer", "policy.json"))
        return 1;
    return base_folder("XDG_CONFIG_HOME", ".config", folder) < 0 || is_there(folder, "policy.json");
}

// The file of a named box: its tag names the sha256 of a blob. A colon before a slash is a port's.
static int named_box(const char *name, char path[PATH_MAX]) {
    char folder[PATH_MAX], tag_path[PATH_MAX], entry[4096], digest[65];
    const char *last = strrchr(name, '/'), *colon = strchr(last ? last : name, ':');
    const char *tag = colon ? colon + 1 : "latest";
    int length = colon ? (int)(colon - name) : (int)strlen(name);
    if (base_folder("XDG_DATA_HOME", ".local/share", folder) < 0 || strstr(name, "..") ||
        strchr(name, '@') || has_policy() || !tags_are_current(folder))
        return -1;
    if (snprintf(tag_path, PATH_MAX, "%s/images/tags/%.*s/%s.json", folder, length, name, tag) >=
            PATH_MAX ||
        read_text(tag_path, entry, sizeof entry) < 0)
        return -1;
    const char *at = strstr(entry, "\"digest\": \"");
    if (!at || sscanf(at, "\"digest\": \"%64[0-9a-f]\"", digest) != 1 || strlen(digest) != 64)
        return -1;
    return snprintf(path, PATH_MAX, "%s/images/blobs/sha256/%s", folder, digest) < PATH_MAX ? 0
                                                                                            : -1;
}

static int is_private(const char *folder) {
    struct stat status;
    return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

// As plans.py names it: any change of the box's file gives another name.
static int plan_path(const struct stat *box, char path[PATH_MAX]) {
    char folder[PATH_MAX];
    if (base_folder("XDG_CACHE_HOME", ".cache", folder) < 0)
        return -1;
    size_t length = strlen(folder);
    if (snprintf(folder + length, PATH_MAX - length, "/run") >= (int)(PATH_MAX - length) ||
        !is_private(folder))
        return -1;
    return snprintf(path, PATH_MAX, "%s/%llx-%llx-%llx-%llx.%09lx-%llx.%09lx.plan", folder,
                    (unsigned long long)box->st_dev, (unsigned long long)box->st_ino,
                    (unsigned long long)box->st_size, (unsigned long long)box->st_mtim.tv_sec,
                    box->st_mtim.tv_nsec, (unsigned long long)box->st_ctim.tv_sec,
                    box->st_ctim.tv_nsec) < PATH_MAX
               ? 0
               : -1;
}

// The value of a line `key=value`, or null. The text is cut at its end.
static const char *value_of(char *text, const char *key, char *value, size_t size) {
    size_t length = strlen(key);
    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, length) != 0 || line[length] != '=')
            continue;
        size_t count = strcspn(line + length + 1, "\n");
        if (count >= size)
            return NULL;
        memcpy(value, line + length + 1, count);
        value[count] = 0;
        return value;
    }
    return NULL;
}

static int read_plan(char *text, struct plan *plan) {
    char number[32];
    if (!value_of(text, "abi", number, sizeof number) || atoi(number) != BOXER_NATIVE_ABI)
        return -1;
    if (!value_of(text, "size", number, sizeof number))
        return -1;
    plan->size = strtoull(number, NULL, 10);
    if (!value_of(text, "memory", number, sizeof number))
        return -1;
    plan->memory = strtoull(number, NULL, 10);
    return value_of(text, "library", plan->library, PATH_MAX) &&
                   value_of(text, "code", plan->code, PATH_MAX) &&
                   value_of(text, "image", plan->image, PATH_MAX) &&
                   value_of(text, "pages", plan->pages, PATH_MAX) &&
                   value_of(text, "limits", plan->limits, sizeof plan->limits)
               ? 0
               : -1;
}

int plan_find(const char *box, struct plan *plan) {
    char path[PATH_MAX], text[4 * PATH_MAX];
    struct stat status;
    // As the command line says: what is a file is meant as one.
    int is_file = stat(box, &status) == 0 && S_ISREG(status.st_mode);
    if (!is_file && (named_box(box, path) < 0 || stat(path, &status) < 0))
        return -1;
    if (!S_ISREG(status.st_mode) || plan_path(&status, path) < 0 ||
        read_text(path, text, sizeof text) < 0)
        return -1;
    return read_plan(text, plan);
}
