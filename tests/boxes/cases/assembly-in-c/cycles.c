#include <stdio.h>
static unsigned long long cycles(void) {
    unsigned low, high;
    __asm__ volatile("rdtsc" : "=r"(low), "=r"(high));
    return (unsigned long long)high << 32 | low;
}
int main(void) { return printf("%llu\n", cycles()) < 0; }
