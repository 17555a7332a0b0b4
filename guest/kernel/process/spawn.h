// Processes made from others, and their end.
#ifndef KERNEL_PROCESS_SPAWN_H
#define KERNEL_PROCESS_SPAWN_H

struct task;

// The first task of a new process, as fork(2) and execve(2) make one from the current: descriptors,
// folders, credentials, limits and mask are inherited, handlers and timers are not. It has the ids
// of its parent. Its program's name and arguments are still to be set. Null: no memory.
struct task *process_spawn(void);
// Gives up all that the current process holds, but for its pages. The next thing to do is to go on
// with another task and to release this one.
void process_end(void);
void process_release(struct task *);

#endif
