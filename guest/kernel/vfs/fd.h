// The descriptors of a process: dup(2), close(2).
#ifndef KERNEL_VFS_FD_H
#define KERNEL_VFS_FD_H

struct file;
struct process;
struct slot;

// A table. Functions without one mean the current process's.
// lowest: none below it is free.
struct descriptors {
    struct slot *slots;
    int count, lowest;
};
int descriptors_copy(struct descriptors *made, const struct descriptors *from); // fork(2): all
void descriptors_end(struct process *); // closes all; the table goes too

int fd_install(struct file *, int lowest,
               int close_on_exec); // takes over the reference; or -EMFILE
int fd_room(void);                 // 0, or why fd_install(file, 0, ..) would fail
struct file *fd_file(int fd);      // borrowed; null: bad descriptor
int fd_close(int fd);
void fd_close_from(int first);
void fd_close_on_exec(void);                              // those that are close-on-exec
int fd_replace(struct file *, int fd, int close_on_exec); // dup2: takes over the reference
int fd_cloexec(int fd);
void fd_set_cloexec(int fd, int on);
int fd_next(int fd); // the first open descriptor >= fd, or -1

#endif
