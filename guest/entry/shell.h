// The command of a shell form, where it is a simple command: words, quotes, variables.
#ifndef ENTRY_SHELL_H
#define ENTRY_SHELL_H

#include <stddef.h>

// argv of `sh -c SCRIPT [NAME [ARG..]]` becomes the argv of the command SCRIPT consists of;
// assignments before it and `exec` are carried out. Null: `problem` says what is not understood.
char **shell_command(char **argv, char *problem, size_t size);

#endif
