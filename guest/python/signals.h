// The host's signals, for a program that makes no system call; see signals.c.
#ifndef PYTHON_SIGNALS_H
#define PYTHON_SIGNALS_H

// From now on the running interpreter hears of them.
void signals_hear(void);

#endif
