// A program that begins afresh in a machine that was frozen with it half way (boxer/kernel.h).
#ifndef KERNEL_PROCESS_AFRESH_H
#define KERNEL_PROCESS_AFRESH_H

int afresh_is_possible(void);
void afresh_put_back(void); // the data of the module is as it was when the machine began

#endif
