// How cffi makes a callback in a box: with an address that C can call (guest/callbacks).
//
// cffi takes a closure's own address for that of its code. The one place where it prepares a
// closure has the callback at hand, `cd`, which is told the other address.
#ifndef BOXER_CFFI_H
#define BOXER_CFFI_H

#include <ffi.h>

ffi_status ffi_prep_callable(ffi_closure *closure, ffi_cif *cif,
                             void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                             void **code);

#define ffi_prep_closure(closure, cif, fun, user_data)                                             \
    ffi_prep_callable(closure, cif, fun, user_data, (void **)&cd->head.c_data)

#endif
