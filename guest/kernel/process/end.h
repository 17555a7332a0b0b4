// The end of a process.
#ifndef KERNEL_PROCESS_END_H
#define KERNEL_PROCESS_END_H

struct process;

void process_end_boot(void);
// Gives back what a process holds that is no memory of its program's: descriptors, folders, names.
void process_drop(struct process *);
// Its own memory, or its end: the parent whose memory it had goes on.
void process_returns_memory(struct process *);

#endif
