// What the host is told of a space, and the bytes that it cannot exchange.
#ifndef KERNEL_MM_RANGES_H
#define KERNEL_MM_RANGES_H

struct space;

// Memory for all that a space of this size can come to, and for its edges. 0: there is none.
int ranges_make_room(struct space *);
// Fills in what the host is told, of the pages it has now.
void ranges_tell(struct space *);
void ranges_copy(struct space *, const struct space *from); // with the edges as they are now

void edges_keep(struct space *);
void edges_put_back(const struct space *);

#endif
