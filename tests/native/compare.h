// One call made twice, in the kernel and on the host's tmpfs, with the answers compared.
#ifndef TESTS_NATIVE_COMPARE_H
#define TESTS_NATIVE_COMPARE_H

#include "check.h"

enum { TEXT = 512, DATA = 70000, DESCRIPTORS = 10 };

extern unsigned draw(unsigned below);
#define ONE_OF(...)                                                                                \
    ((long[]){__VA_ARGS__}[draw((unsigned)(sizeof((long[]){__VA_ARGS__}) / sizeof(long)))])

// The host's system call: its result or -errno.
long host_call(long number, long a, long b, long c, long d, long e, long f);
#define HOST(...) HOST_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define HOST_(number, a, b, c, d, e, f, ...)                                                       \
    host_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// What is done now, for the report of a difference; printf's arguments.
void doing(const char *format, ...);
void same(const char *what, long long kernel, long long host);

// Descriptors that both sides have; either both or none is open.
extern struct pair {
    int kernel, host;
} pairs[DESCRIPTORS];
extern char kernel_data[DATA], host_data[DATA];
extern int strangers; // whether other users than root act
extern int sticky;    // whether folders may become sticky: the host's protections apply there

void any_path(char path[TEXT]);
uint32_t any_mode(void);
struct pair any_folder(void); // AT_FDCWD mostly

// One family of calls each; they draw what they do.
void compare_names(void), compare_attributes(void), compare_opens(void), compare_contents(void);
void compare_descriptors(void), compare_named_attributes(void), compare_duplicates(void);

#endif
