// The host's double for a network: what lies beyond the box is a script.
#ifndef TESTS_NATIVE_DOUBLE_NETWORK_H
#define TESTS_NATIVE_DOUBLE_NETWORK_H

#include <stddef.h>
#include <stdint.h>

extern int network_granted;   // before a thaw: it has a control descriptor
extern int network_inherited; // or so many listeners, and no control descriptor
extern int network_open;      // host descriptors of it that are open
extern int network_calls;     // of the host, for its network

// The host has bound that port for the box. protocol: 6 or 17.
void network_publish(unsigned port, int protocol);
// Somebody connects to it, or to the n-th inherited listener: an end, which is not accepted yet; -1: refused.
int network_knock(unsigned port, unsigned from_port);
int network_knock_inherited(int n);
// The next connection out: 0, it stands; an errno; -1: it goes on until network_stands.
extern int network_answer;
void network_stands(int end, int error);
int network_last(void); // the end that was made last
// What the other end does.
void network_sends(int end, const char *text);
void network_ends(int end);
void network_resets(int end);
void network_takes(int end, size_t room); // there is room for so much more
const char *network_got(int end);         // all that was sent to it
int network_is_closed(int end);
int network_shut(int end); // how it was shut down
int network_option(int end, int option);
// Datagrams.
void network_delivers(int end, const char *text, const uint8_t from[4], unsigned port);
// Names: what was asked last, and its answer.
extern uint32_t network_asked;
extern char network_name[256];
void network_answers(uint32_t id, uint32_t status, const uint8_t address[4]);
// Of check_network: what the other doubles ask.
int network_has(int hfd);
int network_kind(int hfd); // 5 or 6, as preview 1 has it
long network_events(void *buffer, size_t size);
int network_ready(int hfd, int want_write);
int network_close(int hfd);

#endif
