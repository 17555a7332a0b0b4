// Plain data as requests and replies have it (docs/reference/function-protocol.md), and values of
// JavaScript.
#ifndef QUICKJS_DATA_H
#define QUICKJS_DATA_H

#include <stddef.h>

#include "quickjs.h"

struct bytes {
    char *at;
    size_t size, room;
};

void bytes_put(struct bytes *, const void *from, size_t size);

// The value of JSON; parts: null, or what stands behind tagged data. An exception for what is none.
JSValue data_read(JSContext *, const char *json, size_t size, const char *parts, size_t parts_size);

// A Uint8Array.
JSValue data_bytes(JSContext *, const char *bytes, size_t size);

// Puts one of two letters and the value behind it: `plain` and JSON, or `tagged` and tagged data,
// where there are bytes or long texts in it. -1: an exception stands.
int data_write(JSContext *, struct bytes *, JSValueConst value, char plain, char tagged);

#endif
