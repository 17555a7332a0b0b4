// Which life this is of the machine's memory, and who is told that another one has begun while its
// tasks stood: in a copy that a host has made for a connection (outside.h).
#ifndef KERNEL_PROCESS_LIFE_H
#define KERNEL_PROCESS_LIFE_H

void life_boot(void);
void life_begin(void); // a thaw, after which all begins anew
void life_look(void);  // the end of a system call: a program that has not heard of it does

#endif
