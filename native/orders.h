// What who watches a machine wants done in it: programs beside its own.
#ifndef BOXER_NATIVE_ORDERS_H
#define BOXER_NATIVE_ORDERS_H

#include <stdint.h>

struct boxer_net_order;
struct net;
struct net_pieces;
struct net_socket;

int orders_begin(struct net *, int socket); // 0 or -1
// Of the order at hand, or the next one, from a place in its text on: 0 or an errno.
int orders_next(struct net *, int socket, uint32_t from, struct boxer_net_order *);
void orders_forget(struct net *);
void orders_ended(int socket, uint32_t id, uint32_t status);

// Streams of such programs: what preview 1 answers.
uint8_t order_stream_type(const struct net_socket *);
int order_stream_read(struct net_socket *, const struct net_pieces *, uint64_t *moved);
int order_stream_write(struct net_socket *, const struct net_pieces *, uint64_t *moved);

#endif
