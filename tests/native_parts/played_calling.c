// Calls of Python's (calling.c) on a machine that is played: what it is asked is kept, what it
// answers was set.
#include "machine.h"

#include <string.h>

struct boxer_machine {
    uint64_t told, answer_size, asked_size, is_near;
    uint8_t answer[500], asked[4096];
};

int boxer_machine_is_near(const struct boxer_machine *machine) {
    return machine->is_near != 0;
}

uint64_t boxer_machine_serve(struct boxer_machine *machine, const struct boxer_run *run,
                             const uint8_t *request, uint64_t size, struct boxer_outcome *outcome) {
    (void)run;
    machine->asked_size = size;
    memcpy(machine->asked, request, size);
    memcpy(outcome->brief, machine->answer, machine->answer_size);
    return machine->told;
}
