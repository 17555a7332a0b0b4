// The code reader on damaged modules: it ends, and reads nothing outside of them.
//
// check_inspect FILE: a module; pieces of it are damaged in many ways.
#include "machine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned state = 7;

static unsigned draw(unsigned below) {
    state = state * 1103515245u + 12345u;
    return (state >> 8) % below;
}

int main(int count, char **arguments) {
    static uint8_t module[1 << 16];
    FILE *file = count > 1 ? fopen(arguments[1], "rb") : NULL;
    assert(file);
    size_t size = fread(module, 1, sizeof module, file);
    fclose(file);
    assert(boxer_code_is_resettable(module, size));
    for (int turn = 0; turn < 20000; turn++) {
        size_t length = turn % 2 ? size : draw((unsigned)size);
        uint8_t *damaged = malloc(length ? length : 1); // no longer: a read beyond is seen
        memcpy(damaged, module, length);
        for (unsigned i = draw(4); i && length; i--)
            damaged[draw((unsigned)length)] = (uint8_t)draw(256);
        boxer_code_is_resettable(damaged, length);
        free(damaged);
    }
    return 0;
}
