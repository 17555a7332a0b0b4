// Functions of the host that a guest asks for while it runs, by the descriptor BOXER_ASKING: what
// it sends is a request, what it receives is the reply's size (four bytes, little-endian) and the
// reply.
//
// Invariants
// 1. Without `ask` in its run a machine has no such descriptor.
// 2. The host's function runs on the thread's own stack, where it may enter other machines; this
// one
//    is neither entered nor freed meanwhile, which the caller sees to.
// 3. A reply is bounded by who gives it, and is gone with the run.
#ifndef BOXER_NATIVE_ASKING_H
#define BOXER_NATIVE_ASKING_H

#include "preview1.h"

int asking_has(const struct boxer_machine *, uint32_t number);
// What sock_send and sock_recv of preview 1 answer, or STREAM_OVER.
int asking_send(struct boxer_machine *, const wasmtime_val_raw_t *);
int asking_receive(struct boxer_machine *, const wasmtime_val_raw_t *);

#endif
