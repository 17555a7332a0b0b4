// Threads of a Python process that come back from machines; see baton.c.
#ifndef BOXER_BATON_H
#define BOXER_BATON_H

// Before Python code runs again on this thread, and when it has given Python's lock up.
void baton_take(void), baton_give(void);

#endif
