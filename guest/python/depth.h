#ifndef PYTHON_DEPTH_H
#define PYTHON_DEPTH_H

// Fits the interpreter's limits to the stack this run's host gives. Also before it is started.
void depth_fit(void);

#endif
