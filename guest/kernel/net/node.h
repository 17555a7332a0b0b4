// Names of AF_UNIX sockets: the inode is referenced until released.
#ifndef KERNEL_NET_NODE_H
#define KERNEL_NET_NODE_H

#include "vfs/inode.h"

int fs_socket_create(const char *path, struct inode **made);
int fs_socket_find(const char *path, struct inode **found);
void fs_socket_release(struct inode *);

#endif
