// Queries read, answers written.
//
// Invariants
// 1. A name is followed forwards only: a query with a compressed one is an error of its format.
// 2. Each answer fits: sixteen addresses, or one name.
#include "net/dns_message.h"

#include <string.h>

enum { HEAD = 12, LABEL_MOST = 63, IN = 1, TTL = 60, MOST = 16 };
enum { QR = 0x80, OPCODE = 0x78, TC = 0x02, RD = 0x01, RA = 0x80, POINTER = 0xc0 };

static uint16_t get16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint8_t *put16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

// The name at `at` with dots; where it ends, 0: it is none.
static size_t read_name(const uint8_t *message, size_t size, size_t at, struct dns_query *query) {
    query->name_size = 0;
    while (at < size && message[at]) {
        size_t length = message[at++];
        size_t dot = query->name_size != 0;
        if (length > LABEL_MOST || length > size - at ||
            query->name_size + dot + length > DNS_NAME_MOST || memchr(message + at, 0, length))
            return 0;
        if (dot)
            query->name[query->name_size++] = '.';
        memcpy(query->name + query->name_size, message + at, length);
        query->name_size += length;
        at += length;
    }
    query->name[query->name_size] = 0;
    return at < size ? at + 1 : 0;
}

int dns_read(const uint8_t *message, size_t size, struct dns_query *query) {
    *query = (struct dns_query){0};
    if (size < HEAD || (message[2] & QR))
        return -1;
    query->id = get16(message);
    query->recursion_desired = message[2] & RD;
    if (message[2] & OPCODE)
        return DNS_NOT_KNOWN;
    if (get16(message + 4) != 1)
        return DNS_FORMAT;
    size_t end = read_name(message, size, HEAD, query);
    if (!end || size - end < 4 || end + 4 - HEAD > DNS_QUESTION_MOST)
        return DNS_FORMAT;
    query->question_size = end + 4 - HEAD;
    memcpy(query->question, message + HEAD, query->question_size);
    query->type = get16(message + end);
    if (get16(message + end + 2) != IN)
        return DNS_NOT_KNOWN;
    int known = query->type == DNS_A || query->type == DNS_AAAA || query->type == DNS_PTR;
    return known ? DNS_OK : DNS_NOT_KNOWN;
}

static uint8_t *put_record(uint8_t *at, unsigned type, unsigned size) {
    at = put16(at, POINTER << 8 | HEAD); // the name of the question
    at = put16(at, type);
    at = put16(at, IN);
    at = put16(put16(at, 0), TTL);
    return put16(at, size);
}

// A name in labels; how many bytes, 0: it is none.
static size_t put_name(uint8_t *to, const char *name) {
    size_t done = 0, size = strlen(name);
    if (!size || size > DNS_NAME_MOST)
        return 0;
    for (const char *at = name; *at;) {
        const char *dot = strchr(at, '.');
        size_t length = dot ? (size_t)(dot - at) : strlen(at);
        if (!length || length > LABEL_MOST)
            return 0;
        to[done++] = (uint8_t)length;
        memcpy(to + done, at, length);
        done += length;
        at += length + (dot != NULL);
    }
    to[done++] = 0;
    return done;
}

size_t dns_cut(const struct dns_query *query, uint8_t *message) {
    message[2] |= TC;
    put16(message + 6, 0);
    return HEAD + query->question_size;
}

size_t dns_write(const struct dns_query *query, const struct dns_answer *answer, uint8_t *to) {
    uint8_t *at = to + HEAD, labels[DNS_NAME_MOST + 2];
    unsigned count = 0, most = answer->count < MOST ? answer->count : MOST;
    unsigned size = query->type == DNS_A ? 4 : 16;
    memset(to, 0, HEAD);
    put16(to, query->id);
    to[2] = (uint8_t)(QR | (query->recursion_desired ? RD : 0));
    to[3] = (uint8_t)(RA | answer->code);
    memcpy(at, query->question, query->question_size);
    at += query->question_size;
    for (; answer->code == DNS_OK && query->type != DNS_PTR && count < most; count++) {
        at = put_record(at, query->type, size);
        memcpy(at, answer->addresses[count], size);
        at += size;
    }
    size_t named = answer->code == DNS_OK && answer->name ? put_name(labels, answer->name) : 0;
    if (named) {
        at = put_record(at, DNS_PTR, (unsigned)named);
        memcpy(at, labels, named);
        at += named;
        count = 1;
    }
    put16(to + 4, query->question_size != 0);
    put16(to + 6, count);
    return (size_t)(at - to);
}
