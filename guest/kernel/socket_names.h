// What the socket calls share at the caller's side: addresses and control messages.
#ifndef KERNEL_SOCKET_NAMES_H
#define KERNEL_SOCKET_NAMES_H

#include "socket.h"

int socket_read_name(struct socket *, const void *address, uint32_t size, struct name *);
// Copies as much as *size allows and sets *size to the whole length.
int socket_write_name(const struct socket *, const struct name *, void *address, uint32_t *size);

// SCM_RIGHTS and SCM_CREDENTIALS of sendmsg(2); on success message->files are referenced.
int control_read(struct socket *, const struct linux_msghdr *, struct message *);
// The other way: installs descriptors, sets header->control_size, MSG_CTRUNC in out_flags. What
// found no room stays in message->files.
void control_write(struct socket *, struct linux_msghdr *, struct message *);
void message_drop_files(struct message *);

#endif
