// Streams of the host that are handed to one program: of `boxer exec`.
#ifndef KERNEL_TTY_HANDED_H
#define KERNEL_TTY_HANDED_H

#include <stdint.h>

struct file;

struct file *handed_open(int hfd, uint32_t access); // null: no memory

#endif
