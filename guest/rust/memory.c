// What every program in Rust asks of its last link: memory, and what is to be done without it.
//
// rustc writes these itself, over an allocator that takes pages from the engine; here they are the
// box's malloc. Rust knows the size and alignment of what it gives back, C does not need them.

#include <stddef.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *old);
int posix_memalign(void **out, size_t alignment, size_t size);
_Noreturn void abort(void);

// malloc's own alignment (max_align_t).
enum { ALIGNED = _Alignof(max_align_t) };

unsigned char __rust_no_alloc_shim_is_unstable;

void *__rust_alloc(size_t size, size_t alignment) {
    void *made = NULL;
    if (alignment <= ALIGNED)
        return malloc(size);
    return posix_memalign(&made, alignment, size) ? NULL : made;
}

void *__rust_alloc_zeroed(size_t size, size_t alignment) {
    if (alignment <= ALIGNED)
        return calloc(1, size);
    void *made = __rust_alloc(size, alignment);
    return made ? __builtin_memset(made, 0, size) : NULL;
}

void __rust_dealloc(void *old, size_t size, size_t alignment) {
    (void)size, (void)alignment;
    free(old);
}

void *__rust_realloc(void *old, size_t old_size, size_t alignment, size_t size) {
    if (alignment <= ALIGNED)
        return realloc(old, size);
    void *made = __rust_alloc(size, alignment);
    if (made) {
        __builtin_memcpy(made, old, old_size < size ? old_size : size);
        free(old);
    }
    return made;
}

_Noreturn void __rust_alloc_error_handler(size_t size, size_t alignment) {
    (void)size, (void)alignment;
    abort();
}
