// What a life needs anew in the surroundings its image was frozen in; see fresh.c.
#ifndef PYTHON_FRESH_H
#define PYTHON_FRESH_H

// Before the freeze: finds out what that will be. 0, or -1 with an exception set.
int fresh_settle(void);

// 0, or -1 with what went wrong printed.
int fresh_begin(void);

#endif
