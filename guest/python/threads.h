// Python's threads in a machine with one thread of execution; see threads.c.
#ifndef PYTHON_THREADS_H
#define PYTHON_THREADS_H

// Once, before threads are started.
void threads_begin(void);

#endif
