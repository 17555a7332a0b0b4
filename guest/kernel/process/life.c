// Lives: boxer/kernel.h.
//
// Invariant: a process hears of a new life at the end of the first system call that it ends there,
// before its code goes on.
#include "process/life.h"
#include "outside/outside.h"
#include "state.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/kernel.h>

static KERNEL_STATE unsigned life, heard; // heard: what a process that begins has heard of
static KERNEL_STATE void (*tell)(void);

unsigned kernel_life(void) {
    return life;
}

void life_begin(void) {
    life++;
    heard = life;
    for (struct process *process = processes; process; process = process->next)
        process->life = life;
}

static void be_born(void) {
    life++;
}

void life_boot(void) {
    outside_on_birth(be_born);
}

void kernel_on_life(void (*function)(void)) {
    tell = function;
}

void life_look(void) {
    if (life == heard || current->process->life == life)
        return;
    current->process->life = life;
    if (tell)
        tell();
}
