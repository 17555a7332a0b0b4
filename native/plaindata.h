// Plain data of Python's as JSON, where it is short and simple.
#ifndef BOXER_NATIVE_PLAINDATA_H
#define BOXER_NATIVE_PLAINDATA_H

#include "python.h"

// What is written so far; full: it did not fit, or is not for here.
struct text {
    uint8_t *at, *end;
    int full;
};

void text_add(struct text *, const uint8_t *, uint64_t size);
// Values of exactly Python's own types, finite numbers of 64 bits, keys that are texts.
void text_add_plain(struct text *, python_object *value);

#endif
