// The few bytes of DNS that the resolver of the box speaks (RFC 1035).
#ifndef KERNEL_NET_DNS_MESSAGE_H
#define KERNEL_NET_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MOST 253u
#define DNS_QUESTION_MOST 272u // of a name in labels, its type and its class
#define DNS_ANSWER_MOST 1024u

enum { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28 };
enum { DNS_OK = 0, DNS_FORMAT = 1, DNS_FAILED = 2, DNS_NO_NAME = 3, DNS_NOT_KNOWN = 4 };

// question: as it came, to be repeated. name: with dots, without NUL.
struct dns_query {
    uint16_t id, type;
    int recursion_desired;
    uint8_t question[DNS_QUESTION_MOST];
    size_t question_size;
    char name[DNS_NAME_MOST + 1];
    size_t name_size;
};

struct dns_answer {
    int code;
    unsigned count;
    const uint8_t (*addresses)[16];
    const char *name; // of a PTR, null: none
};

// DNS_OK, or what to answer at once. -1: it is no query, and there is nobody to answer.
int dns_read(const uint8_t *message, size_t size, struct dns_query *);
// The answer's bytes in `to`, of DNS_ANSWER_MOST.
size_t dns_write(const struct dns_query *, const struct dns_answer *, uint8_t *to);
// Makes an answer one that says only that it is to be asked for by connection. Its size.
size_t dns_cut(const struct dns_query *, uint8_t *message);

#endif
