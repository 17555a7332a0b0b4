// Where each instruction of a module's code ends; see reading.h.
//
// Source: WebAssembly specification 3.0, Binary Format, Types and Instructions.
#include "reading.h"

enum { END = 0x0b, EMPTY_BLOCK = 0x40 };

uint8_t read_byte(struct cursor *cursor) {
    if (cursor->at >= cursor->end) {
        cursor->bad = 1;
        return 0;
    }
    return *cursor->at++;
}

void read_past(struct cursor *cursor, uint64_t size) {
    if (size > (uint64_t)(cursor->end - cursor->at))
        cursor->bad = 1;
    else
        cursor->at += size;
}

uint64_t read_number(struct cursor *cursor) {
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && !cursor->bad; shift += 7) {
        uint8_t part = read_byte(cursor);
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
        read_number(cursor);
}

// Abstract heap types of one byte: func, extern, exn, and their bottoms.
static void heap_type(struct cursor *cursor) {
    switch (read_byte(cursor)) {
    case 0x70: // func
    case 0x6f: // extern
    case 0x69: // exn
    case 0x72: // noextern
    case 0x73: // nofunc
    case 0x74: // noexn
        return;
    default:
        cursor->bad = 1;
    }
}

static int is_number_type(uint8_t type) {
    return type >= 0x7b && type <= 0x7f; // v128, f64, f32, i64, i32
}

// Types written with more than one byte (0x63, 0x64) are of features that are turned off.
void read_value_type(struct cursor *cursor) {
    if (cursor->at < cursor->end && is_number_type(*cursor->at))
        cursor->at++;
    else
        heap_type(cursor);
}

// None, a value type, or the index of a function type: a positive signed number.
static void block_type(struct cursor *cursor) {
    uint8_t first = cursor->at < cursor->end ? *cursor->at : 0;
    if (first == EMPTY_BLOCK)
        cursor->at++;
    else if ((first & 0xc0) == 0x40) // one byte of a negative number
        read_value_type(cursor);
    else
        read_number(cursor);
}

static void memory_argument(struct cursor *cursor) {
    uint64_t alignment = read_number(cursor);
    if (alignment >= 0x40) // a memory's index follows: there is one memory
        cursor->bad = 1;
    read_number(cursor);
}

static void catches(struct cursor *cursor) {
    uint64_t count = read_number(cursor);
    while (count-- && !cursor->bad) {
        uint8_t kind = read_byte(cursor);
        cursor->bad |= kind > 3;
        numbers(cursor, kind < 2 ? 2 : 1);
    }
}

static void types(struct cursor *cursor) {
    uint64_t count = read_number(cursor);
    while (count-- && !cursor->bad)
        read_value_type(cursor);
}

static void bulk(struct cursor *cursor) {
    switch (read_number(cursor)) {
    case 0 ... 7: // saturating truncations
        return;
    case 10: // memory.copy
        numbers(cursor, 2);
        return;
    case 11: // memory.fill
    case 16: // table.size
        read_number(cursor);
        return;
    default: // writes to tables, drops segments
        cursor->bad = 1;
    }
}

static void vector(struct cursor *cursor) {
    uint64_t operation = read_number(cursor);
    switch (operation) {
    case 0 ... 11: // loads and stores
    case 92:
    case 93:
        memory_argument(cursor);
        return;
    case 12: // v128.const
    case 13: // i8x16.shuffle
        read_past(cursor, 16);
        return;
    case 21 ... 34: // a lane taken out or put in
        read_past(cursor, 1);
        return;
    case 84 ... 91: // a lane loaded or stored
        memory_argument(cursor);
        read_past(cursor, 1);
        return;
    default:
        cursor->bad |= operation > 255; // relaxed ones
    }
}

// opened: blocks that have not ended.
static void instruction(struct cursor *cursor, const struct globals *globals, uint64_t *opened) {
    switch (read_byte(cursor)) {
    case END:
        --*opened;
        return;
    case 0x00:          // unreachable
    case 0x01:          // nop
    case 0x05:          // else
    case 0x0a:          // throw_ref
    case 0x0f:          // return
    case 0x1a:          // drop
    case 0x1b:          // select
    case 0x45 ... 0xc4: // comparisons and arithmetic
    case 0xd1:          // ref.is_null
        return;
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
        ++*opened;
        block_type(cursor);
        return;
    case 0x1f: // try_table
        ++*opened;
        block_type(cursor);
        catches(cursor);
        return;
    case 0x08:          // throw
    case 0x0c:          // br
    case 0x0d:          // br_if
    case 0x10:          // call
    case 0x12:          // return_call
    case 0x20 ... 0x22: // local.get, local.set, local.tee
    case 0x23:          // global.get
    case 0x25:          // table.get
    case 0x3f:          // memory.size
    case 0x40:          // memory.grow
    case 0x41:          // i32.const
    case 0x42:          // i64.const
    case 0xd2:          // ref.func
        read_number(cursor);
        return;
    case 0x11: // call_indirect
    case 0x13: // return_call_indirect
        numbers(cursor, 2);
        return;
    case 0x0e: // br_table
        numbers(cursor, read_number(cursor));
        read_number(cursor);
        return;
    case 0x1c: // select with a type
        types(cursor);
        return;
    case 0x24: // global.set
        if (read_number(cursor) != globals->stack_pointer)
            cursor->bad = 1;
        return;
    case 0x28 ... 0x3e: // loads and stores
        memory_argument(cursor);
        return;
    case 0x43: // f32.const
        read_past(cursor, 4);
        return;
    case 0x44: // f64.const
        read_past(cursor, 8);
        return;
    case 0xd0: // ref.null
        heap_type(cursor);
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

void read_expression(struct cursor *cursor, const struct globals *globals) {
    for (uint64_t opened = 1; opened && !cursor->bad;)
        instruction(cursor, globals, &opened);
}
