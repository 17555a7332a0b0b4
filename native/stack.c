// How much stack a thread has.
#define _GNU_SOURCE
#include "state.h"

static __thread struct stack_bounds bounds __attribute__((tls_model("initial-exec")));

void stack_know(struct stack_bounds known) {
    bounds = known;
}

struct stack_bounds stack_bounds(void) {
    pthread_attr_t attributes;
    if (!bounds.end && pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *lowest = NULL;
        size_t size = 0, guard = 0;
        pthread_attr_getstack(&attributes, &lowest, &size);
        pthread_attr_getguardsize(&attributes, &guard);
        pthread_attr_destroy(&attributes);
        bounds = (struct stack_bounds){(uintptr_t)lowest + guard, (uintptr_t)lowest + size};
    }
    return bounds;
}
