// A table that grows to its end and then begins at its start again.
#include "known.h"
#include "addresses.h"

#include <stdlib.h>
#include <string.h>

static int is_known(const struct known_names *known, const char *name,
                    const struct endpoint *address) {
    for (size_t i = 0; i < known->count; i++)
        if (address_equal(&known->entries[i].address, address) &&
            strcmp(known->entries[i].name, name) == 0)
            return 1;
    return 0;
}

int known_add(struct known_names *known, const char *name, const struct endpoint *address) {
    if (is_known(known, name, address))
        return 0;
    if (known->count == known->room && known->room < MOST_KNOWN) {
        size_t room = known->room ? 2 * known->room : 8;
        struct known *grown = realloc(known->entries, room * sizeof *grown);
        if (!grown)
            return -1;
        known->entries = grown;
        known->room = room;
    }
    struct known *entry;
    if (known->count < known->room)
        entry = &known->entries[known->count++];
    else
        entry = &known->entries[known->next++ % MOST_KNOWN];
    entry->address = *address;
    entry->address.port = 0;
    strcpy(entry->name, name);
    return 0;
}

void known_free(struct known_names *known) {
    free(known->entries);
    *known = (struct known_names){0};
}
