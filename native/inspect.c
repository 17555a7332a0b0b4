// Whether a module's code can change anything in a machine but its memory and its stack pointer.
//
// A machine is put back by putting back those two. Code that sets other globals, or writes to
// tables, would carry something over to the next run.
//
// Belongs here: the sections. Does not: instructions (`reading.c`).
// Invariant: what is not listed counts as unsafe, and every section is read to its last byte.
// Source: WebAssembly specification 3.0, Binary Format, Modules.
#include "reading.h"

#include "machine.h"

enum section { CUSTOM, TYPES, IMPORTS, FUNCTIONS, TABLES, MEMORIES, GLOBALS, EXPORTS, START };
enum later_section { ELEMENTS = START + 1, CODE, DATA, DATA_COUNT, TAGS };
enum { HEADER = 8 };

static struct cursor part(struct cursor *cursor, uint64_t size) {
    struct cursor found = {cursor->at, cursor->at, 0};
    read_past(cursor, size);
    found.end = cursor->at;
    return found;
}

static int was_read(const struct cursor *cursor) {
    return !cursor->bad && cursor->at == cursor->end;
}

static void bodies(struct cursor *cursor, const struct globals *globals) {
    uint64_t count = read_number(cursor);
    while (count-- && !cursor->bad) {
        struct cursor body = part(cursor, read_number(cursor));
        for (uint64_t groups = read_number(&body); groups-- && !body.bad;) {
            read_number(&body);
            read_value_type(&body);
        }
        read_expression(&body, globals);
        cursor->bad |= !was_read(&body);
    }
}

static void read_globals(struct cursor *cursor, struct globals *globals) {
    static const struct globals none = {0, UINT32_MAX};
    uint64_t count = read_number(cursor);
    for (uint32_t index = 0; index < count && !cursor->bad; index++) {
        read_value_type(cursor);
        uint8_t mutability = read_byte(cursor);
        cursor->bad |= mutability > 1;
        if (mutability) {
            globals->mutable_count++;
            globals->stack_pointer = index;
        }
        read_expression(cursor, &none);
    }
}

// Functions only: an imported global would shift the numbers of the module's own, and what others
// hold of a table or a memory is not put back.
static void read_imports(struct cursor *cursor) {
    uint64_t count = read_number(cursor);
    while (count-- && !cursor->bad) {
        read_past(cursor, read_number(cursor));
        read_past(cursor, read_number(cursor));
        cursor->bad |= read_byte(cursor) != 0;
        read_number(cursor);
    }
}

static void read_section(uint8_t kind, struct cursor *section, struct globals *globals) {
    switch (kind) {
    case IMPORTS:
        read_imports(section);
        break;
    case GLOBALS:
        read_globals(section, globals);
        break;
    case CODE:
        bodies(section, globals);
        break;
    case MEMORIES:
        section->bad |= read_number(section) > 1;
        return;
    case CUSTOM:
    case TYPES:
    case FUNCTIONS:
    case TABLES:
    case EXPORTS:
    case ELEMENTS:
    case DATA:
    case DATA_COUNT:
    case TAGS:
        return; // nothing that happens
    default:
        section->bad = 1;
    }
    section->bad |= !was_read(section);
}

int boxer_code_is_resettable(const uint8_t *module, uint64_t size) {
    struct cursor cursor = {module, module + size, 0};
    struct globals globals = {0, UINT32_MAX};
    int has_code = 0;
    read_past(&cursor, HEADER);
    while (!cursor.bad && cursor.at < cursor.end) {
        uint8_t kind = read_byte(&cursor);
        struct cursor section = part(&cursor, read_number(&cursor));
        read_section(kind, &section, &globals);
        cursor.bad |= section.bad;
        has_code |= kind == CODE;
    }
    return has_code && !cursor.bad && globals.mutable_count <= 1;
}
