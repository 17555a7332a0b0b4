// Reads the machine config and joins it with what the host gave for this run.
//
// Invariants
// 1. Strings of the config stay where the linker put them; only pointers are collected.
// 2. A record this version does not know is passed over: an older kernel serves a newer builder.
#include "machine.h"
#include "program.h"

#include <boxer/kernel.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIMITS "BOXER_LIMITS"

uint32_t program_stack;

int list_add(struct list *list, char *item) {
    char **items = realloc(list->items, (list->count + 2) * sizeof *items);
    if (!items)
        return -1;
    items[list->count++] = item;
    items[list->count] = NULL;
    list->items = items;
    return 0;
}

static char *value_of(char *record, const char *key) {
    size_t length = strlen(key);
    return strncmp(record, key, length) == 0 && record[length] == '=' ? record + length + 1 : NULL;
}

static void read_record(struct machine *machine, char *record) {
    char *value;
    if ((value = value_of(record, "uid")))
        machine->uid = strtoul(value, NULL, 10);
    else if ((value = value_of(record, "gid")))
        machine->gid = strtoul(value, NULL, 10);
    else if ((value = value_of(record, "group")) && machine->group_count < 64)
        machine->groups[machine->group_count++] = strtoul(value, NULL, 10);
    else if ((value = value_of(record, "cwd")))
        machine->cwd = value;
    else if ((value = value_of(record, "constants")))
        machine->constants = strtoul(value, NULL, 10);
    else if (value_of(record, "frozen"))
        machine->is_frozen = 1;
    else if ((value = value_of(record, "hostname")))
        machine->hostname = value;
    else if ((value = value_of(record, "program")))
        machine->program = value;
    else if ((value = value_of(record, "exposed")))
        kernel_expose(strtoul(value, NULL, 10));
    else if ((value = value_of(record, "env")))
        list_add(&machine->environment, value);
    else if ((value = value_of(record, "entrypoint")))
        list_add(&machine->entrypoint, value);
    else if ((value = value_of(record, "cmd")))
        list_add(&machine->command, value);
    else if ((value = value_of(record, "import")))
        list_add(&machine->imports, value);
}

void machine_read(struct machine *machine) {
    *machine = (struct machine){.cwd = "/", .hostname = "box"};
    char *record = (char *)(uintptr_t)boxer_boot.config;
    char *end = record + boxer_boot.config_size;
    while (record && record < end && memchr(record, 0, end - record)) {
        read_record(machine, record);
        record += strlen(record) + 1;
    }
}

// FILES,STORAGE,DEPTH,STACK; nothing between the commas: no limit, or not known.
static void take_limits(struct machine *machine, const char *text) {
    char *end;
    uint64_t values[4];
    for (int i = 0; i < 4; i++) {
        values[i] = strtoull(text, &end, 10);
        if (end == text)
            values[i] = UINT64_MAX;
        text = *end ? end + 1 : end;
    }
    kernel_set_limits(values[0] < UINT32_MAX ? values[0] : UINT32_MAX, values[1]);
    machine->call_depth = values[2] < INT32_MAX ? values[2] : 0;
    program_stack = values[3] < INT32_MAX ? values[3] : 0;
}

int machine_has_limits_alone(struct machine *machine, char **host) {
    for (char **variable = host; variable && *variable; variable++)
        if (!value_of(*variable, LIMITS))
            return 0;
    for (; host && *host; host++)
        take_limits(machine, value_of(*host, LIMITS));
    return 1;
}

static int take_reserved(struct machine *machine, char *variable) {
    char *value;
    if ((value = value_of(variable, "BOXER_ENTRYPOINT"))) {
        machine->entrypoint = machine->command = (struct list){0};
        list_add(&machine->entrypoint, value);
    } else if ((value = value_of(variable, "BOXER_WORKDIR"))) {
        machine->cwd = value;
    } else if ((value = value_of(variable, "BOXER_USER"))) {
        char *rest;
        machine->uid = strtoul(value, &rest, 10);
        machine->gid = *rest == ':' ? strtoul(rest + 1, NULL, 10) : 0;
        machine->group_count = 0;
    } else if ((value = value_of(variable, LIMITS))) {
        take_limits(machine, value);
    } else {
        return 0;
    }
    return 1;
}

static void set_variable(struct list *environment, char *variable) {
    char *equals = strchr(variable, '=');
    if (!equals)
        return;
    size_t length = equals - variable + 1;
    for (size_t i = 0; i < environment->count; i++) {
        if (strncmp(environment->items[i], variable, length) == 0) {
            environment->items[i] = variable;
            return;
        }
    }
    list_add(environment, variable);
}

static int has_variable(const struct list *environment, const char *name) {
    for (size_t i = 0; i < environment->count; i++)
        if (value_of(environment->items[i], name))
            return 1;
    return 0;
}

static void set_default(struct list *environment, const char *name, const char *value) {
    if (has_variable(environment, name))
        return;
    char *variable = malloc(strlen(name) + strlen(value) + 2);
    if (!variable)
        return;
    sprintf(variable, "%s=%s", name, value);
    list_add(environment, variable);
}

// The folder of the machine's user in /etc/passwd, and the file it was read from: a thaw finds
// both as the freeze left them, unless the host mounts another /etc.
static struct {
    struct stat file;
    uint32_t uid;
    char *folder;
} home;

static void remember_home(const struct machine *machine, const struct stat *file) {
    struct passwd *entry = getpwuid(machine->uid);
    free(home.folder);
    home.folder = strdup(entry ? entry->pw_dir : "/");
    home.uid = machine->uid;
    home.file = *file;
}

static const char *home_of(const struct machine *machine) {
    struct stat file = {0};
    stat("/etc/passwd", &file);
    if (!home.folder || home.uid != machine->uid || home.file.st_dev != file.st_dev ||
        home.file.st_ino != file.st_ino || home.file.st_size != file.st_size ||
        home.file.st_mtim.tv_sec != file.st_mtim.tv_sec ||
        home.file.st_mtim.tv_nsec != file.st_mtim.tv_nsec ||
        home.file.st_ctim.tv_sec != file.st_ctim.tv_sec ||
        home.file.st_ctim.tv_nsec != file.st_ctim.tv_nsec)
        remember_home(machine, &file);
    return home.folder ? home.folder : "/";
}

char **machine_environment(struct machine *machine, char **host) {
    struct list environment = {0};
    for (size_t i = 0; i < machine->environment.count; i++)
        set_variable(&environment, machine->environment.items[i]);
    for (; host && *host; host++)
        if (!take_reserved(machine, *host))
            set_variable(&environment, *host);
    set_default(&environment, "HOSTNAME", machine->hostname);
    if (!has_variable(&environment, "HOME"))
        set_default(&environment, "HOME", home_of(machine));
    return environment.items;
}

char **machine_arguments(const struct machine *machine, char **host, size_t host_count) {
    struct list arguments = {0};
    for (size_t i = 0; i < machine->entrypoint.count; i++)
        list_add(&arguments, machine->entrypoint.items[i]);
    if (host_count > 1) {
        for (size_t i = 1; i < host_count; i++)
            list_add(&arguments, host[i]);
    } else {
        for (size_t i = 0; i < machine->command.count; i++)
            list_add(&arguments, machine->command.items[i]);
    }
    return arguments.items;
}
