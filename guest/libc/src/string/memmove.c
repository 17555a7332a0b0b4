#include <string.h>
#include "small.h"

void *memmove(void *dest, const void *src, size_t n) {
    return n <= SMALL ? copy_small(dest, src, n) : __builtin_memmove(dest, src, n);
}
