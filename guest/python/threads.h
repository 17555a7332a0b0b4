// Python's threads in a machine with one thread of execution; see threads.c.
#ifndef PYTHON_THREADS_H
#define PYTHON_THREADS_H

// Once, before threads are started.
void threads_begin(void);
// Those of the frozen machine do not go on in its runs, as a process's do not in its forks.
void threads_forget(void);

#endif
