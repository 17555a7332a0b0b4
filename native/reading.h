// WebAssembly code, read for what it can change.
//
// Belongs here: the encodings of the features the engine is set up with (engine.py, launcher.c).
//
// Invariant: what is not listed is bad, and so is code whose blocks do not end with it, which is
// what code looks like that was read wrongly.
#ifndef BOXER_NATIVE_READING_H
#define BOXER_NATIVE_READING_H

#include <stdint.h>

struct cursor {
    const uint8_t *at, *end;
    int bad; // read past the end, or something this does not know
};

// stack_pointer: the index of the only mutable one, the last of several.
struct globals {
    uint32_t mutable_count, stack_pointer;
};

uint8_t read_byte(struct cursor *);
void read_past(struct cursor *, uint64_t size);
// LEB128, signed ones too: only the length matters for those.
uint64_t read_number(struct cursor *);
void read_value_type(struct cursor *);
// Instructions up to the end that belongs to their beginning. Bad where one of them changes
// anything but memory and that one global.
void read_expression(struct cursor *, const struct globals *);

#endif
