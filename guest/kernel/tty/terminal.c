// What every terminal has.
#include "tty/terminal.h"
#include "mm/memory.h"

#include <boxer/linux_errno.h>
#include <string.h>

int terminal_copy_out(uintptr_t argument, const void *from, size_t size) {
    if (!argument || !user_range((void *)argument, size))
        return -EFAULT;
    memcpy((void *)argument, from, size);
    return 0;
}

int terminal_copy_in(uintptr_t argument, void *to, size_t size) {
    if (!argument || !user_range((void *)argument, size))
        return -EFAULT;
    memcpy(to, (void *)argument, size);
    return 0;
}
