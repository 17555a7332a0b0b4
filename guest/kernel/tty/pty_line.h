// The line discipline of pseudo-terminals.
#ifndef KERNEL_TTY_PTY_LINE_H
#define KERNEL_TTY_PTY_LINE_H

#include "tty/pty.h"

void line_type(struct pty *, unsigned char byte); // from the main side
int line_print(struct pty *, unsigned char byte); // to it; 0: no room
long line_read(struct pty *, char *buffer, size_t size);
int line_ready(const struct pty *);
void line_flush(struct pty *, int input, int output);
void line_settings(struct pty *, const struct termios *);

#endif
