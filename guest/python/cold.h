// `python ARGS` started afresh; see cold.c.
#ifndef PYTHON_COLD_H
#define PYTHON_COLD_H

// The exit status of the run.
int cold_main(int argc, char **argv);

#endif
