// What libc and entry may ask of the kernel. Nothing else of the kernel is visible to them.
#ifndef BOXER_KERNEL_H
#define BOXER_KERNEL_H

#include <boxer/boot.h>
#include <stddef.h>
#include <stdint.h>

extern struct boxer_boot boxer_boot;
extern struct boxer_signals boxer_signals;
extern struct boxer_tasks boxer_tasks;

// A Linux system call (riscv32 numbers: 64-bit time, a 64-bit offset as two longs, low half
// first). Returns the result or -errno.
long boxer_syscall(long number, long a, long b, long c, long d, long e, long f);

// Builds the machine from the boot block: file tree, /dev, /proc, descriptors 0-2. Once, when cold.
// heap: first free byte of linear memory. Returns 0 or -errno.
int kernel_boot(uintptr_t heap);

// Ends a machine's first life: caches are dropped, free memory is scrubbed. What is open stays so.
void kernel_freeze(void);
// Closes all but stdio, for another program than the one that was frozen.
void kernel_close_descriptors(void);

// Begins the life of one run: stdio, clocks and pid anew, host folders mounted at their names.
// cwd: directory that relative host folder names are resolved in.
void kernel_thaw(const char *cwd);
// How many lives the machine's memory has begun: no random number of an earlier one may come again,
// since other machines go on from there, too. OpenSSL asks (recipes/patches/openssl.toml).
unsigned kernel_life(void);
// Whether folders of the host are mounted in this life.
int kernel_has_folders(void);
// Called in each process whose tasks stood when a life began, before its program's code goes on.
void kernel_on_life(void (*)(void));

// The root file system as a tree image; null: no memory. For the builder, after a program of a RUN
// has ended; nothing else may be called behind it.
const struct boxer_tree *kernel_tree(void);

// The host's arguments and environment, one allocation each that the kernel keeps; *count entries.
char **kernel_host_arguments(size_t *count);
char **kernel_host_environment(size_t *count);

// So many more, or fewer, threads of the current process wait for one that only computes: ticks are
// of use while it runs.
void kernel_want_ticks(int more);

// A connection with what lies beyond the box, which an image cannot hold: 4 or 6, the family of its
// peer; 0: there is none.
int kernel_stands_outside(unsigned char address[16], unsigned *port);

// How many threads there are, in all processes.
unsigned kernel_tasks(void);
// Ends all threads and processes but the current one, and waits until they have: what is left of a
// call when its function has returned.
void kernel_end_others(void);

// Fibers of the current thread, which its program switches between by itself; what of the C stack
// is in linear memory is the program's to save before and to restore after. Each has a number.
int kernel_fiber(void); // that runs
// 0: a new fiber goes on from here, a copy of the one that ran. 1: somebody has gone on with that.
// -errno: nothing has happened, and why is told.
int kernel_fiber_begin(void);
// Goes on with one that waits, and comes back when somebody goes on with this one. for_good: nobody
// will. What cannot be done ends the process.
void kernel_fiber_switch(int number, int for_good);
unsigned kernel_fibers(void); // that wait
void kernel_end_fibers(void); // that wait: none can go on then

// The current thread's pointer (CLONE_SETTLS): thread-local, as all that lies in the section
// "thread_local" of the module's data.
extern uintptr_t boxer_thread_pointer;

// What the current process's program looks at as it runs, so that a loop without system calls hears
// of the host's signals: the host sets `bits` of the four bytes at `word`. Null: nothing.
void kernel_on_signal(const void *word, uint32_t bits);

// Credentials of the process, set by entry before the program starts.
void kernel_set_credentials(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t count);
void kernel_set_hostname(const char *name);
// Limits of this life: open files, and bytes in files beyond those the frozen machine has. Reaching
// one is the program's EMFILE or ENOSPC, and is noted in boxer_boot.reached.
void kernel_set_limits(uint32_t files, uint64_t storage);

// One more TCP port that the box exposes, in ascending order: a host that passes listeners without
// a word of their ports has them in that order.
void kernel_expose(unsigned long port);

// A program that is not to go on from its freeze point can begin afresh instead, as after
// execve(2). kernel_remember: keeps its data, which nothing has changed yet. 0 or -ENOMEM.
// kernel_remember_less: without zeros and constants; before the program takes memory, which would
// else lie behind the whole.
// kernel_begin_afresh: takes away its memory, mappings, timers, signal handlers and descriptors
// that are close-on-exec, and puts its data back; libc is to be initialised then. 0, or -ENOMEM
// with nothing done.
int kernel_remember(void);
void kernel_remember_less(void);
void kernel_constants_below(uintptr_t address); // of its data; nothing there is ever written to
int kernel_begin_afresh(void);
// What execve(2) has begun, in the kernel's memory until it is taken. path: of its executable file;
// name: the module's for it; thaws: it is the frozen program, as it was frozen.
struct kernel_program {
    const char *path, *name;
    int argc, thaws;
    char **argv, **envp;
};
const struct kernel_program *kernel_program(void);
void kernel_program_taken(void);
// Which programs the module has, and what runs one (kernel_program) and does not come back.
void kernel_on_program(int (*is_program)(const char *name), void (*begin)(void));
// The program of this name is what the machine is frozen with. Null: none is.
void kernel_freezes(const char *name);
// A copy in the kernel's memory, for what is to outlive the program; null: no memory.
void *kernel_keep(const void *bytes, size_t size);
void kernel_let_go(void *copy);

// Who is told of each system call of the program, after it. Null: nobody. A thaw ends it.
void kernel_watch(void (*watcher)(long number, const long arguments[6], long result));
// So many more, or fewer, reasons to tell nobody: how OpenSSL seeds a generator that is seeded anew
// in every life (recipes/patches/openssl.toml).
void kernel_watch_pause(int more);

// Ends the machine as exit_group(2) of its first process with status 0 does, and comes back: 1, and
// nothing more may be done. 0: it does not end so.
int kernel_leave(void);

// What /proc/self/{exe,cmdline,environ,comm} show; strings are copied.
void kernel_set_program(const char *exe, char *const argv[], char *const envp[]);

#endif
