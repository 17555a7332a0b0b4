// Lines: text and numbers, as far as there is room.
#include "host/line.h"

void line_put(struct line *line, const char *text) {
    size_t room = *text == '\n' ? LINE_SIZE : LINE_SIZE - 1;
    for (; *text && line->size < room; text++)
        line->text[line->size++] = *text;
}

void line_number(struct line *line, uint64_t value, unsigned base, int negative) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base));
    if (negative)
        digits[--at] = '-';
    line_put(line, digits + at);
}
