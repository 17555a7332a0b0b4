// setlocale(3), with glibc's names for a locale whose categories differ.
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "libc.h"
#include "locale_impl.h"
#include "lock.h"

enum { CATEGORIES = 13 }; // LC_ALL among them

extern const char *const __locale_categories[];
static const struct __locale_map *others[CATEGORIES]; // those behind LC_ALL

static const struct __locale_map **place(int category) {
    return category < LC_ALL ? (const struct __locale_map **)&libc.global_locale.cat[category] : &others[category];
}

static const char *name_of(int category) {
    const struct __locale_map *map = *place(category);
    return map ? map->name : "C";
}

static char *name_of_all(void) {
    static char text[CATEGORIES * (LOCALE_NAME_MAX + 20)];
    int same = 1;
    for (int i = 0; i < CATEGORIES; i++)
        if (i != LC_ALL && strcmp(name_of(i), name_of(0)))
            same = 0;
    if (same)
        return (char *)name_of(0);
    char *end = text;
    for (int i = 0; i < CATEGORIES; i++)
        if (i != LC_ALL)
            end += sprintf(end, "%s%s=%s", end == text ? "" : ";", __locale_categories[i], name_of(i));
    return text;
}

// The name for a category in "LC_CTYPE=C;LC_NUMERIC=C...", which has to name all of them; 0: it does not.
static int part_of(const char *name, int category, char part[LOCALE_NAME_MAX + 1]) {
    size_t label = strlen(__locale_categories[category]);
    for (; *name; name += strcspn(name, ";"), name += *name == ';') {
        if (strncmp(name, __locale_categories[category], label) || name[label] != '=')
            continue;
        size_t length = strcspn(name + label + 1, ";");
        if (length > LOCALE_NAME_MAX)
            return 0;
        memcpy(part, name + label + 1, length);
        part[length] = 0;
        return 1;
    }
    return 0;
}

static int set_all(const char *name) {
    const struct __locale_map *maps[CATEGORIES] = {0};
    char part[LOCALE_NAME_MAX + 1];
    for (int i = 0; i < CATEGORIES; i++) {
        if (i == LC_ALL)
            continue;
        if (strchr(name, ';') && !part_of(name, i, part))
            return 0;
        maps[i] = __get_locale(i, strchr(name, ';') ? part : name);
        if (maps[i] == LOC_MAP_FAILED)
            return 0;
    }
    for (int i = 0; i < CATEGORIES; i++)
        if (i != LC_ALL)
            *place(i) = maps[i];
    return 1;
}

char *setlocale(int category, const char *name) {
    if (category < 0 || category >= CATEGORIES)
        return NULL;
    char *result = NULL;
    LOCK(__locale_lock);
    if (category == LC_ALL) {
        if (!name || set_all(name))
            result = name_of_all();
    } else {
        const struct __locale_map *map = name ? __get_locale(category, name) : NULL;
        if (name && map != LOC_MAP_FAILED)
            *place(category) = map;
        if (map != LOC_MAP_FAILED)
            result = (char *)name_of(category);
    }
    UNLOCK(__locale_lock);
    return result;
}
