// setjmp's return can be taken once, by setjmp itself: unwinding needs WebAssembly exceptions,
// which not every runtime loads. longjmp therefore ends the program, and says so.
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int setjmp(jmp_buf env) {
    return 0;
}

weak_alias(setjmp, _setjmp);

int sigsetjmp(sigjmp_buf env, int save) {
    return 0;
}

weak_alias(sigsetjmp, __sigsetjmp);
