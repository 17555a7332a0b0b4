// Closures of libffi's that C can call, too.
#ifndef BOXER_CALLBACKS_H
#define BOXER_CALLBACKS_H

#include <ffi.h>
#include <stdint.h>

typedef void ffi_callable(ffi_cif *cif, void *result, void **arguments, void *user_data);

// As ffi_prep_closure (libffi); *code becomes the address of a function that calls `fun`, where
// there is one of the type. FFI_BAD_ABI where all of these are taken.
ffi_status ffi_prep_callable(ffi_closure *closure, ffi_cif *cif, ffi_callable *fun, void *user_data,
                             void **code);

#endif
