// pipe2(2).
#ifndef KERNEL_SYS_PIPE_H
#define KERNEL_SYS_PIPE_H

long sys_pipe2(int *fds, int flags);

#endif
