// A life that begins while the program stands; see births.c.
#ifndef PYTHON_BIRTHS_H
#define PYTHON_BIRTHS_H

// From now on the running interpreter hears of one.
void births_hear(void);

#endif
