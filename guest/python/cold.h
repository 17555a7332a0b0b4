// `python ARGS` started afresh; see cold.c.
#ifndef PYTHON_COLD_H
#define PYTHON_COLD_H

// The exit status of the run. allocator: PyMemAllocatorName; not set: as the run says.
int cold_main(int argc, char **argv, int allocator);

#endif
