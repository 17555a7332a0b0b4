// Processes: a copy of this shell, and programs in a process of their own or in this one's place.
#ifndef SHELL_PROCESS_H
#define SHELL_PROCESS_H

#include "builtins.h"
#include "jobs.h"
#include "shell.h"

enum psh_place { PSH_FRONT, PSH_BACK, PSH_ASIDE };

// fork(2), with the child set up as a subshell and entered in the job. -1: said, and the shell
// ends.
pid_t psh_fork(struct psh_job *job, enum psh_place place, const struct psh_node *node);
_Noreturn void psh_run_child(struct psh_node *node); // in what psh_fork made

// No process can be made here. It is found out by making one.
int psh_alone(void);

// Runs the program at `path` and waits for it: its status. stand_in: what is run where no process
// can be made, or null.
int psh_launch(const char *path, char **argv, const struct psh_builtin *stand_in);
// Takes this process's place, or says why `name` does not: a status.
int psh_become(const char *path, char **argv, const char *name);
int psh_execute(const char *path, char **argv, char **environment); // errno of the failure
int psh_cannot_run(const char *name, int error);                    // says it: a status

// pipeline.c
void psh_run_pipe(struct psh_node *node);
void psh_run_background(struct psh_node *node);
void psh_run_subshell(struct psh_node *node, int last);

// lonetool.c: $(..) of one tool alone, run here where nobody can see it. 0: it is another script.
int psh_lone_output(struct psh_node *node, char **text);

// substitution.c
char *psh_read_output(int fd); // all of it, without its NULs and the new lines at its end
char *psh_output_of(const char *script);
char *psh_process_file(const char *script, int writes); // the name of <(..) or >(..)
int psh_process_files(void);                            // how many there are
void psh_close_process_files(int down_to);

#endif
