extern uintptr_t __boxer_thread_pointer;

static inline uintptr_t __get_tp(void) {
    return __boxer_thread_pointer;
}

// A signal frame has no program counter here; mcontext_t keeps one unused slot for the name.
#define MC_PC __unused_pc
