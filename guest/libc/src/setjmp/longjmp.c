#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void longjmp(jmp_buf env, int value) {
    static const char text[] = "longjmp: not supported by this box's libc\n";
    write(2, text, sizeof text - 1);
    abort();
}

weak_alias(longjmp, _longjmp);
