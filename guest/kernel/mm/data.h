// The data of the module that is the program's: all but the kernel's own.
#ifndef KERNEL_MM_DATA_H
#define KERNEL_MM_DATA_H

#include <stddef.h>
#include <stdint.h>

// Calls `visit` for each run of it, from below; offset: how much came before. Without `visit` it
// only counts. The size of all, in bytes.
typedef void (*data_visit)(uint8_t *data, size_t size, size_t offset, void *context);
size_t program_data(data_visit, void *context);
// Below lies what is never written to (kernel_constants_below). 0: not known.
uintptr_t program_constants_end(void);
// The stack of the module lies below all data; it ends here. 0: there is none.
uintptr_t program_stack_end(void);

#endif
