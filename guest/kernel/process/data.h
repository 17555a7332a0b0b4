// The data of the module that is the program's: all but the kernel's own.
#ifndef KERNEL_PROCESS_DATA_H
#define KERNEL_PROCESS_DATA_H

#include <stddef.h>
#include <stdint.h>

// Calls `visit` for each run of it, from below; offset: how much came before. Without `visit` it
// only counts. The size of all, in bytes.
typedef void (*data_visit)(uint8_t *data, size_t size, size_t offset, void *context);
size_t program_data(data_visit, void *context);

#endif
