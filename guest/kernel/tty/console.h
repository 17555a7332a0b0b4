// Descriptors 0, 1 and 2: what the host gave as standard input, output and error.
#ifndef KERNEL_TTY_CONSOLE_H
#define KERNEL_TTY_CONSOLE_H

struct controlling;
struct file;

extern struct controlling console_control; // of the first process's session, from its start

// A new open file description of host descriptor 0-2, for stdio and /dev/{stdin,stdout,stderr,tty};
// null: no memory, or the host has no such descriptor.
struct file *console_open(int number);
int console_is_terminal(int number);
void console_thaw(void); // kinds are asked of the host anew

#endif
