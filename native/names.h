// Names of hosts, as rules and questions have them.
#ifndef BOXER_NATIVE_NAMES_H
#define BOXER_NATIVE_NAMES_H

enum { LONGEST_NAME = 253 };

// The box's own word for the host, and what docker calls it.
#define HOST_NAME "host.boxer.internal"
#define HOST_NAME_OF_DOCKER "host.docker.internal"

// Writes the canonical form (lower case, no last dot, docker's name of the host as ours) to `room`
// of LONGEST_NAME + 1. -1, and nothing is written: it is none, or one that other programs
// read as an address.
int name_canonical(const char *name, char *room);
// Both canonical; pattern: a name, or `*.` before one, which stands for one label or more.
int name_matches(const char *pattern, const char *name);
// Whether it is the box itself (RFC 6761).
int name_is_local(const char *name);

#endif
