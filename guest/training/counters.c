// What instrumented code calls: counts the values that calls and copies meet.
//
// Belongs here: the part of LLVM's profile runtime (compiler-rt, lib/profile) that must be in the
// program. Does not: the counters of the code's branches, which the code adds to by itself.
#include <stdint.h>

#include "training.h"

// A power of two; a value that finds no place is not counted.
enum { VALUES = 1 << 16, MOST_TRIES = 64 };

// Read by recipes/profile.py.
static struct value {
    uint32_t function; // address of its record; 0: free
    uint32_t site;
    uint64_t value;
    uint64_t count;
} values[VALUES];

// Weak: the interpreter made of what was counted is run once more, without counters of LLVM's.
#define SECTION(name)                                                                              \
    extern const char name##_start[] __asm__("__start___llvm_prf_" #name) __attribute__((weak));   \
    extern const char name##_end[] __asm__("__stop___llvm_prf_" #name) __attribute__((weak));
SECTION(data)
SECTION(cnts)
SECTION(names)

#define ADDRESS(object) ((uint32_t)(uintptr_t)(object))

void training_describe(struct training *training) {
    training->data = ADDRESS(data_start);
    training->data_end = ADDRESS(data_end);
    training->counts = ADDRESS(cnts_start);
    training->counts_end = ADDRESS(cnts_end);
    training->names = ADDRESS(names_start);
    training->names_end = ADDRESS(names_end);
    training->values = ADDRESS(values);
    training->values_end = ADDRESS(values + VALUES);
}

static void count(uint64_t value, void *function, uint32_t site) {
    uint32_t key = ADDRESS(function);
    uint32_t place = (key / 16 + site * 31 + (uint32_t)value * 0x9e3779b1u) % VALUES;
    for (int tries = 0; tries < MOST_TRIES; tries++, place = (place + 1) % VALUES) {
        struct value *entry = &values[place];
        if (!entry->function)
            *entry = (struct value){key, site, value, 0};
        if (entry->function == key && entry->site == site && entry->value == value) {
            entry->count++;
            return;
        }
    }
}

void __llvm_profile_instrument_target(uint64_t target, void *function, uint32_t site) {
    count(target, function, site);
}

// Sizes are counted in classes: each to 8, powers of two, what lies between two of them, and above.
void __llvm_profile_instrument_memop(uint64_t size, void *function, uint32_t site) {
    if (size > 512)
        size = 513;
    else if (size > 8 && (size & (size - 1)))
        size = (1ull << (63 - __builtin_clzll(size))) + 1;
    count(size, function, site);
}
