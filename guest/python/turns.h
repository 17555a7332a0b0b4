// Python's threads take turns; see turns.c.
#ifndef PYTHON_TURNS_H
#define PYTHON_TURNS_H

// Once, before an interpreter starts.
void turns_begin(void);

// Ends all other threads and what other processes this one has started: as fork(2) does in a child.
void turns_end_others(void);

#endif
