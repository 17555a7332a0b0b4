// `python ARGS` started afresh; see cold.c.
#ifndef PYTHON_COLD_H
#define PYTHON_COLD_H

// The exit status of the run.
int cold_main(int argc, char **argv);

// Prints the exception that is set, without frames of our own modules.
void cold_tell(void);

// What a box adds to an interpreter that has just been started. 0, or -1 with the reason printed.
int cold_adjust(void);

#endif
