// Signals: what the shell does when one comes.
#ifndef SHELL_TRAPS_H
#define SHELL_TRAPS_H

void psh_signals_begin(void);
void psh_signals_update(void);   // after a change of what they depend on
void psh_signals_in_child(void); // a subshell begins without its parent's traps
void psh_signals_of_program(void);
void psh_ignore_signal(int number); // for good
int psh_trapped(void);              // a signal has come that something is to be done about, or 0
void psh_run_traps(void);           // does it
int psh_has_traps(void);
void psh_run_exit_trap(void);
int psh_trap(char **argv);

#endif
