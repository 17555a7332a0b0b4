// The part of libffi's interface (3.4) that _ctypes and cffi use, over WebAssembly's calls.
//
// libffi calls a function whose type is known at run time only. A processor lets it put arguments
// where it likes; here each type of function is called by code compiled for it, so there is a table
// of those (call.c), and what is not in it is FFI_BAD_TYPEDEF when it is prepared, not a trap
// later.
#ifndef BOXER_FFI_H
#define BOXER_FFI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FFI_TYPE_VOID 0
#define FFI_TYPE_INT 1
#define FFI_TYPE_FLOAT 2
#define FFI_TYPE_DOUBLE 3
#define FFI_TYPE_LONGDOUBLE 4
#define FFI_TYPE_UINT8 5
#define FFI_TYPE_SINT8 6
#define FFI_TYPE_UINT16 7
#define FFI_TYPE_SINT16 8
#define FFI_TYPE_UINT32 9
#define FFI_TYPE_SINT32 10
#define FFI_TYPE_UINT64 11
#define FFI_TYPE_SINT64 12
#define FFI_TYPE_STRUCT 13
#define FFI_TYPE_POINTER 14
#define FFI_TYPE_COMPLEX 15

#define FFI_CLOSURES 1
#define FFI_SIZEOF_ARG 4

typedef uint32_t ffi_arg;
typedef int32_t ffi_sarg;

typedef enum { FFI_OK, FFI_BAD_TYPEDEF, FFI_BAD_ABI, FFI_BAD_ARGTYPE } ffi_status;
typedef enum { FFI_FIRST_ABI, FFI_WASM32, FFI_LAST_ABI, FFI_DEFAULT_ABI = FFI_WASM32 } ffi_abi;

typedef struct _ffi_type {
    size_t size;
    unsigned short alignment;
    unsigned short type;
    struct _ffi_type **elements; // of a struct, ended by NULL
} ffi_type;

// bytes: what copies of arguments that are passed by address take. flags: a call's number (call.c).
typedef struct {
    ffi_abi abi;
    unsigned nargs;
    ffi_type **arg_types;
    ffi_type *rtype;
    unsigned bytes;
    unsigned flags;
    unsigned nfixedargs;
} ffi_cif;

// A closure's address is no function's: only ffi_call can call it. self: the address, turned over,
// by which ffi_call knows it.
typedef struct {
    uintptr_t self;
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
    void *user_data;
} ffi_closure;

extern ffi_type ffi_type_void, ffi_type_uint8, ffi_type_sint8, ffi_type_uint16, ffi_type_sint16,
    ffi_type_uint32, ffi_type_sint32, ffi_type_uint64, ffi_type_sint64, ffi_type_float,
    ffi_type_double, ffi_type_longdouble, ffi_type_pointer;

#define ffi_type_uchar ffi_type_uint8
#define ffi_type_schar ffi_type_sint8
#define ffi_type_ushort ffi_type_uint16
#define ffi_type_sshort ffi_type_sint16
#define ffi_type_uint ffi_type_uint32
#define ffi_type_sint ffi_type_sint32
#define ffi_type_ulong ffi_type_uint32
#define ffi_type_slong ffi_type_sint32

ffi_status ffi_prep_cif(ffi_cif *, ffi_abi, unsigned, ffi_type *, ffi_type **);
ffi_status ffi_prep_cif_var(ffi_cif *, ffi_abi, unsigned, unsigned, ffi_type *, ffi_type **);
void ffi_call(ffi_cif *, void (*)(void), void *, void **);

void *ffi_closure_alloc(size_t, void **);
void ffi_closure_free(void *);
ffi_status ffi_prep_closure(ffi_closure *, ffi_cif *, void (*)(ffi_cif *, void *, void **, void *),
                            void *);
ffi_status ffi_prep_closure_loc(ffi_closure *, ffi_cif *,
                                void (*)(ffi_cif *, void *, void **, void *), void *, void *);

#ifdef __cplusplus
}
#endif
#endif
