// What /proc says of a process's program: its file, arguments and environment.
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/kernel.h>
#include <string.h>

static void replace(char **kept, char *copy) {
    kfree(*kept);
    *kept = copy;
}

// Strings one behind the other, each with its NUL, as /proc shows them.
static void keep_strings(char **kept, size_t *kept_size, char *const strings[]) {
    size_t size = 0;
    for (size_t i = 0; strings && strings[i]; i++)
        size += strlen(strings[i]) + 1;
    char *copy = size ? kmalloc(size) : NULL, *end = copy;
    for (size_t i = 0; copy && strings[i]; i++) {
        size_t length = strlen(strings[i]) + 1;
        memcpy(end, strings[i], length);
        end += length;
    }
    replace(kept, copy);
    *kept_size = copy ? size : 0;
}

void kernel_set_program(const char *exe, char *const argv[], char *const envp[]) {
    size_t length = strlen(exe) + 1;
    char *copy = kmalloc(length);
    if (copy)
        memcpy(copy, exe, length);
    struct process *process = current->process;
    replace(&process->exe, copy);
    keep_strings(&process->cmdline, &process->cmdline_size, argv);
    keep_strings(&process->environ, &process->environ_size, envp);
    const char *base = exe;
    for (const char *at = exe; *at; at++)
        if (*at == '/')
            base = at + 1;
    memset(current->comm, 0, sizeof current->comm);
    for (size_t i = 0; i < sizeof current->comm - 1 && base[i]; i++)
        current->comm[i] = base[i];
}
