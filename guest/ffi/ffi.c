// From libffi's descriptions of C types to shapes of calls, and back.
#include <stdlib.h>
#include <string.h>
#include "shape.h"

#define TYPE(name, c, number) ffi_type ffi_type_##name = {sizeof(c), _Alignof(c), number, NULL}

ffi_type ffi_type_void = {1, 1, FFI_TYPE_VOID, NULL};
TYPE(uint8, uint8_t, FFI_TYPE_UINT8);
TYPE(sint8, int8_t, FFI_TYPE_SINT8);
TYPE(uint16, uint16_t, FFI_TYPE_UINT16);
TYPE(sint16, int16_t, FFI_TYPE_SINT16);
TYPE(uint32, uint32_t, FFI_TYPE_UINT32);
TYPE(sint32, int32_t, FFI_TYPE_SINT32);
TYPE(uint64, uint64_t, FFI_TYPE_UINT64);
TYPE(sint64, int64_t, FFI_TYPE_SINT64);
TYPE(float, float, FFI_TYPE_FLOAT);
TYPE(double, double, FFI_TYPE_DOUBLE);
TYPE(longdouble, long double, FFI_TYPE_LONGDOUBLE);
TYPE(pointer, void *, FFI_TYPE_POINTER);

static size_t aligned(size_t place, size_t alignment) {
    return (place + alignment - 1) / alignment * alignment;
}

// Size and alignment of a struct whose maker left them to us.
static ffi_status lay_out(ffi_type *type) {
    if (type->type == FFI_TYPE_COMPLEX)
        return FFI_BAD_TYPEDEF;
    if (type->type != FFI_TYPE_STRUCT || type->size)
        return FFI_OK;
    if (!type->elements)
        return FFI_BAD_TYPEDEF;
    for (ffi_type **element = type->elements; *element; element++) {
        if (lay_out(*element))
            return FFI_BAD_TYPEDEF;
        type->size = aligned(type->size, (*element)->alignment) + (*element)->size;
        if ((*element)->alignment > type->alignment)
            type->alignment = (*element)->alignment;
    }
    if (type->alignment)
        type->size = aligned(type->size, type->alignment);
    return FFI_OK;
}

// The scalar that a value of this type is passed as; NULL where it is passed by address.
static const ffi_type *scalar(const ffi_type *type) {
    while (type->type == FFI_TYPE_STRUCT && type->size && type->elements && type->elements[0] &&
           !type->elements[1] && type->elements[0]->size == type->size)
        type = type->elements[0];
    return type->type == FFI_TYPE_STRUCT ? NULL : type;
}

static int is_empty(const ffi_type *type) {
    return type->type == FFI_TYPE_STRUCT && !type->size;
}

static enum kind kind(const ffi_type *type) {
    switch (type->type) {
    case FFI_TYPE_VOID:
        return KIND_NONE;
    case FFI_TYPE_UINT64:
    case FFI_TYPE_SINT64:
        return KIND_L;
    case FFI_TYPE_FLOAT:
        return KIND_F;
    case FFI_TYPE_DOUBLE:
        return KIND_D;
    default:
        return KIND_I;
    }
}

static int returns_by_address(const ffi_type *type) {
    const ffi_type *as = scalar(type);
    return !is_empty(type) && (!as || as->type == FFI_TYPE_LONGDOUBLE);
}

static int add(struct shape *shape, enum kind added) {
    if (shape->count == MOST_PARAMETERS)
        return 0;
    shape->kinds[shape->count++] = added;
    return 1;
}

static int shape_of(const ffi_cif *cif, struct shape *shape) {
    int by_address = returns_by_address(cif->rtype);
    shape->count = 0;
    shape->result = by_address || is_empty(cif->rtype) ? KIND_NONE : kind(scalar(cif->rtype));
    int fits = !by_address || add(shape, KIND_I);
    for (unsigned i = 0; i < cif->nfixedargs; i++) {
        const ffi_type *as = scalar(cif->arg_types[i]);
        if (is_empty(cif->arg_types[i]))
            continue;
        if (as && as->type == FFI_TYPE_LONGDOUBLE)
            fits = fits && add(shape, KIND_L) && add(shape, KIND_L);
        else
            fits = fits && add(shape, as ? kind(as) : KIND_I);
    }
    if (cif->flags)
        fits = fits && add(shape, KIND_I);
    return fits && ffi_shape_served(shape);
}

// Room for one argument in memory: a copy of what is passed by address, or a variable argument.
static size_t room(const ffi_type *type) {
    return aligned(type->size, 8) + 8;
}

static ffi_status prepare(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                          ffi_type *result, ffi_type **types, unsigned variable) {
    if (abi != FFI_WASM32)
        return FFI_BAD_ABI;
    *cif = (ffi_cif){abi, count, types, result, 8, variable, fixed};
    if (lay_out(result))
        return FFI_BAD_TYPEDEF;
    for (unsigned i = 0; i < count; i++) {
        if (types[i]->type == FFI_TYPE_VOID || lay_out(types[i]))
            return FFI_BAD_TYPEDEF;
        cif->bytes += room(types[i]);
    }
    struct shape shape;
    return shape_of(cif, &shape) ? FFI_OK : FFI_BAD_TYPEDEF;
}

ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned count, ffi_type *result,
                        ffi_type **types) {
    return prepare(cif, abi, count, count, result, types, 0);
}

ffi_status ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                            ffi_type *result, ffi_type **types) {
    return prepare(cif, abi, fixed, count, result, types, 1);
}

static union value loaded(const ffi_type *type, const void *place) {
    union value value = {.l = 0};
    switch (type->type) {
    case FFI_TYPE_UINT8:
        value.i = *(const uint8_t *)place;
        break;
    case FFI_TYPE_SINT8:
        value.i = *(const int8_t *)place;
        break;
    case FFI_TYPE_UINT16:
        value.i = *(const uint16_t *)place;
        break;
    case FFI_TYPE_SINT16:
        value.i = *(const int16_t *)place;
        break;
    default:
        memcpy(&value, place, type->size < sizeof value ? type->size : sizeof value);
    }
    return value;
}

// Puts a result where libffi does: integers as wide as ffi_arg at least.
static void store(const ffi_type *type, union value value, void *place) {
    switch (type->type) {
    case FFI_TYPE_UINT8:
        value.i = (uint8_t)value.i;
        break;
    case FFI_TYPE_SINT8:
        value.i = (int8_t)value.i;
        break;
    case FFI_TYPE_UINT16:
        value.i = (uint16_t)value.i;
        break;
    case FFI_TYPE_SINT16:
        value.i = (int16_t)value.i;
        break;
    }
    memcpy(place, &value, type->size > 4 ? type->size : 4);
}

// The copies of one call's arguments. next: where the next one may lie.
struct copies {
    char *next;
};

static char *copied(struct copies *copies, const ffi_type *type, const void *place,
                    size_t alignment) {
    char *start = (char *)aligned((uintptr_t)copies->next, alignment);
    memcpy(start, place, type->size);
    copies->next = start + type->size;
    return start;
}

static unsigned pass(const ffi_type *type, void *place, union value *values,
                     struct copies *copies) {
    const ffi_type *as = scalar(type);
    if (is_empty(type))
        return 0;
    if (!as)
        values[0].i = (int32_t)copied(copies, type, place, 16);
    else if (as->type == FFI_TYPE_LONGDOUBLE)
        memcpy(values, place, 16);
    else
        values[0] = loaded(as, place);
    return as && as->type == FFI_TYPE_LONGDOUBLE ? 2 : 1;
}

// Lays the variable arguments out as va_arg reads them; returns where they begin.
static char *pass_variable(const ffi_cif *cif, void **places, struct copies *copies) {
    char *list = copies->next = (char *)aligned((uintptr_t)copies->next, 16);
    for (unsigned i = cif->nfixedargs; i < cif->nargs; i++) {
        const ffi_type *type = cif->arg_types[i];
        if (!is_empty(type))
            copied(copies, type, places[i], type->alignment > 4 ? type->alignment : 4);
        copies->next = (char *)aligned((uintptr_t)copies->next, 4);
    }
    return list;
}

static uintptr_t turned(const void *closure) {
    return ~(uintptr_t)closure;
}

static const ffi_closure *as_closure(void (*function)(void)) {
    uintptr_t self;
    memcpy(&self, (const void *)function, sizeof self);
    return self == turned((const void *)function) ? (const ffi_closure *)function : NULL;
}

void ffi_call(ffi_cif *cif, void (*function)(void), void *result, void **places) {
    union value values[MOST_PARAMETERS], got = {.l = 0};
    const ffi_closure *closure = as_closure(function);
    char unwanted[cif->rtype->size + 16] __attribute__((aligned(16)));
    if (!result)
        result = unwanted;
    if (closure) {
        closure->fun(closure->cif, result, places, closure->user_data);
        return;
    }
    char memory[cif->bytes + 32 + 16 * cif->nargs];
    struct copies copies = {memory};
    struct shape shape;
    if (!shape_of(cif, &shape))
        abort();
    unsigned count = 0;
    if (returns_by_address(cif->rtype))
        values[count++].i = (int32_t)result;
    for (unsigned i = 0; i < cif->nfixedargs; i++)
        count += pass(cif->arg_types[i], places[i], values + count, &copies);
    if (cif->flags)
        values[count].i = (int32_t)pass_variable(cif, places, &copies);
    ffi_shape_call(&shape, function, values, &got);
    if (shape.result != KIND_NONE)
        store(scalar(cif->rtype), got, result);
}

void *ffi_closure_alloc(size_t size, void **code) {
    return *code = malloc(size);
}

void ffi_closure_free(void *closure) {
    ((ffi_closure *)closure)->self = 0;
    free(closure);
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif,
                                void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                void *code) {
    if (code != closure)
        return FFI_BAD_ABI;
    *closure = (ffi_closure){turned(closure), cif, fun, user_data};
    return FFI_OK;
}

ffi_status ffi_prep_closure(ffi_closure *closure, ffi_cif *cif,
                            void (*fun)(ffi_cif *, void *, void **, void *), void *user_data) {
    return ffi_prep_closure_loc(closure, cif, fun, user_data, closure);
}
