// The line discipline of pseudo-terminals: termios(3), canonical and not.
//
// Difference from Linux: VTIME does not time, IXON's characters are taken and stop nothing.
//
// Invariants
// 1. In canonical mode what can be read ends with a cell that ends a line; only what is behind the
//    last such cell can be erased.
// 2. Echo that finds no room is lost; input that finds none is lost with a bell.
#include "tty/pty_line.h"
#include "tty/pty.h"
#include "tty/terminal.h"

#include <boxer/linux_signal.h>

#include <boxer/linux_errno.h>
#include <string.h>

static int is(const struct pty *pty, int character, unsigned char byte) {
    return byte && pty->termios.characters[character] == byte;
}

static int put(struct pty *pty, char byte) {
    if (pty->output_count == PTY_OUTPUT)
        return 0;
    pty->output[(pty->output_start + pty->output_count++) % PTY_OUTPUT] = byte;
    pty->printed++;
    return 1;
}

int line_print(struct pty *pty, unsigned char byte) {
    uint32_t flags = pty->termios.oflag;
    if ((flags & OPOST) && byte == '\n' && (flags & ONLCR)) {
        if (pty->output_count + 2 > PTY_OUTPUT)
            return 0;
        put(pty, '\r');
    }
    return put(pty, (flags & OPOST) && byte == '\r' && (flags & OCRNL) ? '\n' : (char)byte);
}

static int is_control(unsigned char byte) {
    return (byte < ' ' && byte != '\n' && byte != '\t') || byte == 127;
}

static void echo(struct pty *pty, unsigned char byte) {
    uint32_t flags = pty->termios.lflag;
    if (!(flags & ECHO) && !(byte == '\n' && (flags & ECHONL) && (flags & ICANON)))
        return;
    if (is_control(byte) && (flags & ECHOCTL)) {
        line_print(pty, '^');
        line_print(pty, byte ^ 0100);
    } else {
        line_print(pty, byte);
    }
}

static void echo_erased(struct pty *pty, unsigned char byte) {
    uint32_t flags = pty->termios.lflag;
    for (int left = is_control(byte) && (flags & ECHOCTL) ? 2 : 1; left && (flags & ECHO); left--)
        for (const char *at = "\b \b"; *at && (flags & ECHOE); at++)
            line_print(pty, (unsigned char)*at);
}

// Whether there was one: a byte behind the last line. A UTF-8 sequence goes whole.
static int erase_one(struct pty *pty) {
    unsigned char byte;
    do {
        if (!pty->input_count || pty->input[pty->input_count - 1] & CELL_ENDS)
            return 0;
        byte = (unsigned char)pty->input[--pty->input_count];
    } while ((byte & 0xc0) == 0x80);
    echo_erased(pty, byte);
    return 1;
}

static int last_is_space(const struct pty *pty) {
    return pty->input_count && pty->input[pty->input_count - 1] == ' ';
}

static void erase_word(struct pty *pty) {
    while (last_is_space(pty) && erase_one(pty))
        ;
    while (!last_is_space(pty) && erase_one(pty))
        ;
}

static void keep(struct pty *pty, unsigned cell) {
    // The last cell is left for the end of the line.
    if (pty->input_count + !(cell & CELL_ENDS) >= PTY_INPUT) {
        line_print(pty, '\a');
        return;
    }
    pty->input[pty->input_count++] = (uint16_t)cell;
    pty->lines += (cell & CELL_ENDS) != 0;
    pty->typed++;
}

// Whether the byte edited the line or ended it without being in it.
static int edits(struct pty *pty, unsigned char byte) {
    int extended = (pty->termios.lflag & IEXTEN) != 0;
    if (is(pty, VERASE, byte)) {
        erase_one(pty);
    } else if (is(pty, VKILL, byte)) {
        while (erase_one(pty))
            ;
    } else if (extended && is(pty, VWERASE, byte)) {
        erase_word(pty);
    } else if (is(pty, VEOF, byte)) {
        keep(pty, CELL_ENDS | CELL_EMPTY);
    } else {
        return 0;
    }
    return 1;
}

// Taken out of the input: the foreground group of the session hears of it.
static int interrupts(struct pty *pty, unsigned char byte) {
    if (!(pty->termios.lflag & ISIG) ||
        !(is(pty, VINTR, byte) || is(pty, VQUIT, byte) || is(pty, VSUSP, byte)))
        return 0;
    if (!(pty->termios.lflag & NOFLSH))
        line_flush(pty, 1, 1);
    echo(pty, byte);
    int signo = is(pty, VINTR, byte)   ? LINUX_SIGINT
                : is(pty, VQUIT, byte) ? LINUX_SIGQUIT
                                       : LINUX_SIGTSTP;
    if (pty->control.foreground)
        group_signal(pty->control.foreground, signo);
    return 1;
}

void line_type(struct pty *pty, unsigned char byte) {
    uint32_t in = pty->termios.iflag, local = pty->termios.lflag;
    if (byte == '\r' && (in & IGNCR))
        return;
    if (byte == '\r' && (in & ICRNL))
        byte = '\n';
    else if (byte == '\n' && (in & INLCR))
        byte = '\r';
    if (interrupts(pty, byte))
        return;
    if ((in & IXON) && (is(pty, VSTART, byte) || is(pty, VSTOP, byte)))
        return;
    if ((local & ICANON) && edits(pty, byte))
        return;
    echo(pty, byte);
    int ends = byte == '\n' || is(pty, VEOL, byte) || is(pty, VEOL2, byte);
    keep(pty, byte | ((local & ICANON) && ends ? CELL_ENDS : 0u));
}

int line_ready(const struct pty *pty) {
    unsigned least = pty->termios.characters[VMIN];
    if (pty->termios.lflag & ICANON)
        return pty->lines > 0;
    return pty->input_count && pty->input_count >= least;
}

long line_read(struct pty *pty, char *buffer, size_t size) {
    int canonical = (pty->termios.lflag & ICANON) != 0, ended = 0;
    unsigned taken = 0;
    size_t done = 0;
    if (!canonical && !pty->input_count && !pty->termios.characters[VMIN])
        return 0;
    if (!line_ready(pty) && !(!canonical && pty->input_count >= size && size))
        return -EAGAIN;
    while (taken < pty->input_count && !ended) {
        unsigned cell = pty->input[taken];
        if (!(cell & CELL_EMPTY) && done == size)
            break;
        if (!(cell & CELL_EMPTY))
            buffer[done++] = (char)cell;
        pty->lines -= (cell & CELL_ENDS) != 0;
        ended = canonical && (cell & CELL_ENDS);
        taken++;
    }
    pty->input_count -= taken;
    memmove(pty->input, pty->input + taken, pty->input_count * sizeof *pty->input);
    return (long)done;
}

void line_flush(struct pty *pty, int input, int output) {
    if (input)
        pty->input_count = pty->lines = 0;
    if (output)
        pty->output_count = 0;
}

// Leaving canonical mode, what was typed can be read as it is; entering it, it is a line.
void line_settings(struct pty *pty, const struct termios *settings) {
    int was = (pty->termios.lflag & ICANON) != 0, is_now = (settings->lflag & ICANON) != 0;
    pty->termios = *settings;
    if (was == is_now || !pty->input_count)
        return;
    pty->lines = 0;
    for (unsigned i = 0; i < pty->input_count; i++)
        pty->input[i] &= 0xff;
    if (is_now) {
        pty->input[pty->input_count - 1] |= CELL_ENDS;
        pty->lines = 1;
    }
}
