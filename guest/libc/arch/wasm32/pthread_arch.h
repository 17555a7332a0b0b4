extern uintptr_t __boxer_thread_pointer;

static inline uintptr_t __get_tp(void) {
    return __boxer_thread_pointer;
}
