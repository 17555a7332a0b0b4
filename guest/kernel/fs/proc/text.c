// Text that grows: what /proc's files are made of.
#include "fs/proc/text.h"
#include "mm/slab.h"

#include <stdarg.h>
#include <string.h>

#define FIRST_ROOM 512

void text_add(struct text *text, const char *bytes, size_t size) {
    if (text->failed || size == 0)
        return;
    if (size > text->room - text->size) {
        size_t room = text->room ? text->room : FIRST_ROOM;
        while (room - text->size < size)
            room *= 2;
        char *larger = krealloc(text->bytes, room);
        if (!larger) {
            text->failed = 1;
            return;
        }
        text->bytes = larger;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static void add_number(struct text *text, uint64_t number, unsigned base, unsigned width, char fill,
                       int upper) {
    char digits[24];
    unsigned at = sizeof digits;
    do {
        digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[number % base];
        number /= base;
    } while (number);
    while (sizeof digits - at < width && at)
        digits[--at] = fill;
    text_add(text, digits + at, sizeof digits - at);
}

static void add_signed(struct text *text, int64_t number, unsigned width, char fill) {
    if (number < 0)
        text_add(text, "-", 1);
    add_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, width, fill, 0);
}

static void add_string(struct text *text, const char *string) {
    text_add(text, string, strlen(string));
}

// Prints one conversion; returns the format behind it.
static const char *convert(struct text *text, const char *format, va_list *arguments) {
    char fill = *format == '0' ? '0' : ' ';
    unsigned width = 0;
    for (; *format >= '0' && *format <= '9'; format++)
        width = width * 10 + (unsigned)(*format - '0');
    if (*format == 's')
        add_string(text, va_arg(*arguments, const char *));
    else if (*format == 'd')
        add_signed(text, va_arg(*arguments, int64_t), width, fill);
    else if (*format == 'u' || *format == 'x' || *format == 'X')
        add_number(text, va_arg(*arguments, uint64_t), *format == 'u' ? 10 : 16, width, fill,
                   *format == 'X');
    return format + 1;
}

void text_print(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    while (*format) {
        size_t plain = 0;
        while (format[plain] && format[plain] != '%')
            plain++;
        text_add(text, format, plain);
        format += plain;
        if (*format)
            format = convert(text, format + 1, &arguments);
    }
    va_end(arguments);
}
