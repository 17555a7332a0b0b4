// epoll(7), as the descriptor table needs it.
#ifndef KERNEL_EPOLL_H
#define KERNEL_EPOLL_H

struct file;

// The last reference of a watched file (file->watchers > 0) goes: its items go with it.
void epoll_forget(struct file *);

#endif
