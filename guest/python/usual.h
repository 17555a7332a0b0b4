// A run in the surroundings its image was frozen in, with a command line that names a program and
// sets nothing.
#ifndef PYTHON_USUAL_H
#define PYTHON_USUAL_H

// Before the last steps of a freeze: such runs of the interpreter at `path` may begin as usual.
// argv: the box's own command line, or null: what it compiles is kept. Whether that is so, or -1
// with an exception.
int usual_settle(const char *path, int argc, char **argv);
// Behind them: what runs are compared with.
void usual_note(void);

// Begins a run, unless it is another one (0). 1; -1 with what failed printed.
int usual_begin(const char *path, int argc, char **argv);
// Runs what it names, as Py_RunMain. The exit status.
int usual_run(void);

// Whether sys.modules has the names it was frozen with and no others.
int usual_modules(void);

#endif
