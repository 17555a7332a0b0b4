// The frozen program, as another process may begin it: what was frozen of its memory and signals.
#ifndef KERNEL_PROCESS_FROZEN_H
#define KERNEL_PROCESS_FROZEN_H

struct space;
struct task;

void frozen_keep(void); // when the machine is frozen
int frozen_is(const char *name);
struct space *frozen_space(void);   // a new space with its memory; null: no memory for that
void frozen_signals(struct task *); // what it had set, but for what stays ignored

#endif
