// A program that begins afresh in a machine that was frozen with it half way (boxer/kernel.h).
#ifndef KERNEL_PROCESS_AFRESH_H
#define KERNEL_PROCESS_AFRESH_H

void afresh_freeze(void); // keeps what was remembered, without zeros and constants

#endif
