// Control messages at the caller's side: SCM_RIGHTS, SCM_CREDENTIALS, and IP's.
#ifndef KERNEL_NET_CONTROL_H
#define KERNEL_NET_CONTROL_H

#include "net/queue.h"

#include <boxer/linux_socket.h>

// Those of sendmsg(2); on success message->files are referenced.
int control_read(struct socket *, const struct linux_msghdr *, struct message *);
// The other way: installs descriptors, sets header->control_size, MSG_CTRUNC in out_flags. What
// found no room stays in message->files.
void control_write(struct socket *, struct linux_msghdr *, struct message *);
void message_drop_files(struct message *);

#endif
