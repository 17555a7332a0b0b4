// A machine that waits for connections and gives each a life of its own (network.h, boxer_lives):
// the process is copied where the machine waits, with its memory, its native stacks and all the
// engine knows, and the copy goes on with the connection.
#ifndef BOXER_NATIVE_LIVES_H
#define BOXER_NATIVE_LIVES_H

#include "state.h"

struct lives;

// Of a run that begins or ends. 0, or -1: no memory, or no descriptor.
int lives_begin(struct boxer_machine *);
void lives_end(struct boxer_machine *);
// Whether this is such a machine, or a copy of one.
int lives_are_given(const struct boxer_machine *);
// The guest's next wait is one for connections; that wait is over.
void lives_await(struct boxer_machine *), lives_waited(struct boxer_machine *);
// In place of ppoll(2) in a machine's wait: as it answers, or STREAM_OVER.
int lives_poll(struct boxer_machine *, struct pollfd *, uint32_t count, const struct timespec *);
// In a copy: the listener that the connection came by and the connection, once; -1.
int lives_take(struct boxer_machine *, uint32_t listener);
// A copy's connection has a number now; that number is closed.
void lives_took(struct boxer_machine *, uint32_t number);
void lives_closed(struct boxer_machine *, uint32_t number);
// The guest has sent something by that number.
void lives_sent(struct boxer_machine *, uint32_t number);
// In a copy that has just begun, once each: what its guest is told. 0: nothing more.
struct boxer_net_event;
int lives_news(struct boxer_machine *, struct boxer_net_event *);
// A copy's run is over: its process ends, and says why if it was made to. Returns elsewhere.
void lives_leave(struct boxer_machine *);

#endif
