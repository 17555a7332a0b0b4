// What `boxer run` wants said to the person at the terminal, on the host's stderr.
#ifndef KERNEL_HOST_ATTENDED_H
#define KERNEL_HOST_ATTENDED_H

#include <stdint.h>

// Host variable that says somebody is looking (any value but "" and "0"); the program does not
// see it.
#define ATTENDED_VARIABLE "BOXER_ATTENDED="

void attended_start(void);
void attended_stop(void);
// A program waits for connections: that none can come from outside is told once a run. loopback: it
// listens there alone.
void attended_listening(uint16_t port, int loopback);

#endif
