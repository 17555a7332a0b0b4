// A line for the person who runs the box, on the host's stderr.
#ifndef KERNEL_HOST_LINE_H
#define KERNEL_HOST_LINE_H

#include <stddef.h>
#include <stdint.h>

#define LINE_SIZE 512u

struct line {
    char text[LINE_SIZE];
    size_t size;
};

// What does not fit is left out; a line feed always has room.
void line_put(struct line *, const char *text);
void line_number(struct line *, uint64_t value, unsigned base, int negative);

#endif
