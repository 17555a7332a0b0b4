#ifndef PYTHON_POOLS_H
#define PYTHON_POOLS_H

// Before the freeze: clears what Python's small blocks held that are free, and takes those that lie
// between blocks in use.
void pools_settle(void);

#endif
