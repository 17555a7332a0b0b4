// The machine config: what the box's builder wrote down for the start of its program.
#ifndef ENTRY_MACHINE_H
#define ENTRY_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct list {
    char **items; // null-terminated
    size_t count;
};

struct machine {
    uint32_t uid, gid, groups[64];
    size_t group_count;
    uint32_t call_depth; // of this run, 0: the program's own
    int is_frozen;       // or its program runs to its end at once
    uintptr_t constants; // where the data ends that is never written to; 0: not known
    char *cwd, *hostname, *program;
    struct list environment, entrypoint, command, imports;
};

// Reads the records of the boot block's config (see docs/reference/box-format.md).
void machine_read(struct machine *machine);

// The environment of a run: the machine's, the host's over it, HOME and HOSTNAME where missing.
// Takes out the variables reserved for the host (BOXER_ENTRYPOINT, BOXER_WORKDIR, BOXER_USER,
// BOXER_LIMITS) and applies them to the machine.
char **machine_environment(struct machine *machine, char **host);

// Whether the host's environment holds nothing but limits, which the machine takes then.
int machine_has_limits_alone(struct machine *machine, char **host);

// entrypoint + the host's arguments, or the command where there are none.
char **machine_arguments(const struct machine *machine, char **host, size_t host_count);

int list_add(struct list *list, char *item);

#endif
