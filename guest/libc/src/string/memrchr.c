#include <stdint.h>
#include <string.h>
#include "zeros.h"

void *__memrchr(const void *src, int c, size_t n) {
    const unsigned char *s = src, *end = s + n;
    uint64_t sought = ONES * (unsigned char)c;
    for (; (size_t)(end - s) >= sizeof(uint64_t); end -= sizeof(uint64_t))
        if (zeros(AT(end - sizeof(uint64_t)) ^ sought))
            break;
    while (end > s)
        if (*--end == (unsigned char)c)
            return (void *)end;
    return 0;
}

weak_alias(__memrchr, memrchr);
