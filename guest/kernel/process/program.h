// Which program an executable file means.
#ifndef KERNEL_PROCESS_PROGRAM_H
#define KERNEL_PROCESS_PROGRAM_H

#include "process/words.h"
#include "vfs/path.h"

#include <stdint.h>

#define HEAD_SIZE 256 // Linux reads as much of a file to find out (BINPRM_BUF_SIZE)

struct dentry;

struct found {
    struct dentry *entry; // of the program's file, referenced
    char name[HEAD_SIZE]; // of the program in the module
    char script[16];      // of the file that was named: comm(5)
    char path[PATH_MAX];  // by which the program was named: a link says where it thinks it lies
    struct words arguments;
};
// path: as execveat(2) has it. Arguments of scripts' interpreters are put before. 0 or -errno.
int program_find(struct found *, int dirfd, const char *path, int flags);
void program_forget(struct found *);
// Whether the module has a program of this name.
void program_on_names(int (*is_program)(const char *name));

#endif
