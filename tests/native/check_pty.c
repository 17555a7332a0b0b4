// tty/pty.c, tty/pty_line.c: pseudo-terminals.
#include "files.h"
#include "mm/memory.h"
#include "tty/terminal.h"

#include <boxer/linux_poll.h>

static int head, tail; // the main side, and the one that programs are on

static void open_both(void) {
    int unlocked = 0;
    head = (int)opened("/dev/ptmx", O_RDWR | O_NONBLOCK);
    CHECK(head >= 0);
    CHECK_EQUAL(may_open("/dev/pts/0", O_RDWR), -EIO); // locked
    CHECK_EQUAL(CALL(ioctl, head, TIOCSPTLCK, &unlocked), 0);
    tail = (int)opened("/dev/pts/0", O_RDWR | O_NONBLOCK);
    CHECK(tail >= 0);
}

static void type(const char *text) {
    CHECK_EQUAL(CALL(write, head, text, strlen(text)), strlen(text));
}

static int comes(int fd, const char *expected) {
    char got[256] = {0};
    long size = CALL(read, fd, got, sizeof got - 1);
    if (size != (long)strlen(expected) || strcmp(got, expected) != 0)
        printf("%ld: %s, not %s\n", size, got, expected);
    return size == (long)strlen(expected) && strcmp(got, expected) == 0;
}

static void change(uint32_t without, uint32_t with) {
    struct termios settings;
    CHECK_EQUAL(CALL(ioctl, tail, TCGETS, &settings), 0);
    settings.lflag = (settings.lflag & ~without) | with;
    CHECK_EQUAL(CALL(ioctl, tail, TCSETS, &settings), 0);
}

static unsigned polled(int fd) {
    struct linux_pollfd poll = {.fd = fd, .events = LINUX_POLLIN};
    struct linux_timespec zero = {0};
    CALL(ppoll_time64, &poll, 1, &zero, 0, 0);
    return (unsigned)poll.revents;
}

static void a_line_is_read_when_it_is_ended(void) {
    open_both();
    type("hel");
    CHECK_EQUAL(CALL(read, tail, &(char[8]){0}, 8), -EAGAIN);
    CHECK_EQUAL(polled(tail), 0);
    type("lo\rnext\n");
    CHECK_EQUAL(polled(tail), LINUX_POLLIN);
    CHECK(comes(tail, "hello\n"));
    CHECK(comes(tail, "next\n"));
    CHECK(comes(head, "hello\r\nnext\r\n")); // the echo
}

static void a_line_can_be_edited(void) {
    open_both();
    type("one twoo\x7f thre\x17"
         "3\n");
    CHECK(comes(tail, "one two 3\n"));
    type("gone\x15"
         "a\xc3\xa4\x7f"
         "b\n");
    CHECK(comes(tail, "ab\n"));
    type("end\x04\x04");
    CHECK(comes(tail, "end"));
    CHECK(comes(tail, "")); // the end of the file
    type("lost\x03kept\n");
    CHECK(comes(tail, "kept\n"));
    CHECK(comes(head, "^Ckept\r\n")); // what was printed before went too
}

static void without_canonical_mode_bytes_come_as_they_are(void) {
    open_both();
    type("half");
    change(ICANON | ECHO | ISIG, 0);
    CHECK(comes(tail, "half"));
    type("\x03\x7f\x04");
    CHECK(comes(tail, "\x03\x7f\x04"));
    CHECK(comes(head, "half"));
    type("more");
    change(0, ICANON);
    CHECK(comes(tail, "more"));
}

static void what_is_printed_comes_out_with_carriage_returns(void) {
    open_both();
    CHECK_EQUAL(CALL(write, tail, "a\nb", 3), 3);
    CHECK(comes(head, "a\r\nb"));
    CHECK_EQUAL(CALL(read, head, &(char){0}, 1), -EAGAIN);
    struct window size = {30, 90, 0, 0}, seen = {0};
    CHECK_EQUAL(CALL(ioctl, head, TIOCSWINSZ, &size), 0);
    CHECK_EQUAL(CALL(ioctl, tail, TIOCGWINSZ, &seen), 0);
    CHECK_EQUAL(seen.rows == 30 && seen.columns == 90, 1);
}

static void a_full_terminal_makes_its_printer_wait(void) {
    static char much[20000];
    open_both();
    memset(much, '.', sizeof much);
    long printed = CALL(write, tail, much, sizeof much);
    CHECK_EQUAL(printed, 8192);
    CHECK_EQUAL(CALL(write, tail, much, 1), -EAGAIN);
    CHECK_EQUAL(CALL(read, head, much, sizeof much), 8192);
    memset(much, 'x', sizeof much);
    CHECK_EQUAL(CALL(write, head, much, 6000), 6000); // what finds no room is lost
    type("\n");
    CHECK_EQUAL(CALL(read, tail, much, sizeof much), 4096);
}

static void a_side_that_goes_hangs_up_the_other(void) {
    open_both();
    CHECK_EQUAL(CALL(write, tail, "last", 4), 4);
    CHECK_EQUAL(CALL(close, tail), 0);
    CHECK(comes(head, "last"));
    CHECK_EQUAL(CALL(read, head, &(char){0}, 1), -EIO);
    CHECK_EQUAL(polled(head), LINUX_POLLHUP);
    tail = (int)opened("/dev/pts/0", O_RDWR);
    CHECK_EQUAL(CALL(close, head), 0);
    CHECK_EQUAL(there("/dev/pts/0"), -ENOENT);
    CHECK(comes(tail, ""));
    CHECK_EQUAL(CALL(write, tail, "x", 1), -EIO);
}

static void terminals_are_numbered_and_leave_nothing(void) {
    int number = -1;
    open_both();
    CALL(close, tail);
    CALL(close, head);
    pages_scrub();
    size_t pages = pages_in_use();
    for (int round = 0; round < 3; round++) {
        int main_sides[64];
        for (int i = 0; i < 64; i++)
            main_sides[i] = (int)opened("/dev/ptmx", O_RDWR);
        CHECK_EQUAL(opened("/dev/ptmx", O_RDWR), -ENOSPC);
        CHECK_EQUAL(CALL(ioctl, main_sides[63], TIOCGPTN, &number), 0);
        CHECK_EQUAL(number, 63);
        long peer = CALL(ioctl, main_sides[63], TIOCGPTPEER, O_RDWR);
        CHECK_EQUAL(peer, -EIO); // locked
        for (int i = 0; i < 64; i++)
            CALL(close, main_sides[i]);
    }
    pages_scrub();
    CHECK(pages_in_use() <= pages + 2); // the table of descriptors has grown
}

int main(void) {
    RUN(a_line_is_read_when_it_is_ended);
    RUN(a_line_can_be_edited);
    RUN(without_canonical_mode_bytes_come_as_they_are);
    RUN(what_is_printed_comes_out_with_carriage_returns);
    RUN(a_full_terminal_makes_its_printer_wait);
    RUN(a_side_that_goes_hangs_up_the_other);
    RUN(terminals_are_numbered_and_leave_nothing);
    return finish();
}
