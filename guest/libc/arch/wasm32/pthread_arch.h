extern uintptr_t boxer_thread_pointer;

static inline uintptr_t __get_tp(void) {
    return boxer_thread_pointer;
}
