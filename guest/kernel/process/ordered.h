// Programs that who watches the machine has ordered: `boxer exec`.
#ifndef KERNEL_PROCESS_ORDERED_H
#define KERNEL_PROCESS_ORDERED_H

struct process;

void ordered_boot(void);
// The current process is a new one with an order: its program begins, or it says why not.
_Noreturn void ordered_begin(void);
void ordered_end(struct process *); // it has ended: the host is told

#endif
