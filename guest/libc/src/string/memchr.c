#include <stdint.h>
#include <string.h>
#include "zeros.h"

// Words at their own addresses: what is sought may be the last of memory, whatever n is.
void *memchr(const void *src, int c, size_t n) {
    const unsigned char *s = src;
    for (; n && (uintptr_t)s % sizeof(uint64_t); s++, n--)
        if (*s == (unsigned char)c)
            return (void *)s;
    uint64_t sought = ONES * (unsigned char)c;
    for (; n >= sizeof(uint64_t); s += sizeof(uint64_t), n -= sizeof(uint64_t)) {
        uint64_t found = zeros(AT(s) ^ sought);
        if (found)
            return (void *)(s + first(found));
    }
    for (; n; s++, n--)
        if (*s == (unsigned char)c)
            return (void *)s;
    return 0;
}
