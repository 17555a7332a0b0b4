// What every terminal has: its settings and size, as the ioctls of ioctl_tty(2) carry them.
#ifndef KERNEL_TTY_TERMINAL_H
#define KERNEL_TTY_TERMINAL_H

#include <stddef.h>
#include <stdint.h>

enum { TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF };
enum { TCSBRK = 0x5409, TCXONC = 0x540a, TCFLSH = 0x540b, TIOCOUTQ = 0x5411, TCSBRKP = 0x5425 };
enum { TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414 };
enum { FIONREAD = 0x541b, TIOCGSID = 0x5429, TIOCGPTPEER = 0x5441 };
#define TIOCGPTN 0x80045430u
#define TIOCSPTLCK 0x40045431u
#define TIOCGPTLCK 0x80045439u

// The kernel's termios (NCCS 19), not libc's longer one.
struct termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line, characters[19];
};

struct window {
    uint16_t rows, columns, width, height;
};

enum { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSTART = 8, VSTOP, VSUSP, VEOL };
enum { VWERASE = 14, VLNEXT = 15, VEOL2 = 16 };
enum { INLCR = 0100, IGNCR = 0200, ICRNL = 0400, IXON = 02000 };
enum { OPOST = 1, ONLCR = 4, OCRNL = 010 };
enum { ISIG = 1, ICANON = 2, ECHO = 010, ECHOE = 020, ECHOK = 040, ECHONL = 0100 };
enum { NOFLSH = 0200, ECHOCTL = 01000, IEXTEN = 0100000 };

// ICRNL IXON IUTF8; OPOST ONLCR; B38400 CS8 CREAD; ISIG ICANON ECHO ECHOE ECHOK ECHOCTL ECHOKE
// IEXTEN: a fresh Linux pseudo-terminal.
#define TERMIOS_FRESH                                                                              \
    {                                                                                              \
        .iflag = 042400,                                                                           \
        .oflag = 05,                                                                               \
        .cflag = 0277,                                                                             \
        .lflag = 0105073,                                                                          \
        .characters = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22},                 \
    }

// An ioctl's argument: 0 or -EFAULT.
int terminal_copy_out(uintptr_t argument, const void *from, size_t size);
int terminal_copy_in(uintptr_t argument, void *to, size_t size);

#endif
