// What the host is told of limits, in the boot block.
#ifndef KERNEL_HOST_REACHED_H
#define KERNEL_HOST_REACHED_H

#include <boxer/kernel.h>

// Notes one of boot.h's BOXER_REACHED_*.
static inline void limit_reached(unsigned which) {
    boxer_boot.reached |= 1u << which;
}

#endif
