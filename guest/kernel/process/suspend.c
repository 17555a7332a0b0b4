// A process suspended while another one is in its place, to its end.
//
// Invariants
// 1. A process out of place keeps its memory with it (struct memory_map): its pages and the
//    data of the module but for the kernel's own (KERNEL_STATE). The stack above the caller of
//    kernel_suspend is nobody's to change.
// 2. The kernel's memory is never exchanged: files, sockets, pipes, timers and clocks go on.
// 3. kernel_resume cannot fail: what it needs was allocated by kernel_suspend.
#include "mm/memory.h"
#include "mm/space.h"
#include "mm/data.h"
#include "process/spawn.h"
#include "task/arrived.h"
#include "task/process.h"
#include "task/task.h"
#include "task/wait.h"
#include "vfs/mapping.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

static void save(uint8_t *data, size_t size, size_t offset, void *copy) {
    memcpy((uint8_t *)copy + offset, data, size);
}

static void restore(uint8_t *data, size_t size, size_t offset, void *copy) {
    memcpy(data, (const uint8_t *)copy + offset, size);
}

static size_t data_pages(void) {
    return (program_data(NULL, NULL) + PAGE_SIZE - 1) / PAGE_SIZE;
}

static void save_page(void *page, void *copy) {
    memcpy(copy, page, PAGE_SIZE);
}

static void restore_page(void *page, void *copy) {
    memcpy(page, copy, PAGE_SIZE);
}

// The memory of the process in place, kept with it and still there: 0 or -ENOMEM. Who takes its
// place begins with the same pages.
static int keep(struct memory_kept *memory) {
    size_t pages = data_pages();
    *memory = (struct memory_kept){.space = space_in_place, .count = space_each(NULL, NULL)};
    struct space *next = space_prepare(space_in_place) ? NULL : space_copy();
    memory->data = next && pages ? pages_alloc(pages, 0) : NULL;
    if (next && (memory->data || !pages))
        memory->pages = memory->count ? pages_alloc(memory->count, 0) : NULL;
    if (!next || (pages && !memory->data) || (memory->count && !memory->pages) ||
        mappings_copy(next)) {
        if (memory->pages)
            pages_free(memory->pages, memory->count);
        if (memory->data)
            pages_free(memory->data, pages);
        if (next)
            space_put(next);
        return -ENOMEM;
    }
    space_each(save_page, memory->pages);
    program_data(save, memory->data);
    space_in_place = next;
    return 0;
}

static void put_back(struct memory_kept *memory) {
    struct space *ended = space_in_place;
    mappings_end(ended);
    space_in_place = memory->space;
    space_put(ended);
    space_each(restore_page, memory->pages);
    program_data(restore, memory->data);
    if (memory->pages)
        pages_free(memory->pages, memory->count);
    if (memory->data)
        pages_free(memory->data, data_pages());
}

int kernel_suspend(void) {
    struct process *process = current->process;
    int error = keep(&process->memory);
    if (error)
        return error;
    struct task *task = process_spawn();
    if (!task) {
        put_back(&process->memory);
        return -ENOMEM;
    }
    task->process->suspended = process;
    current = task;
    signals_tell_host();
    return 0;
}

void kernel_resume(void) {
    struct task *ended = current;
    struct process *process = ended->process->suspended;
    process_end();
    current = process->leader;
    process_release(ended);
    put_back(&process->memory);
    signals_tell_host();
    wait_thaw();
}
