// What a name is: letters, digits, `-` and `_` in labels. Other characters have no meaning to a
// name server that matters here, and some to those who read a log or a terminal.
#include "names.h"

#include <string.h>

enum { LONGEST_LABEL = 63 };

static int is_of_names(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// `1.2.3.4`, `127.1`, `2130706433`, `0x7f.1`: inet_aton(3) takes them for addresses, so nobody may
// ask for such a name. No top-level domain begins with a digit.
static int ends_in_a_number(const char *name) {
    const char *dot = strrchr(name, '.');
    const char *last = dot ? dot + 1 : name;
    return *last >= '0' && *last <= '9';
}

static int canonical_of(const char *name, char *room) {
    unsigned size = 0, label = 0;
    for (; *name; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name + ('a' - 'A')) : *name;
        if (c == '.' && label && !name[1])
            break;
        label = c == '.' ? 0 : label + 1;
        if ((c == '.' ? !size || room[size - 1] == '.' : !is_of_names(c)) ||
            label > LONGEST_LABEL || size == LONGEST_NAME)
            return -1;
        room[size++] = c;
    }
    room[size] = 0;
    return !size || ends_in_a_number(room) ? -1 : 0;
}

int name_canonical(const char *name, char *room) {
    if (canonical_of(name, room) < 0) {
        *room = 0;
        return -1;
    }
    if (strcmp(room, HOST_NAME_OF_DOCKER) == 0)
        strcpy(room, HOST_NAME);
    return 0;
}

int name_matches(const char *pattern, const char *name) {
    if (strncmp(pattern, "*.", 2) != 0)
        return strcmp(pattern, name) == 0;
    if (strcmp(name, HOST_NAME) == 0) // is granted by itself
        return 0;
    unsigned long tail = strlen(pattern + 1), whole = strlen(name);
    return whole > tail && strcmp(name + whole - tail, pattern + 1) == 0;
}

int name_is_local(const char *name) {
    return strcmp(name, "localhost") == 0 || name_matches("*.localhost", name);
}
