// Pseudo-terminals: pty(7), ioctl_tty(2).
#ifndef KERNEL_TTY_PTY_H
#define KERNEL_TTY_PTY_H

#include "task/group.h"
#include "tty/terminal.h"
#include "vfs/inode.h"

#define PTY_INPUT 4096u  // what is typed and not yet read, as on Linux
#define PTY_OUTPUT 8192u // what is printed and not yet read

// A cell of input is a byte, or the end of a line in canonical mode.
enum { CELL_ENDS = 0x100, CELL_EMPTY = 0x200 }; // ends: a line ends behind it; empty: no byte (EOF)

struct pty {
    struct pty *next;
    unsigned number, subordinates; // open descriptions of the subordinate side
    int locked, was_open, closed;  // closed: the main side is
    int is_suspended;              // what is written waits (tcflow)
    struct controlling control;
    struct termios termios;
    struct window window;
    uint16_t input[PTY_INPUT];
    unsigned input_count, lines; // lines: cells that end one
    char output[PTY_OUTPUT];
    unsigned output_start, output_count;
    uint32_t typed, printed; // edges for epoll
    struct dentry *name;     // in /dev/pts
};

// /dev/ptmx, and the folder /dev/pts that the main sides fill.
extern const struct inode_ops ptmx_ops;
extern const struct file_ops ptmx_file_ops;
void pty_boot(struct dentry *folder);
// Another description of the subordinate side that this is the terminal of: /dev/tty. Null: it is
// none of ours, or there is no memory.
struct file *pty_open(const struct controlling *, uint32_t flags);

#endif
