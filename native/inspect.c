// Whether a module's code can change anything in a machine but its memory and its stack pointer.
//
// A machine is put back by putting back those two. Code that sets other globals, or writes to
// tables, would carry something over to the next run; what is not known here counts as such.
// Source: WebAssembly specification 3.0, Binary Format, Instructions.
#include "machine.h"

#include <string.h>

struct cursor {
    const uint8_t *at, *end;
    int bad; // read past the end, or something this does not know
};

struct globals {
    uint32_t mutable_count, stack_pointer; // the only mutable one's index
};

static uint8_t byte(struct cursor *cursor) {
    if (cursor->at >= cursor->end) {
        cursor->bad = 1;
        return 0;
    }
    return *cursor->at++;
}

static void skip(struct cursor *cursor, uint64_t size) {
    if (size > (uint64_t)(cursor->end - cursor->at))
        cursor->bad = 1;
    else
        cursor->at += size;
}

// LEB128, signed ones too: only the length matters for those.
static uint64_t number(struct cursor *cursor) {
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && !cursor->bad; shift += 7) {
        uint8_t part = byte(cursor);
        if (shift < 64)
            value |= (uint64_t)(part & 0x7f) << shift;
        if (!(part & 0x80))
            return value;
    }
    cursor->bad = 1;
    return 0;
}

static void numbers(struct cursor *cursor, uint64_t count) {
    while (count-- && !cursor->bad)
        number(cursor);
}

static void memory_argument(struct cursor *cursor) {
    if (number(cursor) & 0x40)
        number(cursor);
    number(cursor);
}

static void catches(struct cursor *cursor) {
    uint64_t count = number(cursor);
    while (count-- && !cursor->bad)
        numbers(cursor, byte(cursor) < 2 ? 2 : 1);
}

static void bulk(struct cursor *cursor) {
    switch (number(cursor)) {
    case 0 ... 7:
        return;
    case 10: // memory.copy
        numbers(cursor, 2);
        return;
    case 11: // memory.fill
    case 16: // table.size
        number(cursor);
        return;
    default: // writes to tables, drops segments
        cursor->bad = 1;
    }
}

static void vector(struct cursor *cursor) {
    uint64_t operation = number(cursor);
    if (operation <= 11 || operation == 92 || operation == 93) {
        memory_argument(cursor);
    } else if (operation == 12 || operation == 13) {
        skip(cursor, 16);
    } else if (operation >= 21 && operation <= 34) {
        skip(cursor, 1);
    } else if (operation >= 84 && operation <= 91) {
        memory_argument(cursor);
        skip(cursor, 1);
    }
}

static void instruction(struct cursor *cursor, const struct globals *globals) {
    uint8_t operation = byte(cursor);
    switch (operation) {
    case 0x00:
    case 0x01:
    case 0x05:
    case 0x0a:
    case 0x0b:
    case 0x0f:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x45 ... 0xc4:
    case 0xd1:
        return;
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x12:
    case 0x14:
    case 0x15:
    case 0x18:
    case 0x20 ... 0x23:
    case 0x25:
    case 0x3f:
    case 0x40:
    case 0x41:
    case 0x42:
    case 0xd0:
    case 0xd2:
        number(cursor);
        return;
    case 0x0e: // br_table
        numbers(cursor, number(cursor) + 1);
        return;
    case 0x11:
    case 0x13: // call_indirect
        numbers(cursor, 2);
        return;
    case 0x1c: // select
        numbers(cursor, number(cursor));
        return;
    case 0x1f: // try_table
        number(cursor);
        catches(cursor);
        return;
    case 0x24: // global.set
        if (number(cursor) != globals->stack_pointer)
            cursor->bad = 1;
        return;
    case 0x28 ... 0x3e:
        memory_argument(cursor);
        return;
    case 0x43:
        skip(cursor, 4);
        return;
    case 0x44:
        skip(cursor, 8);
        return;
    case 0xfc:
        bulk(cursor);
        return;
    case 0xfd:
        vector(cursor);
        return;
    default:
        cursor->bad = 1;
    }
}

static void bodies(struct cursor *cursor, const struct globals *globals) {
    uint64_t count = number(cursor);
    while (count-- && !cursor->bad) {
        uint64_t size = number(cursor);
        struct cursor body = {cursor->at, cursor->at, 0};
        skip(cursor, size);
        body.end = cursor->at;
        for (uint64_t locals = number(&body); locals-- && !body.bad;)
            numbers(&body, 2);
        while (!body.bad && body.at < body.end)
            instruction(&body, globals);
        cursor->bad |= body.bad;
    }
}

// Their initial values are constant expressions of one instruction in all that linkers write.
static void read_globals(struct cursor *cursor, struct globals *globals) {
    static const struct globals none = {0, UINT32_MAX};
    uint64_t count = number(cursor);
    for (uint32_t index = 0; index < count && !cursor->bad; index++) {
        number(cursor);
        if (byte(cursor) == 1) {
            globals->mutable_count++;
            globals->stack_pointer = index;
        }
        while (!cursor->bad && cursor->at < cursor->end && *cursor->at != 0x0b)
            instruction(cursor, &none);
        byte(cursor);
    }
}

int boxer_code_is_resettable(const uint8_t *module, uint64_t size) {
    enum { GLOBALS = 6, CODE = 10, HEADER = 8 };
    struct cursor cursor = {module, module + size, 0};
    struct globals globals = {0, UINT32_MAX};
    int has_code = 0;
    skip(&cursor, HEADER);
    while (!cursor.bad && cursor.at < cursor.end) {
        uint8_t kind = byte(&cursor);
        uint64_t length = number(&cursor);
        struct cursor section = {cursor.at, cursor.at, 0};
        skip(&cursor, length);
        section.end = cursor.at;
        if (kind == GLOBALS) {
            read_globals(&section, &globals);
        } else if (kind == CODE) {
            has_code = 1;
            bodies(&section, &globals);
        }
        cursor.bad |= section.bad;
    }
    return has_code && !cursor.bad && globals.mutable_count <= 1;
}
